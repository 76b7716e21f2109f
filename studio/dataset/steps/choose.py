"""Which rows stay, and in which order: filters, duplicates, caps, shuffles, rows of another dataset."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from studio.catalogue import Phrase, phrase
from studio.dataset.groups import grouped
from studio.dataset.identity import drawn, rank
from studio.dataset.number_column import first_of_equal
from studio.dataset.record import Record, remarks
from studio.dataset.sequence import hashes_of, remarked
from studio.dataset.split import GOLDEN
from studio.dataset.steps.result import CHUNK, NO_CONTEXT, Rows, Shaping, StepContext
from studio.dataset.steps.steps import Cap, DropDuplicates, Filter, Mix, Shuffle
from studio.errors import DataError
from studio.events import Progress
from studio.language import tr

type _Condition = Callable[[Record], bool]


def filtered(rows: Rows, step: Filter, context: StepContext) -> Shaping:
    """The rows that the filter leaves. Raises DataError where it counts tokens and nobody can."""
    keep = step.action == "keep"
    known = remarked(rows.records) if step == Filter(faultless=True, action=step.action) else None
    if known is not None:
        return rows.at(np.flatnonzero(known != keep))
    met = conditions(step, context)
    passing = np.zeros(len(rows.records), bool)
    for number, record in enumerate(rows.records):
        passing[number] = keep == all(condition(record) for condition in met)
        if number % CHUNK == 0:
            yield Progress(tr("rows filtered"), number, len(rows.records))
    return rows.at(np.flatnonzero(passing))


def without_duplicates(rows: Rows, step: DropDuplicates) -> Shaping:
    """The first of all rows that are equal; a golden one before one that trains."""
    yield Progress(tr("duplicates removed"), 0, len(rows.records))
    first = first_of_equal(hashes_of(rows.records, "equal"), rows.golden)
    return rows.at(np.flatnonzero(first == np.arange(len(first))))


def shuffled(rows: Rows, step: Shuffle) -> Shaping:
    """The rows in an order that content and seed decide; equal rows keep theirs."""
    yield Progress(tr("rows shuffled"), 0, len(rows.records))
    return replace(rows, records=tuple(sorted(rows.records, key=lambda record: rank(record, step.seed))))


def capped(rows: Rows, step: Cap) -> Shaping:
    """At most so many rows besides the golden ones, in the order they had."""
    yield Progress(tr("rows counted"), 0, len(rows.records))
    free = np.flatnonzero(~rows.golden)
    if step.how == "random":
        chosen = free[drawn(hashes_of(rows.records, "hash")[free], step.rows, step.seed)]
    else:
        chosen = free[: step.rows]
    return rows.at(np.sort(np.concatenate((chosen, np.flatnonzero(rows.golden)))))


def conditions(step: Filter, context: StepContext = NO_CONTEXT) -> list[_Condition]:
    """What a record must meet. Raises DataError where tokens are to be counted and nobody can."""
    texts = _TEXTS[step.where]
    met: list[_Condition] = []
    if step.min_characters is not None or step.max_characters is not None:
        met.append(_between(step.min_characters, step.max_characters, lambda r: len(_whole(r))))
    if step.counts_tokens:
        if context.tokens is None:
            raise DataError("step.no_model", step=step.words())
        met.append(_between(step.min_tokens, step.max_tokens, context.tokens))
    if step.contains and step.any_case:
        wanted = step.contains.casefold()
        met.append(lambda record: wanted in texts(record).casefold())
    elif step.contains:
        met.append(lambda record: step.contains in texts(record))
    if step.pattern:
        pattern = re.compile(step.pattern, re.IGNORECASE if step.any_case else 0)
        met.append(lambda record: pattern.search(texts(record)) is not None)
    if step.label:
        met.append(lambda record: record.answer.strip() == step.label.strip())
    if step.faultless:
        met.append(lambda record: not any(remarks(record)))
    return met


def _between(low: int | None, high: int | None, measure: Callable[[Record], int]) -> _Condition:
    def met(record: Record) -> bool:
        size = measure(record)
        return (low is None or size >= low) and (high is None or size <= high)

    return met


def _whole(record: Record) -> str:
    return record.text or "\n".join([*(message.whole for message in record.messages), record.rejected])


_TEXTS: dict[str, Callable[[Record], str]] = {
    "prompt": lambda record: "\n".join(message.whole for message in record.before_answer),
    "answer": lambda record: record.answer,
    "anywhere": _whole,
}


_HELD_OUT = ("validation", "test", GOLDEN)


def mixed(rows: Rows, step: Mix, base: int) -> Shaping:
    """The rows and, after them, `weight` times `base` rows of the other dataset in the order it has them;
    with the weight 0 all of them.

    They are drawn without replacement and keep the parts their dataset gives them; its golden rows never
    come along, nor do rows that belong to a row held out here. Raises DataError
    where the two hold different kinds of examples.
    """
    from studio.dataset.read.load import reading

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
        raise DataError("step.other_kind", name=name, other=_kind(others[0]), own=_kind(rows.records[0]))


def _kind(record: Record) -> Phrase:
    return phrase("kind.texts" if record.text else "kind.pairs" if record.rejected else "kind.conversations")
