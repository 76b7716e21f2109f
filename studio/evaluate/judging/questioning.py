"""Asking a judge many questions: what it costs first, each reply kept as it comes, none asked twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from studio.catalogue import phrase
from studio.errors import StudioError
from studio.evaluate.judging.judge import REPLY_TOKENS, Judge, JudgeQuestion, JudgeReply
from studio.events import Progress
from studio.generate.asking import REFUSED, NoReply

_CACHE = "judge"
_REASON = 60  # tokens of a reply with its reason, where nothing is known of the judge yet
_SECONDS = 3.0  # a reply of a server of which nothing is known yet takes
_REFUSALS = 20  # in a row, after which something else is wrong


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
    refusals = _Refusals()
    missing = ((key, question) for key, question in wanted.items() if key not in found)
    for answered in _at_once(judge, missing):
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


type _Answered = tuple[str, JudgeReply | NoReply]


def _at_once(judge: Judge, questions: Iterator[tuple[str, JudgeQuestion]]) -> Iterator[_Answered | None]:
    """Each reply as it comes, as many waited for at once as the judge takes; None in between."""
    running: dict[str, Generator[None, None, JudgeReply]] = {}
    try:
        while True:
            while len(running) < judge.at_once and (following := next(questions, None)):
                running[following[0]] = judge.ask(following[1])
            if not running:
                return
            for key, work in list(running.items()):
                answered = _stepped(key, work)
                if answered is not None:
                    del running[key]
                yield answered
    finally:
        for work in running.values():
            work.close()


def _stepped(key: str, work: Generator[None, None, JudgeReply]) -> _Answered | None:
    try:
        next(work)
    except StopIteration as end:
        return key, end.value
    except NoReply as lost:
        return key, lost
    return None


class _Refusals:
    """Questions that a server refuses are passed over; but where it takes none at all, that is said."""

    def __init__(self) -> None:
        self._in_a_row, self._answered = 0, False
        self._last: BaseException | None = None

    def count(self, reply: JudgeReply | NoReply) -> None:
        """Raises what the server said after too many refusals in a row."""
        cause = reply.__cause__ if isinstance(reply, NoReply) else None
        self._answered = self._answered or cause is None
        self._in_a_row = self._in_a_row + 1 if cause else 0
        self._last = cause or self._last
        if self._in_a_row >= _REFUSALS:
            self._raise()

    def end(self) -> None:
        """Raises what the server said, where it refused everything."""
        if self._last is not None and not self._answered:
            self._raise()

    def _raise(self) -> None:
        if isinstance(self._last, StudioError):
            raise self._last
