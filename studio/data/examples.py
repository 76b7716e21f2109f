"""A dataset's records as examples, all at once; and an example as a table and a chat show it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field

from studio.catalogue import phrase
from studio.data.records import Record
from studio.data.render import Example, ExampleError, Renderer, TooLong
from studio.data.rows import problem
from studio.events import ExampleRow, Problem, Progress, Turn

_CHUNK = 100


def row_of(examples: Sequence[Example], part: str, warnings: Sequence[Problem]) -> ExampleRow:
    """One record's row: a divided text counts as a whole, a pair as its chosen side, which is shown."""
    record = examples[0].record
    return ExampleRow(
        line=record.line,
        prompt=record.prompt,
        answer=record.answer,
        tokens=sum(len(e.tokens.ids) for e in examples) - (len(examples) - 1),  # they overlap by one
        trained=sum(e.tokens.targets for e in examples),
        split=part,
        cut=max(e.cut for e in examples),
        warning="; ".join(each.reason for each in warnings),
        codes=tuple(each.code for each in warnings),
        turns=sum(message.role != "system" for message in record.messages),
    )


def turns_of(record: Record) -> tuple[Turn, ...]:
    """What is said in a record, turn by turn."""
    if not record.messages:
        return (Turn("text", record.text),)
    said = tuple(Turn(message.role, message.whole) for message in record.messages)
    return (*said, Turn("rejected", record.rejected)) if record.rejected else said


@dataclass
class RenderedRecords:
    """Examples by the line of their record, and what is wrong with the other records."""

    examples: dict[int, tuple[Example, ...]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    left_out: list[int] = field(default_factory=list)


def render_records(
    records: Sequence[Record], renderer: Renderer
) -> Generator[Progress, None, RenderedRecords]:
    """The records as examples, announcing how far it is so that it can be stopped."""
    rendered = RenderedRecords()
    for start in range(0, len(records), _CHUNK):
        chunk = records[start : start + _CHUNK]
        for record, examples in zip(chunk, renderer.render_all(chunk), strict=True):
            if isinstance(examples, ExampleError):
                rendered.problems.append(problem(record.line, examples.phrase))
                if isinstance(examples, TooLong):
                    rendered.left_out.append(examples.tokens)
            else:
                rendered.examples[record.line] = examples
                rendered.problems.extend(_remarks(examples[0], renderer))
        yield Progress("examples rendered", start + len(chunk), len(records))
    return rendered


def _remarks(example: Example, renderer: Renderer) -> Iterator[Problem]:
    line, rendering = example.record.line, renderer.rendering
    if example.cut:
        code = "row.cut_prompt" if rendering.too_long == "cut_prompt" else "row.cut_end"
        yield problem(line, phrase(code, limit=rendering.max_length), "warning")
    if marks := renderer.control_texts(example.record):
        yield problem(line, phrase("row.control_text", marks=", ".join(marks)), "warning")
