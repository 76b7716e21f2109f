"""Which examples train, which measure progress, which wait for the evaluation."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from studio.data.records import Record
from studio.errors import DataError


@dataclass(frozen=True)
class Split:
    """The three parts of a dataset, each in file order; no question is in two of them."""

    train: tuple[Record, ...]
    validation: tuple[Record, ...]
    test: tuple[Record, ...]


def split(records: Sequence[Record], validation_share: float, test_share: float, seed: int) -> Split:
    """Divide by a hash of (seed, question): stable when rows are moved, the same on every machine.

    Examples with an identical question stay together, the most repeated one in train. With three different
    questions or more, a part whose share is above zero has at least one. Raises DataError when nothing
    would be left to train on.
    """
    if not records:
        raise DataError("There are no examples to split. Choose another dataset.")
    if validation_share + test_share >= 1:
        raise DataError("Validation and test share together leave nothing to train on. Lower one of them.")
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        groups[record.question].append(record)
    order = sorted(groups.values(), key=lambda group: _rank(group[0], seed))
    train = max(order, key=len)
    free = [group for group in order if group is not train]
    validation, free = _take(free, validation_share, len(records), len(groups))
    test, _ = _take(free, test_share, len(records), len(groups))
    held = {record.line for record in (*validation, *test)}
    return Split(tuple(record for record in records if record.line not in held), validation, test)


def _rank(record: Record, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\0{record.question}".encode()).digest()


def _take(
    groups: list[list[Record]], share: float, records: int, questions: int
) -> tuple[tuple[Record, ...], list[list[Record]]]:
    """Groups in order while they fit into the share, at least one; and the groups that are left."""
    wanted = round(share * records)
    taken: list[list[Record]] = []
    for group in groups:
        if len(group) <= wanted:
            taken.append(group)
            wanted -= len(group)
    if not taken and share > 0 and questions >= 3 and groups:
        taken = [min(groups, key=len)]
    chosen = {id(group) for group in taken}
    part = sorted((record for group in taken for record in group), key=lambda record: record.line)
    return tuple(part), [group for group in groups if id(group) not in chosen]
