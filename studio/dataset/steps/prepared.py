"""A dataset as it is trained: its source as it was read, and what the steps make of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from studio.dataset.identity import content_hash
from studio.dataset.read.folders import golden_beside
from studio.dataset.read.load import Reading, read, warnings_of
from studio.dataset.record import Record
from studio.dataset.render.render import Renderer
from studio.dataset.rows import LineMap
from studio.dataset.steps.apply import apply, column_of
from studio.dataset.steps.result import StepContext
from studio.dataset.steps.steps import BY_HAND, AnyStep, Filter, Fix, Split
from studio.errors import DataError
from studio.events import Problem, Progress, StepRows


class StepFields(Protocol):
    """What of a recipe's data fields steps may ask for."""

    @property
    def validation_share(self) -> float: ...
    @property
    def test_share(self) -> float: ...
    @property
    def max_length(self) -> int: ...


class StepSource(Protocol):
    """What was read, whether its rows are held or not."""

    @property
    def path(self) -> Path: ...
    @property
    def format(self) -> str: ...
    @property
    def given(self) -> Mapping[int, str]: ...
    @property
    def places(self) -> LineMap: ...


@dataclass(frozen=True)
class PreparedRows:
    """The rows after the steps, as if they had been read so; `source` is the fingerprint of what was read.

    `steps` are as they were done; `counts` has a line for each, or for several by hand; `remarks` say what
    could not be done as asked.
    """

    rows: Reading
    source: str
    steps: tuple[AnyStep, ...] = ()
    counts: tuple[StepRows, ...] = ()
    remarks: tuple[Problem, ...] = ()


def preparing(
    source: Reading,
    steps: Sequence[AnyStep],
    data: StepFields,
    seed: int,
    renderer: Callable[[], Renderer] | None,
) -> Generator[Progress, None, PreparedRows]:
    """Do the steps to a source. Raises DataError where one cannot be done, or leaves nothing.

    Without a `renderer` no tokens can be counted.
    """
    if not steps:
        return PreparedRows(source, source.fingerprint)
    steps = divided_before_leakage(steps, source, data, seed)
    context = context_of(source, steps, data, renderer)
    done = yield from apply(source.records, steps, source.given, context)
    problems = [item for item in source.problems if item.severity == "error" or not item.line]
    problems += yield from warnings_of(done.records, source.places)
    rows = replace(
        source,
        records=tuple(done.records),
        problems=tuple(sorted(problems, key=lambda item: item.line)),
        fingerprint=_fingerprint(done.records, done.parts),
        parts=done.parts,
    )
    return PreparedRows(rows, source.fingerprint, done.steps, done.counts, done.remarks)


def check_unchanged(name: str, known: str, fingerprint: str, steps: Sequence[AnyStep]) -> None:
    """Raise DataError where steps by hand belong to other rows than those that were read."""
    if known and known != fingerprint and any(isinstance(step, BY_HAND) for step in steps):
        raise DataError("step.other_rows", name=name)


def divided_before_leakage(
    steps: Sequence[AnyStep], source: StepSource, data: StepFields, seed: int
) -> tuple[AnyStep, ...]:
    """The steps; where leakage is to be fixed in rows that are in no part yet, divided as a run would."""
    steps = tuple(steps)
    if source.given:
        return steps
    for place, step in enumerate(steps):
        if isinstance(step, Split):
            return steps
        if isinstance(step, Fix) and step.check == "leakage":
            divide = Split(
                validation_share=data.validation_share,
                test_share=data.test_share,
                stratify=False,
                seed=seed,
            )
            return (*steps[:place], divide, *steps[place:])
    return steps


def context_of(
    source: StepSource, steps: Sequence[AnyStep], data: StepFields, renderer: Callable[[], Renderer] | None
) -> StepContext:
    """What the steps may ask of the source and of the model; a renderer is made only where one does."""

    def columns(name: str) -> dict[int, str]:
        return column_of(source.path, source.places, name)

    if renderer is None or not any(
        isinstance(s, Fix) or (isinstance(s, Filter) and s.counts_tokens) for s in steps
    ):
        return StepContext(columns=columns, format=source.format)
    whole = renderer().without_limit()

    def tokens(record: Record) -> int:
        try:
            return sum(len(example.tokens.ids) for example in whole.render(record))
        except DataError:
            return 0  # it is left out for another reason, which reading it will tell

    return StepContext(
        tokens, columns, source.format, whole.special_texts, data.max_length, _golden_beside(source.path)
    )


def _golden_beside(source: Path) -> tuple[Record, ...]:
    """The golden rows in a file beside the source, which nothing that trains may resemble."""
    path = golden_beside(source)
    return read(path).records if path is not None else ()


def _fingerprint(records: Sequence[Record], parts: Mapping[int, str]) -> str:
    """16 hexadecimal digits of all content in order, and of the part that each record belongs to."""
    whole = hashlib.sha256()
    for record in records:
        whole.update(content_hash(record) + parts.get(record.line, "").encode() + b"\0")
    return whole.hexdigest()[:16]
