"""What a check is, what it looks at, and what it finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple, Protocol

from studio.dataset.record import Message, Record
from studio.events import Evidence, Problem, Progress

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_WORDS = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+|[^\s\w.,;:!?¡¿…\"'“”„\u2018\u2019«»]")


class Normal(NamedTuple):
    """What a row asks and answers as words with single spaces: without case, punctuation and line ends."""

    asked: str
    answer: str


@dataclass(frozen=True, eq=False)
class Subject:
    """Rows with, by line, their part, their tokens, and how many tokens are cut.

    `golden` are the rows of a golden set in another file; their lines count down from -1, so that -5 is
    line 5 there. `special` are the tokenizer's control tokens as text. `memory` keeps what several
    checks need and is costly to find.
    """

    records: Sequence[Record]
    parts: Mapping[int, str] = field(default_factory=dict)  # train | validation | test | golden
    tokens: Mapping[int, int] = field(default_factory=dict)
    cut: Mapping[int, int] = field(default_factory=dict)
    rows: Mapping[int, int] = field(default_factory=dict)  # that a conversation trains as, where several
    longest: Mapping[int, int] = field(default_factory=dict)  # the tokens of the longest row of each
    context: int = 0
    problems: Sequence[Problem] = ()
    format: str = ""
    special: Sequence[str] = ()
    max_length: int = 0
    golden: Sequence[Record] = ()
    memory: dict[Any, Any] = field(default_factory=dict, repr=False)

    def part(self, record: Record) -> str:
        """Where a row belongs; train where nothing is said."""
        return "golden" if record.line < 0 else self.parts.get(record.line, "train")

    def normal(self, record: Record) -> Normal:
        """A row's words, found once."""
        known: dict[int, Normal] = self.memory.setdefault("normal", {})
        if (found := known.get(record.line)) is None:
            found = known[record.line] = Normal(normalized(asked(record)), normalized(answered(record)))
        return found


def golden_rows(records: Sequence[Record]) -> tuple[Record, ...]:
    """The rows of a golden set's own file under lines that no dataset has: -5 is its line 5."""
    return tuple(replace(record, line=-record.line) for record in records)


def asked(record: Record) -> str:
    """All that stands before the last answer, without the system's words; of a plain text, nothing."""
    return "\n".join(message.whole for message in record.before_answer if message.role != "system")


def answered(record: Record) -> str:
    """The answer; of a pair, both."""
    return f"{record.answer}\n{record.rejected}" if record.rejected else record.answer


def frame(record: Record) -> str:
    """What an answer depends on besides what is asked: the system's words, and the tools."""
    said = [message.content for message in record.messages if message.role == "system"]
    return "\n".join((*said, record.tools))


def normalized(text: str) -> str:
    """The text as words with single spaces between them; in Chinese, Japanese and Korean each character."""
    return " ".join(_WORDS.findall(text.casefold()))


def texts(record: Record) -> Iterator[str]:
    """Every text of a row."""
    for message in record.messages:
        yield from filter(None, (message.content, message.input))
        yield from (call.arguments for call in message.calls)
    yield from filter(None, (record.text, record.rejected))


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
