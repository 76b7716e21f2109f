"""A dataset's history done, step after step: the same records and steps give the same, everywhere."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from itertools import groupby

from studio.data.history.choosing import capped, filtered, shuffled, without_duplicates
from studio.data.history.dividing import as_done, divided, reserved
from studio.data.history.editing import settled, with_own
from studio.data.history.filter import Filter
from studio.data.history.fixing import fixed
from studio.data.history.mixing import mixed
from studio.data.history.shaped import NOWHERE, Around, Count, Rows, Shaped, Shaping
from studio.data.history.steps import (
    OWN,
    Cap,
    DropDuplicates,
    Fix,
    Mix,
    ReserveGolden,
    Shuffle,
    Split,
    Step,
)
from studio.data.records import Record
from studio.errors import DataError
from studio.events import Progress


def apply(
    records: Sequence[Record],
    steps: Sequence[Step],
    given: Mapping[int, str] | None = None,
    around: Around = NOWHERE,
) -> Generator[Progress, None, Shaped]:
    """The records after all steps; `given` is the part of each line that the source names one for.

    Every record needs a line of its own. Raises DataError when a step cannot be done or leaves nothing.
    """
    rows = Rows(tuple(records), dict(given or {}))
    counts: list[Count] = []
    base, mixing = 0, False
    for step in together(steps):
        before = len(rows.records)
        if not mixing:
            base = before
        mixing = isinstance(step, Mix)
        said = _words(as_done(step, rows) if isinstance(step, Split) else step)
        rows = yield from _done(rows, step, base, around)
        counts.append(Count(said, before, len(rows.records)))
        if not rows.records:
            raise DataError(f"“{_words(step)}” leaves none of the {before:,} rows. Change or remove it.")
    return Shaped(rows.records, rows.parts, tuple(counts), rows.remarks)


def together(steps: Sequence[Step]) -> Iterator[Step | tuple[Step, ...]]:
    """The steps as they are done and counted: those done by hand one after another are one."""
    for own, group in groupby(settled(steps), key=lambda step: isinstance(step, OWN)):
        if own:
            yield tuple(group)
        else:
            yield from group


def _words(step: Step | tuple[Step, ...]) -> str:
    if not isinstance(step, tuple):
        return step.words()
    return step[0].words() if len(step) == 1 else f"{len(step):,} changes by hand"


def _done(rows: Rows, step: Step | tuple[Step, ...], base: int, around: Around) -> Shaping:
    match step:
        case tuple():
            yield Progress("changes by hand", 0, len(step))
            return with_own(rows, [own for own in step if isinstance(own, OWN)])
        case Fix():
            return (yield from fixed(rows, step, around))
        case Filter():
            return (yield from filtered(rows, step, around))
        case DropDuplicates():
            return (yield from without_duplicates(rows, step))
        case Shuffle():
            return (yield from shuffled(rows, step))
        case Cap():
            return (yield from capped(rows, step))
        case Mix():
            return (yield from mixed(rows, step, base))
        case Split():
            return (yield from divided(rows, step, around))
        case ReserveGolden():
            return (yield from reserved(rows, step))
    raise DataError(f"“{_words(step)}” is not a step that can be done.")
