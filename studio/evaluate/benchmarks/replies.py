"""Answers a contestant gives to the requests of a benchmark, each kept as soon as it is there."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

from studio.evaluate.benchmarks.likelihood import Continuation, likelihoods, split, windows
from studio.files.journal import Journal
from studio.generate.contestant import OpenContestant
from studio.generate.sampling import MOST_STOPS, Sampling

LIKELIHOOD, ROLLING, ANSWER = "loglikelihood", "loglikelihood_rolling", "generate_until"
"""How the harness calls the three things that it asks of a model."""
_USUAL_LENGTH = 256  # tokens, where a task does not say
_LENGTH_NAMES = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")
_FALLBACK_CONTEXT = 2048


@dataclass(frozen=True)
class BenchmarkRequest:
    """One thing asked: `arguments` as the harness gives them, `repeat` counts the same one over again."""

    kind: str
    arguments: tuple[Any, ...]
    repeat: int = 0

    @property
    def key(self) -> str:
        """The same for equal requests, in every evaluation."""
        told = json.dumps([self.kind, self.arguments, self.repeat], ensure_ascii=True, default=str)
        return hashlib.sha256(told.encode()).hexdigest()[:32]


def numbered(asked: Sequence[tuple[str, tuple[Any, ...]]]) -> list[BenchmarkRequest]:
    """Requests in their order. What is drawn, and asked several times, gets a draw of its own each time."""
    seen: Counter[str] = Counter()
    found = []
    for kind, arguments in asked:
        request = BenchmarkRequest(kind, arguments)
        drawn = kind == ANSWER and not sampling_of(arguments[1])[0].is_greedy
        found.append(BenchmarkRequest(kind, arguments, seen[request.key] if drawn else 0))
        seen[request.key] += 1
    return found


@dataclass(frozen=True)
class ReplyBook:
    """What a contestant replied, in a file that only grows; without a file only in memory.

    A reply is a list [log p, greedy], a number, or a text, by the kind of the request.
    """

    path: Path | None = None
    known: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def at(cls, path: Path) -> ReplyBook:
        """The book in this file, with what an evaluation that was cut off had kept."""
        path.parent.mkdir(parents=True, exist_ok=True)
        return cls(path, {line["key"]: line["reply"] for line in Journal(path).lines() if "key" in line})

    def keep(self, replies: Mapping[str, Any]) -> None:
        """Add these, on the disk before this returns."""
        self.known.update(replies)
        if self.path is not None:
            Journal(self.path).append(*({"key": key, "reply": reply} for key, reply in replies.items()))

    def reply(self, request: BenchmarkRequest) -> Any:
        """What the harness is given for this request, which must be known."""
        told = self.known[request.key]
        return (told[0], told[1]) if request.kind == LIKELIHOOD else told


def replying(
    contestant: OpenContestant, requests: Sequence[BenchmarkRequest], book: ReplyBook
) -> Iterator[int]:
    """Ask whatever the book does not know; yields how many of the requests are answered, as they are."""
    missing = {each.key: each for each in requests if each.key not in book.known}
    done = len(requests) - len(missing)
    yield done
    for kind, ask in ((LIKELIHOOD, _likelihoods), (ROLLING, _rolling), (ANSWER, _answers)):
        for replies in ask(contestant, [each for each in missing.values() if each.kind == kind]):
            if replies:
                book.keep(replies)
            done += len(replies)
            yield done


def longest_of(contestant: OpenContestant) -> int:
    """How many tokens the contestant reads at once."""
    return contestant.renderer.limits.context or _FALLBACK_CONTEXT


def _likelihoods(
    contestant: OpenContestant, requests: Sequence[BenchmarkRequest]
) -> Iterator[dict[str, Any]]:
    asked = [continuation(contestant, *request.arguments[:2]) for request in requests]
    for found in likelihoods(contestant.module, asked, longest_of(contestant)) if asked else ():
        yield {requests[i].key: [each.value, each.greedy] for i, each in found.items()}


def continuation(contestant: OpenContestant, context: str, wanted: str) -> Continuation:
    """A context and what may follow as tokens; white space at the border belongs to what follows, as the
    harness has it, for tokenizers put it there."""
    renderer = contestant.renderer
    if not context:
        before, ids = renderer.bare_ids(wanted)
        return split(ids if ids[:1] == [before] else [before, *ids], [before])
    bare = context.rstrip()
    return split(renderer.text_ids(context + wanted), renderer.text_ids(bare))


def _rolling(contestant: OpenContestant, requests: Sequence[BenchmarkRequest]) -> Iterator[dict[str, Any]]:
    longest = longest_of(contestant)
    for request in requests:
        before, ids = contestant.renderer.bare_ids(request.arguments[0])
        total = 0.0
        for found in likelihoods(contestant.module, windows(ids, before, longest), longest) if ids else ():
            total += sum(each.value for each in found.values())
            yield {}
        yield {request.key: total}


def sampling_of(arguments: Mapping[str, Any]) -> tuple[Sampling, tuple[str, ...]]:
    """How an answer is drawn, and every text before which it ends, of a task's generation arguments."""
    until = arguments.get("until") or ()
    stops = tuple(text for text in ([until] if isinstance(until, str) else until) if text)
    length = next((arguments[name] for name in _LENGTH_NAMES if arguments.get(name)), _USUAL_LENGTH)
    drawn = bool(arguments.get("do_sample", arguments.get("temperature")))
    wanted = {
        "temperature": min(2.0, float(arguments.get("temperature") or 1.0)) if drawn else 0.0,
        "top_p": float(arguments.get("top_p") or 1.0) if drawn else 1.0,
        "top_k": int(arguments.get("top_k") or 0) if drawn else 0,
        "repetition_penalty": 1.0,
        "max_tokens": min(int(length), 8192),
        "stop": stops[:MOST_STOPS],
    }
    return Sampling.model_validate(wanted), stops


def _answers(contestant: OpenContestant, requests: Sequence[BenchmarkRequest]) -> Iterator[dict[str, Any]]:
    from studio.generate.batch import AskedPrompt, batch_answers
    from studio.generate.parties import Contest

    groups: dict[Sampling, list[BenchmarkRequest]] = {}
    for request in requests:
        groups.setdefault(sampling_of(request.arguments[1])[0], []).append(request)
    contest = Contest((contestant,))
    for sampling, group in groups.items():
        room = max(1, longest_of(contestant) - sampling.max_tokens)
        prompts = [contestant.renderer.text_ids(request.arguments[0])[-room:] for request in group]
        asked = [
            AskedPrompt(contestant.key, tuple(prompt), request.repeat)
            for request, prompt in zip(group, prompts, strict=True)
        ]
        for found in batch_answers(contest, asked, sampling):
            yield (
                {}
                if found is None
                else {group[found[0]].key: _text(contestant, group[found[0]], found[1].ids)}
            )


def _text(contestant: OpenContestant, request: BenchmarkRequest, ids: Sequence[int]) -> str:
    """What was answered, up to the first of all the texts that end it; a space at its beginning is kept."""
    inside = takewhile(lambda token: token not in contestant.renderer.stops, ids)
    text: str = contestant.tokenizer.decode(list(inside), skip_special_tokens=True)
    for stop in sampling_of(request.arguments[1])[1]:
        text = text.partition(stop)[0]
    return text
