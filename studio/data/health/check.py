"""What a check is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

from studio.data.health.subject import Subject
from studio.data.records import Message, Record
from studio.events import Evidence, Progress

SHOWN = 20
_REPORT_EVERY = 1000
_BEFORE, _AFTER = 40, 60

type Steps[Result] = Generator[Progress, None, Result]


@dataclass(frozen=True)
class Found:
    """The lines a check flags, a few quotes, and a sentence; `severity` where it is not the check's."""

    lines: tuple[int, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    summary: str = ""
    severity: str = ""


class Check(Protocol):
    """One thing that may be wrong with rows.

    `severity` is bad or look, if anything is found. `fix` says what mends it: drop the flagged rows, mend
    them (`repair`, which gives None for a row that is better dropped), or nothing: a person must decide.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    why: ClassVar[str]
    severity: ClassVar[str] = "look"
    fix: ClassVar[str] = "drop"

    def find(self, subject: Subject) -> Steps[Found]:
        """The flagged rows."""
        ...

    def repair(self, subject: Subject, record: Record) -> Record | None:
        """The row as it should be, or None to drop it."""
        return None


def by_row(subject: Subject, look: Callable[[Record], Evidence | None]) -> Steps[list[Evidence]]:
    """What `look` says of each row that it does not like."""
    found = []
    total = len(subject.records)
    for number, record in enumerate(subject.records, 1):
        if evidence := look(record):
            found.append(evidence)
        if number % _REPORT_EVERY == 0:
            yield Progress("rows checked", number, total)
    return found


def found(evidence: Iterable[Evidence], summary: Callable[[int], str]) -> Found:
    """Flags the line of each evidence; the sentence is told how many rows there are."""
    evidence = list(evidence)
    lines = tuple(sorted({item.line for item in evidence if item.line > 0}))
    return Found(lines, tuple(evidence[:SHOWN]), summary(len(lines))) if evidence else Found()


def quoted(line: int, text: str, start: int = 0, end: int = 0, other: int | None = None) -> Evidence:
    """A short quote on one line of text[start:end], in its place where there is room."""
    begin = max(0, start - _BEFORE)
    words = text[begin : end + _AFTER].replace("\n", " ").replace("\r", " ")
    head = "…" if begin else ""
    tail = "…" if end + _AFTER < len(text) else ""
    moved = len(head) - begin
    return Evidence(line, other, f"{head}{words}{tail}", start + moved, end + moved)


def rows(count: int) -> str:
    """1 row, 1,200 rows."""
    return "1 row" if count == 1 else f"{count:,} rows"


def have(count: int, one: str, several: str) -> str:
    """The count with the verb that fits it: 1 row has, 3 rows have."""
    return f"{rows(count)} {one if count == 1 else several}"


def rewritten(record: Record, change: Callable[[str], str]) -> Record:
    """The row with every text changed."""
    return replace(
        record,
        messages=tuple(_rewritten(message, change) for message in record.messages),
        text=change(record.text),
        rejected=change(record.rejected),
    )


def _rewritten(message: Message, change: Callable[[str], str]) -> Message:
    return replace(
        message,
        content=change(message.content),
        input=change(message.input),
        calls=tuple(replace(call, arguments=change(call.arguments)) for call in message.calls),
    )


def is_whole(record: Record) -> bool:
    """Whether every turn still says something, and a pair still has two sides."""
    said = all(message.whole.strip() for message in record.messages) and bool(record.answer.strip())
    return said and record.rejected != record.answer
