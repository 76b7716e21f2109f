"""Which part a row belongs to: the split, and the golden set that never trains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from studio.catalogue import first_of
from studio.dataset.groups import BY_QUESTION, grouped
from studio.dataset.identity import rank
from studio.dataset.record import Record
from studio.dataset.split import GOLDEN, has_labels, part_named, split, split_given
from studio.dataset.steps.result import Rows, Shaping, StepContext
from studio.dataset.steps.steps import ReserveGolden, Split
from studio.errors import DataError
from studio.events import Progress
from studio.language import tr

_MOST = 5  # a golden set is at most one row in so many


def divided(rows: Rows, step: Split, context: StepContext) -> Shaping:
    """Every row that is not golden in one of three parts. Raises DataError when none is left to train on."""
    yield Progress(tr("rows divided"), 0, len(rows.records))
    golden = {line: part for line, part in rows.parts.items() if part == GOLDEN}
    free = [record for record in rows.records if record.line not in golden]
    shares = (step.validation_share, step.test_share)
    if step.by == "shares":
        parts = split(free, *shares, step.seed, stratify=step.stratify, grouping=step.grouping)
    else:
        given = rows.parts if step.by == "given" else _column(rows, step.column, context)
        golden |= {line: part for line, part in given.items() if part == GOLDEN}
        parts = split_given(free, {**given, **golden}, *shares, step.seed, grouping=step.grouping)
    named = {"train": parts.train, "validation": parts.validation, "test": parts.test}
    found = {record.line: name for name, part in named.items() for record in part}
    return replace(rows, parts={**found, **golden})


def reserved(rows: Rows, step: ReserveGolden) -> Shaping:
    """A golden set of questions that have an answer; what belongs to them becomes golden with them.

    Rows that belong to no other are preferred, so that little is lost to training.
    """
    yield Progress(tr("golden rows reserved"), 0, len(rows.records))
    free = [record for record in rows.records if rows.parts.get(record.line, "") in ("", "train")]
    groups = grouped(free, step.grouping)
    room = wanted = min(step.count, len(free) // _MOST)
    order = sorted(groups, key=lambda group: (len(group), _drawn(group, step)))
    parts = dict(rows.parts)
    for group in order:
        if len(group) <= room and all(record.prompt.strip() and record.answer.strip() for record in group):
            parts |= {record.line: GOLDEN for record in group}
            room -= len(group)
    done = replace(rows, parts=parts)
    if wanted - room == step.count:
        return done
    found = wanted - room
    return done.remarking(0, "step.fewer_golden", found=found, wanted=step.count)


def _drawn(group: list[Record], step: ReserveGolden) -> bytes:
    """What only seed and content decide of a group."""
    ranks = [rank(record, step.seed) for record in group]
    return ranks[0] if step.grouping == BY_QUESTION else min(ranks)


def as_done(step: Split, rows: Rows) -> Split:
    """The step as it is done to these rows: where there are no labels, none are balanced."""
    free = [record for record in rows.records if rows.parts.get(record.line) != GOLDEN]
    without = step.by == "shares" and step.stratify and not has_labels(free)
    return step.model_copy(update={"stratify": False}) if without else step


def _column(rows: Rows, name: str, context: StepContext) -> Mapping[int, str]:
    values = context.columns(name) if context.columns is not None else {}
    if not values:
        raise DataError("step.no_column", name=name)
    given = {record.line: values.get(record.line, "") for record in rows.records}
    strange = sorted({value for value in given.values() if value.strip() and not part_named(value)})
    if strange:
        names = first_of([f"“{value[:40]}”" for value in strange], 5)
        raise DataError("step.no_parts", name=name, names=names)
    return {line: part_named(value) for line, value in given.items() if part_named(value)}
