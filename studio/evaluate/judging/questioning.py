"""Asking a judge many questions: what it costs first, each reply kept as it comes, none asked twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from studio.catalogue import phrase
from studio.evaluate.judging.judge import REPLY_TOKENS, Judge, JudgeQuestion, JudgeReply
from studio.events import Progress
from studio.generate.asking import REFUSED, NoReply, RefusalCount, asked_at_once

_CACHE = "judge"
_REASON = 60  # tokens of a reply with its reason, where nothing is known of the judge yet
_SECONDS = 3.0  # a reply of a server of which nothing is known yet takes


class VerdictStore(Protocol):
    """Where replies are kept as they come."""

    def known(self, cache: str, key: str) -> Any: ...

    def remember(self, cache: str, key: str, value: Any) -> None: ...


@dataclass(frozen=True)
class JudgeCost:
    """What is still to be asked: how often, tokens to be read and written, and about how long it takes.

    `kept` of the questions were answered before.
    """

    requests: int
    kept: int
    read_tokens: int
    written_tokens: int
    most_written_tokens: int
    seconds: float


def cost_of(
    judge: Judge,
    questions: Sequence[JudgeQuestion],
    store: VerdictStore,
    seconds_per_request: float = _SECONDS,
) -> JudgeCost:
    """What asking the judge will take, counted before anything is asked."""
    missing = unanswered(judge, questions, store)
    read = sum(judge.count_tokens(question.asked(alone=judge.alone)) for question in missing)
    count = len(missing)
    return JudgeCost(
        requests=count,
        kept=len({key_of(judge, question) for question in questions}) - count,
        read_tokens=read,
        written_tokens=count * (0 if judge.alone else _REASON),
        most_written_tokens=count * (0 if judge.alone else REPLY_TOKENS),
        seconds=count * seconds_per_request / judge.at_once,
    )


def unanswered(judge: Judge, questions: Sequence[JudgeQuestion], store: VerdictStore) -> list[JudgeQuestion]:
    """The questions, each once, to which no reply is kept."""
    wanted = {key_of(judge, question): question for question in questions}
    return [question for key, question in wanted.items() if store.known(_CACHE, key) is None]


def key_of(judge: Judge, question: JudgeQuestion) -> str:
    """Equal where the same judge would be asked the same."""
    asked = [judge.key, question.asked(alone=judge.alone), question.choices]
    text = json.dumps(asked, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def judged(
    judge: Judge, questions: Sequence[JudgeQuestion], store: VerdictStore
) -> Generator[Progress, None, list[JudgeReply]]:
    """The judge's reply to each question, in their order; only what is not kept is asked, and kept at once.

    Stopped or killed anywhere, the next call goes on. Raises what a server said that is not there any more,
    or that refuses one question after another.
    """
    wanted = {key_of(judge, question): question for question in questions}
    found = {key: JudgeReply.from_kept(kept) for key in wanted if (kept := store.known(_CACHE, key))}
    title = str(phrase("judge.asking", judge=judge.name))
    yield Progress(title, len(found), len(wanted))
    refusals = RefusalCount()
    missing = ((key, question) for key, question in wanted.items() if key not in found)
    for answered in asked_at_once(judge.ask, missing, judge.at_once):
        if answered is not None:
            key, reply = answered
            refusals.count(reply)
            if not isinstance(reply, NoReply) or reply.__cause__ is None:
                found[key] = _reply(reply)
                store.remember(_CACHE, key, found[key].plain())
        yield Progress(title, len(found), len(wanted))
    refusals.end()
    nothing = JudgeReply(refused=REFUSED)
    return [found.get(key_of(judge, question), nothing) for question in questions]


def _reply(reply: JudgeReply | NoReply) -> JudgeReply:
    return JudgeReply(refused=reply.reason) if isinstance(reply, NoReply) else reply
