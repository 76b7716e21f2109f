"""A dataset's history done, step after step: the same records and steps give the same, everywhere."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.catalogue import Phrase, phrase
from studio.dataset.number_column import ByLine, NumberColumn
from studio.dataset.read.file_reader import rows_of
from studio.dataset.read.folders import files_of
from studio.dataset.record import Record
from studio.dataset.rows import LineMap, Row
from studio.dataset.sequence import StoredSequence, changed, lines_of
from studio.dataset.steps.choose import capped, filtered, mixed, shuffled, without_duplicates
from studio.dataset.steps.divide import as_done, divided, reserved
from studio.dataset.steps.edits import with_edits, without_restored
from studio.dataset.steps.result import NO_CONTEXT, Rows, Shaped, Shaping, StepContext
from studio.dataset.steps.steps import (
    BY_HAND,
    AnyStep,
    Cap,
    DropDuplicates,
    Filter,
    Fix,
    Mix,
    ReserveGolden,
    Shuffle,
    Split,
)
from studio.errors import DataError
from studio.events import Progress, StepRows
from studio.language import tr

if TYPE_CHECKING:
    from studio.dataset.checks.check import Subject

_BY_TOKENS = ("cut", "lengths")
_EVERY = 100


def fixed(rows: Rows, step: Fix, context: StepContext) -> Shaping:
    """The rows after the check's fix; golden rows stay as they are. Raises DataError for no such check."""
    from studio.dataset.checks.registry import CHECKS, mending_by

    yield Progress(tr("rows checked"), 0, len(rows.records))
    name = step.check.replace("_", " ")
    lines = lines_of(rows.records)
    mending = yield from mending_by((yield from _checked(rows, name, context)), name)
    golden = lines[rows.golden]
    records = changed(rows.records, np.setdiff1d(mending.changed, golden), mending.change)
    dropped = np.isin(lines, np.setdiff1d(mending.dropped, golden))
    done = replace(rows, records=records).at(np.flatnonzero(~dropped))
    if CHECKS[name].fix:
        return done
    return done.remarking(0, "step.person", step=step.words())


def _checked(rows: Rows, name: str, context: StepContext) -> Generator[Progress, None, Subject]:
    """The rows as a check of this name looks at them."""
    from studio.dataset.checks.check import Subject

    tokens: Mapping[int, int] = {}
    limit = context.max_length
    if context.tokens is not None and name in _BY_TOKENS:
        counts = NumberColumn("i")
        for record in rows.records:
            counts.append(context.tokens(record))
            if len(counts) % _EVERY == 0:
                yield Progress(tr("tokens counted"), len(counts), len(rows.records))
        tokens = ByLine(lines_of(rows.records), counts.numbers())
    return Subject(
        records=rows.records,
        parts={line: part for line, part in rows.parts.items() if part},
        tokens=tokens,
        cut=tokens.over(limit) if limit and isinstance(tokens, ByLine) else {},
        format=context.format,
        special=context.special,
        max_length=limit,
        golden=tuple(replace(record, line=-place) for place, record in enumerate(context.golden, 1)),
    )


def column_of(path: Path, places: LineMap, name: str) -> dict[int, str]:
    """What the column holds on each line that has it, read from the files anew; numbers as text."""
    starts = {file.name: file.before for file in places.files}
    found: dict[int, str] = {}
    for file in files_of(path):
        if file.name not in starts:
            continue
        for row in rows_of(file.source):
            if isinstance(row, Row) and (value := row.fields.get(name)) is not None:
                found[row.line + starts[file.name]] = str(value)
    return found


def apply(
    records: Sequence[Record],
    steps: Sequence[AnyStep],
    given: Mapping[int, str] | None = None,
    context: StepContext = NO_CONTEXT,
) -> Generator[Progress, None, Shaped]:
    """The records after all steps; `given` is the part of each line that the source names one for.

    Every record needs a line of its own. Raises DataError when a step cannot be done or leaves nothing.
    """
    rows = Rows(records if isinstance(records, StoredSequence) else tuple(records), dict(given or {}))
    counts: list[StepRows] = []
    done: list[AnyStep] = []
    base, mixing = 0, False
    for step in together(steps):
        before = len(rows.records)
        if not mixing:
            base = before
        mixing = isinstance(step, Mix)
        words = str(_words(as_done(step, rows) if isinstance(step, Split) else step))
        rows, step = yield from _done(rows if _in_place(step) else _held(rows, context), step, base, context)
        done += step if isinstance(step, tuple) else [step]
        counts.append(StepRows(words, before, len(rows.records)))
        if not rows.records:
            raise DataError("step.leaves_none", step=_words(step), rows=before)
    return Shaped(rows.records, rows.parts, tuple(counts), rows.remarks, tuple(done))


def _in_place(step: AnyStep | tuple[AnyStep, ...]) -> bool:
    """Whether the step can be done to rows that stay in their file."""
    return isinstance(step, tuple | Fix | Filter | DropDuplicates | Cap)


def _held(rows: Rows, context: StepContext) -> Rows:
    """The rows in memory. Raises DataError where there are too many of them."""
    if not isinstance(rows.records, StoredSequence):
        return rows
    if context.check_memory is not None:
        context.check_memory(len(rows.records))
    return replace(rows, records=tuple(rows.records))


def together(steps: Sequence[AnyStep]) -> Iterator[AnyStep | tuple[AnyStep, ...]]:
    """The steps as they are done and counted: those done by hand one after another are one."""
    for own, group in groupby(without_restored(steps), key=lambda step: isinstance(step, BY_HAND)):
        if own:
            yield tuple(group)
        else:
            yield from group


def _words(step: AnyStep | tuple[AnyStep, ...]) -> str | Phrase:
    if not isinstance(step, tuple):
        return step.words()
    return step[0].words() if len(step) == 1 else phrase("step.by_hand", changes=len(step))


def _done(
    rows: Rows, step: AnyStep | tuple[AnyStep, ...], base: int, context: StepContext
) -> Generator[Progress, None, tuple[Rows, AnyStep | tuple[AnyStep, ...]]]:
    """The rows after a step, and the step as it was done."""
    if isinstance(step, tuple):
        yield Progress(tr("changes by hand"), 0, len(step))
        return with_edits(rows, [own for own in step if isinstance(own, BY_HAND)])
    return (yield from _shaped(rows, step, base, context)), step


def _shaped(rows: Rows, step: AnyStep, base: int, context: StepContext) -> Shaping:
    match step:
        case Fix():
            return (yield from fixed(rows, step, context))
        case Filter():
            return (yield from filtered(rows, step, context))
        case DropDuplicates():
            return (yield from without_duplicates(rows, step))
        case Shuffle():
            return (yield from shuffled(rows, step))
        case Cap():
            return (yield from capped(rows, step))
        case Mix():
            return (yield from mixed(rows, step, base))
        case Split():
            return (yield from divided(rows, step, context))
        case ReserveGolden():
            return (yield from reserved(rows, step))
    raise DataError("step.unknown", step=step.words())
