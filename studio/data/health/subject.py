"""What the checks look at: the rows of a dataset, with what rendering and splitting say of each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from studio.data.dataset import Dataset
from studio.data.records import Record
from studio.events import Problem

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

    @classmethod
    def of(cls, dataset: Dataset, golden: Sequence[Record] = ()) -> Subject:
        """Every usable row of a dataset, in the order of the file."""
        records: dict[int, Record] = {}
        parts: dict[int, str] = {}
        tokens: dict[int, int] = {}
        cut: dict[int, int] = {}
        rows: Counter[int] = Counter()
        longest: dict[int, int] = {}
        for part in ("train", "validation", "test"):
            for example in getattr(dataset, part):
                line = example.record.line
                records[line], parts[line] = example.record, part
                tokens[line] = tokens.get(line, 0) + len(example.tokens.ids)
                sides = filter(None, (example.tokens, example.rejected))
                longest[line] = max(longest.get(line, 0), *(len(side.ids) for side in sides))
                rows[line] += bool(example.record.messages)
                if example.cut:
                    cut[line] = example.cut
        return cls(
            records=tuple(records[line] for line in sorted(records)),
            parts=parts,
            tokens=tokens,
            cut=cut,
            rows={line: count for line, count in rows.items() if count > 1},
            longest=longest,
            context=dataset.renderer.limits.context,
            problems=dataset.problems,
            format=dataset.format,
            special=dataset.renderer.special_texts,
            max_length=dataset.renderer.rendering.max_length,
            golden=golden_rows(golden),
        )

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
