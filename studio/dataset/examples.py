"""A dataset's records as examples, all at once; and an example as a table and a chat show it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from studio.catalogue import Phrase, phrase
from studio.dataset.record import Record
from studio.dataset.render.render import Example, ExampleError, Renderer, TooLong
from studio.dataset.rows import problem
from studio.events import ExampleRow, Piece, Problem, Progress, Turn, retold
from studio.words import counted

_CHUNK = 100


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
        turns=sum(message.role != "system" for message in record.messages),
        rows=lengths if record.messages and len(lengths) > 1 else (),
    )


def turns_of(record: Record) -> tuple[Turn, ...]:
    """What is said in a record, turn by turn."""
    if not record.messages:
        return (Turn("text", record.text),)
    turns = tuple(Turn(message.role, message.whole) for message in record.messages)
    return (*turns, Turn("rejected", record.rejected)) if record.rejected else turns


@dataclass
class RenderedRecords:
    """Examples by the line of their record, and what is wrong with the other records."""

    examples: dict[int, tuple[Example, ...]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    left_out: list[int] = field(default_factory=list)


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
    records: Sequence[Record], renderer: Renderer
) -> Generator[Progress, None, RenderedRecords]:
    """The records as examples, announcing how far it is so that it can be stopped."""
    rendered = RenderedRecords()
    for start in range(0, len(records), _CHUNK):
        chunk = records[start : start + _CHUNK]
        steps = renderer.rendering_all(chunk)
        results = yield from announced(steps, Progress("examples rendered", start, len(records)))
        for record, examples in zip(chunk, results, strict=True):
            if isinstance(examples, ExampleError):
                rendered.problems.append(problem(record.line, examples.phrase))
                if isinstance(examples, TooLong):
                    rendered.left_out.append(examples.tokens)
            else:
                rendered.examples[record.line] = examples
                rendered.left_out.extend(examples[0].left_out)
                rendered.problems.extend(_remarks(examples, renderer))
        yield Progress("examples rendered", start + len(chunk), len(records))
    return rendered


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
