"""Rows of another dataset among one's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from studio.data.digest import rank
from studio.data.groups import grouped
from studio.data.history.shaped import Rows, Shaping
from studio.data.history.steps import Mix
from studio.data.records import Record
from studio.data.split import GOLDEN
from studio.errors import DataError

_HELD_OUT = ("validation", "test", GOLDEN)


def mixed(rows: Rows, step: Mix, base: int) -> Shaping:
    """The rows and, after them, `weight` times `base` rows of the other dataset in the order it has them;
    with the weight 0 all of them.

    They are drawn without replacement and keep the parts their dataset gives them; its golden rows never
    come along, nor do rows that belong to a row held out here. Raises DataError
    where the two hold different kinds of examples.
    """
    from studio.data.read import reading

    other = yield from reading(Path(step.path).expanduser())
    given: dict[int, str] = dict(getattr(other, "given", {}))
    free = [record for record in other.records if given.get(record.line) != GOLDEN]
    _check_kind(rows, free, other.name)
    asked = len(free)
    free = _apart(free, [r for r in rows.records if rows.parts.get(r.line) in _HELD_OUT], step.grouping)
    if len(free) < asked:
        rows = rows.remarking(0, "step.held_out", rows=asked - len(free), name=other.name)
    wanted = round(step.weight * base) if step.weight else len(free)
    drawn = {record.line for record in sorted(free, key=lambda r: rank(r, step.seed))[:wanted]}
    start = max((record.line for record in rows.records), default=0)
    chosen = [record for record in free if record.line in drawn]
    added = [replace(record, line=start + number) for number, record in enumerate(chosen, 1)]
    parts = {new.line: given[old.line] for new, old in zip(added, chosen, strict=True) if old.line in given}
    whole = replace(rows, records=(*rows.records, *added), parts={**rows.parts, **parts})
    if wanted <= len(free):
        return whole
    return whole.remarking(0, "step.too_few", name=other.name, there=len(free), wanted=wanted)


def _apart(free: list[Record], held: list[Record], grouping: int) -> list[Record]:
    """The rows that do not belong to one that is held out."""
    marked = [replace(record, line=-place) for place, record in enumerate(held, 1)]
    out: set[int] = set()
    for group in grouped([*marked, *free], grouping):
        if any(record.line < 0 for record in group):
            out.update(record.line for record in group)
    return [record for record in free if record.line not in out]


def _check_kind(rows: Rows, others: list[Record], name: str) -> None:
    if rows.records and others and _kind(rows.records[0]) != _kind(others[0]):
        raise DataError(
            f"{name} holds {_kind(others[0])}, and this dataset {_kind(rows.records[0])}: they cannot be "
            "mixed, because no run learns from both. Choose another dataset to mix in."
        )


def _kind(record: Record) -> str:
    return "plain text" if record.text else "preference pairs" if record.rejected else "conversations"
