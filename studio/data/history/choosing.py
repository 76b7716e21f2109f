"""Which rows stay, and in which order: filters, duplicates, caps, shuffles."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from studio.data.digest import rank
from studio.data.equality import repeated
from studio.data.hashes import content_hash, drawn
from studio.data.history.filter import Filter
from studio.data.history.shaped import CHUNK, NOWHERE, Around, Rows, Shaping
from studio.data.history.steps import Cap, DropDuplicates, Shuffle
from studio.data.records import Record, remarks
from studio.data.split import GOLDEN
from studio.errors import DataError
from studio.events import Progress

type _Condition = Callable[[Record], bool]


def filtered(rows: Rows, step: Filter, around: Around) -> Shaping:
    """The rows that the filter leaves. Raises DataError where it counts tokens and nobody can."""
    met = conditions(step, around)
    keep = step.action == "keep"
    kept: list[Record] = []
    for start in range(0, len(rows.records), CHUNK):
        chunk = rows.records[start : start + CHUNK]
        kept += [record for record in chunk if keep == all(condition(record) for condition in met)]
        yield Progress("rows filtered", start + len(chunk), len(rows.records))
    return rows.keeping(tuple(kept))


def without_duplicates(rows: Rows, step: DropDuplicates) -> Shaping:
    """The first of all rows that are equal; a golden one before one that trains."""
    yield Progress("duplicates removed", 0, len(rows.records))
    golden = {line for line, part in rows.parts.items() if part == GOLDEN}
    others = repeated(rows.records, golden)
    return rows.keeping(tuple(record for record in rows.records if record.line not in others))


def shuffled(rows: Rows, step: Shuffle) -> Shaping:
    """The rows in an order that content and seed decide; equal rows keep theirs."""
    yield Progress("rows shuffled", 0, len(rows.records))
    return replace(rows, records=tuple(sorted(rows.records, key=lambda record: rank(record, step.seed))))


def capped(rows: Rows, step: Cap) -> Shaping:
    """At most so many rows besides the golden ones, in the order they had."""
    yield Progress("rows counted", 0, len(rows.records))
    free = [record for record in rows.records if rows.parts.get(record.line) != GOLDEN]
    if step.how == "random":
        hashes = np.frombuffer(b"".join(map(content_hash, free)), "<u8")
        kept = {free[place].line for place in drawn(hashes, step.rows, step.seed)}
    else:
        kept = {record.line for record in free[: step.rows]}
    dropped = {record.line for record in free if record.line not in kept}
    return rows.keeping(tuple(record for record in rows.records if record.line not in dropped))


def conditions(step: Filter, around: Around = NOWHERE) -> list[_Condition]:
    """What a record must meet. Raises DataError where tokens are to be counted and nobody can."""
    texts = _TEXTS[step.where]
    met: list[_Condition] = []
    if step.min_characters is not None or step.max_characters is not None:
        met.append(_between(step.min_characters, step.max_characters, lambda r: len(_whole(r))))
    if step.counts_tokens:
        if around.tokens is None:
            raise DataError(f"“{step.words()}” counts tokens, and no model is chosen to count them with.")
        met.append(_between(step.min_tokens, step.max_tokens, around.tokens))
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
