"""A chat template that is not known to be harmless: it runs in a process of its own, within limits.

The process is started with the first conversation and serves all that follow. A conversation that takes
more than its time or memory is refused, and the process replaced; after the third the template is given up.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from typing import Any

import psutil

from studio.catalogue import Phrase, from_plain, phrase
from studio.child_process import WRITE, Child
from studio.dataset.record import Message
from studio.dataset.render.chat_template import ChatTemplate
from studio.dataset.render.isolated_child import MEMORY_LIMIT, described, question, written
from studio.dataset.render.template import Refused, Template, Written
from studio.dataset.render.trust import is_harmless
from studio.logs import hearing

SECONDS = 5.0
"""Of the processor's time, for one conversation: a thousand times what a long one takes."""

TRIAL_SECONDS = 2.0
"""Of the processor's time, to start and to write a question and its answer: ten times what it takes."""

_STRIKES = 3
_TICK = 0.05  # seconds between two looks at the process
_BATCH = 100

type Asked = tuple[str, tuple[Message, ...], str, bool]
"""What, the turns, the tools, and whether only the last answer counts."""

_TRIAL: Asked = ("rows", (Message("user", "?"), Message("assistant", "!")), "", False)


def guarded(template: ChatTemplate) -> Template:
    """The template itself where it is harmless, else one that runs apart."""
    sources = template.sources
    if is_harmless(sources.plain) and is_harmless(sources.with_tools):
        return template
    return Apart(template)


class Apart:
    """Writes as the template does, in a process that is ended when it takes too long or too much."""

    def __init__(self, template: ChatTemplate) -> None:
        self.description = template.description
        self._description = described(template)
        self._known: dict[Asked, dict[str, Any]] = {}
        self._process: _Process | None = None
        self._strikes = 0
        self._given_up: Phrase | None = None

    def rows(
        self, messages: Sequence[Message], tools: str = "", *, last: bool = False
    ) -> tuple[Written, ...]:
        return written(self._answer(("rows", tuple(messages), tools, last))["rows"])

    def whole(self, messages: Sequence[Message], tools: str = "") -> Written:
        return written(self._answer(("whole", tuple(messages), tools, False))["rows"])[0]

    def prompt(self, messages: Sequence[Message], tools: str = "") -> str:
        return str(self._answer(("prompt", tuple(messages), tools, False))["text"])

    def asking(self, asked: Sequence[Asked]) -> Generator[None]:
        """Have the answers to these at hand, once each. Yields while it waits, so that it can be stopped."""
        self._known.clear()
        for start in range(0, len(asked), _BATCH):
            batch = list(dict.fromkeys(asked[start : start + _BATCH]))
            while batch:
                batch = yield from self._ask(batch)

    def _answer(self, asked: Asked) -> dict[str, Any]:
        if asked not in self._known:
            for _ in self._ask([asked]):
                pass
        answer = self._known.pop(asked)
        if "refused" in answer:
            raise _refusal(from_plain(answer["refused"]))
        return answer

    def _ask(self, asked: Sequence[Asked]) -> Generator[None, None, list[Asked]]:
        """Find the answers to these until one takes too much; those that are left."""
        if self._process is None and not self._given_up:
            yield from self._start()
        if self._given_up or self._process is None:
            given_up = {"refused": (self._given_up or self._beyond()).plain()}
            self._known.update(dict.fromkeys(asked, given_up))
            return []
        self._process.send([question(*each) for each in asked])
        for place, each in enumerate(asked):
            answer = yield from self._received(SECONDS)
            self._known[each] = answer or {"refused": self._beyond().plain()}
            if answer is None:
                return list(asked[place + 1 :])
        return []

    def _start(self) -> Generator[None]:
        """Start the process and see that it writes a question and its answer, or give the template up."""
        self._process = _Process()
        self._process.send(self._description)
        self._process.send([question(*_TRIAL)])
        if (yield from self._received(TRIAL_SECONDS)) is None:
            self._given_up = self._beyond(TRIAL_SECONDS)

    def _received(self, seconds: float) -> Generator[None, None, dict[str, Any] | None]:
        """The next answer; None when it took too much, and the process is gone."""
        assert self._process is not None
        answer: dict[str, Any] | None = None
        try:
            answer = yield from self._process.received(seconds)
        finally:
            if answer is None or "beyond" in answer:
                self._process.end()
                self._process = None
        if answer is not None and "beyond" not in answer:
            return answer
        self._strikes += 1
        if self._strikes >= _STRIKES:
            self._given_up = self._beyond()
        return None

    def _beyond(self, seconds: float | None = None) -> Phrase:
        return phrase("template.beyond", template=self.description, seconds=f"{seconds or SECONDS:g}")


class _Process:
    """The process, and what it takes. It is ended when nobody holds it any more."""

    def __init__(self) -> None:
        self._child = Child(WRITE, hear=hearing(__name__))
        self.end = self._child.end
        self.send = self._child.send
        self._about = psutil.Process(self._child.pid)

    def received(self, seconds: float) -> Generator[None, None, dict[str, Any] | None]:
        """The next line; None when the process has ended, or took too much and has to be."""
        began = self._seconds()
        for line in self._child.lines(_TICK):
            if line is not None:
                answer: dict[str, Any] = json.loads(line)
                return answer
            if self._seconds() - began > seconds or self._memory() > MEMORY_LIMIT:
                return None
            yield
        return None

    def _seconds(self) -> float:
        try:
            times = self._about.cpu_times()
        except psutil.Error:
            return 0.0
        return float(times.user + times.system)

    def _memory(self) -> int:
        try:
            return int(self._about.memory_info().rss)
        except psutil.Error:
            return 0


def _refusal(what: Phrase) -> Refused:
    return Refused(what.code, **dict(what.values))
