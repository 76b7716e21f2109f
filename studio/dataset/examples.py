"""A dataset's records as examples, all at once; and an example as a table and a chat show it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from studio.catalogue import Phrase, phrase
from studio.dataset.record import Record
from studio.dataset.render.render import Example, ExampleError, Renderer, TooLong
from studio.dataset.rows import problem
from studio.events import ExampleRow, Piece, Problem, Progress, Turn, retold
from studio.language import tr
from studio.words import counted

_CHUNK = 250


def row_of(examples: Sequence[Example], part: str, warnings: Sequence[Problem]) -> ExampleRow:
    """One record's row: a divided text counts as a whole, a pair as its chosen side, which is shown."""
    record = examples[0].record
    lengths = tuple(len(example.tokens.ids) for example in examples)
    return ExampleRow(
        line=record.line,
        prompt=record.prompt,
        answer=record.answer,
        tokens=sum(lengths) - (0 if record.messages else len(lengths) - 1),  # parts of a text overlap by one
        trained=sum(e.tokens.targets for e in examples),
        split=part,
        cut=max(e.cut for e in examples),
        warning="; ".join(each.reason for each in warnings),
        codes=tuple(each.code for each in warnings),
        turns=record.turns,
        rows=lengths if record.messages and len(lengths) > 1 else (),
        first_prompt=record.first_prompt,
        rejected=record.rejected,
    )


def turns_of(record: Record) -> tuple[Turn, ...]:
    """What is said in a record, turn by turn."""
    if not record.messages:
        return (Turn("text", record.text),)
    turns = tuple(Turn(message.role, message.whole) for message in record.messages)
    return (*turns, Turn("rejected", record.rejected)) if record.rejected else turns


@dataclass(frozen=True, slots=True)
class RenderedRecord:
    """A record's examples, and what is said of it; without examples it cannot train.

    `left_out` are the tokens of each of its rows that is too long.
    """

    record: Record
    examples: tuple[Example, ...]
    problems: tuple[Problem, ...] = ()
    left_out: tuple[int, ...] = ()


class RenderedRecords:
    """Examples by the line of their record, and what is wrong with the other records."""

    def __init__(self, records: Sequence[RenderedRecord]) -> None:
        self.known = {each.record.line: each for each in records}
        self.examples = {line: each.examples for line, each in self.known.items() if each.examples}
        self.problems = list(chain.from_iterable(each.problems for each in records))
        self.left_out = list(chain.from_iterable(each.left_out for each in records))


def own_rows(examples: Iterable[Sequence[Example]]) -> Phrase | None:
    """What to say where records give more rows than one, plain text aside."""
    several = [len(rows) for rows in examples if len(rows) > 1 and rows[0].record.messages]
    if not several:
        return None
    rendered = counted(len(several), "conversation")
    return phrase("file.own_rows", examples=rendered, rows=counted(sum(several), "row"))


def pieces_of(rows: Sequence[Sequence[Piece]]) -> tuple[tuple[Piece, ...], tuple[int, ...]]:
    """The pieces of several rows one after the other, and how many are in each, where they are several."""
    return tuple(chain.from_iterable(rows)), tuple(map(len, rows)) if len(rows) > 1 else ()


def announced[T](steps: Generator[None, None, T], progress: Progress) -> Generator[Progress, None, T]:
    """The steps, saying how far it is at each of them, so that they can be stopped there."""
    return (yield from retold(steps, lambda _: progress))


def render_records(
    records: Sequence[Record], renderer: Renderer, known: Mapping[int, RenderedRecord] | None = None
) -> Generator[Progress, None, RenderedRecords]:
    """The records as examples, announcing how far it is so that it can be stopped.

    `known` are those that the same renderer has rendered before, by line: the very same records are not
    rendered again.
    """
    known, found = known or {}, list[RenderedRecord]()
    for start in range(0, len(records), _CHUNK):
        chunk = records[start : start + _CHUNK]
        before = [known.get(record.line) for record in chunk]
        fresh = [r for r, each in zip(chunk, before, strict=True) if each is None or each.record is not r]
        steps = renderer.rendering_all(fresh)
        results = yield from announced(steps, Progress(tr("examples rendered"), start, len(records)))
        rendered = {r.line: _rendered(r, each, renderer) for r, each in zip(fresh, results, strict=True)}
        found += (rendered.get(record.line) or known[record.line] for record in chunk)
        yield Progress(tr("examples rendered"), start + len(chunk), len(records))
    return RenderedRecords(found)


def _rendered(
    record: Record, examples: Sequence[Example] | ExampleError, renderer: Renderer
) -> RenderedRecord:
    if isinstance(examples, ExampleError):
        left_out = (examples.tokens,) if isinstance(examples, TooLong) else ()
        return RenderedRecord(record, (), (problem(record.line, examples.why),), left_out)
    return RenderedRecord(record, tuple(examples), tuple(_remarks(examples, renderer)), examples[0].left_out)


def _remarks(examples: Sequence[Example], renderer: Renderer) -> Iterator[Problem]:
    record, limit = examples[0].record, renderer.rendering.max_length
    if any(example.cut for example in examples):
        code = "row.cut_prompt" if renderer.rendering.too_long == "cut_prompt" else "row.cut_end"
        yield problem(record.line, phrase(code, limit=limit), "warning")
    if left := len(examples[0].left_out):
        what = phrase("row.rows_left_out", left=left, rows=left + len(examples), limit=limit)
        yield problem(record.line, what, "warning")
    if marks := renderer.control_texts(record):
        yield problem(record.line, phrase("row.control_text", marks=", ".join(marks)), "warning")
