"""Which examples train, which measure progress, which wait for the evaluation."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from studio.dataset.groups import BY_QUESTION, GROUPING, grouped
from studio.dataset.number_column import NumberColumn
from studio.dataset.record import Record
from studio.errors import DataError

GOLDEN = "golden"
"""The part that never trains: asked when a run is evaluated."""
PARTS = ("", "train", "validation", "test", GOLDEN)
"""Every part a row can belong to, in the order in which they are kept; "" is not divided yet."""
_NAMES = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev", "development", "eval", "evaluation"),
    "test": ("test", "testing"),
    GOLDEN: (GOLDEN,),
}


_LABEL = 80
"""Characters of a label at most."""

_LABELLED = 0.8
"""The share of rows whose answer others have, too, from which answers are labels."""


@dataclass(frozen=True)
class DatasetSplit:
    """The three parts of a dataset, each in file order; no question is in two of them."""

    train: tuple[Record, ...]
    validation: tuple[Record, ...]
    test: tuple[Record, ...]


def part_named(name: str) -> str:
    """The part that a file, a folder or a column calls so; empty when it is none."""
    plain = name.strip().lower()
    return next((part for part, names in _NAMES.items() if plain in names), "")


def split(
    records: Sequence[Record],
    validation_share: float,
    test_share: float,
    seed: int,
    *,
    stratify: bool = False,
    grouping: int = GROUPING,
) -> DatasetSplit:
    """Divide by a hash of (seed, question): stable when rows are moved, the same on every machine.

    Examples that belong together (`groups.grouped`) stay together, the largest group in train. With three
    groups or more, a part whose share is above zero has at least one. To stratify gives every part its share
    of each label, within a row as far as groups allow it; where there are no labels, it changes nothing.
    `grouping` is that of `groups`: a run that began in an earlier release keeps its own.
    Raises DataError when nothing would be left to train on.
    """
    if not records:
        raise DataError("split.nothing")
    if validation_share + test_share >= 1:
        raise DataError("split.shares")
    order = _ordered(records, seed, grouping)
    shares = (validation_share, test_share)
    if stratify and grouping != BY_QUESTION and not has_labels(records):
        stratify = False
    if stratify and (balanced := _stratified(records, order, shares)):
        return balanced
    train = max(order, key=len)
    free = [group for group in order if group is not train]
    validation, free = _take(free, validation_share, len(records), len(order))
    test, _ = _take(free, test_share, len(records), len(order))
    return _split(records, validation, test)


def split_given(
    records: Sequence[Record],
    given: Mapping[int, str],
    validation_share: float,
    test_share: float,
    seed: int,
    *,
    grouping: int = GROUPING,
) -> DatasetSplit:
    """Divide as `given` says of each line; where it names no validation or no test rows, they are split off.

    Split off they are from the train rows and from those that `given` does not name. Golden rows are in no
    part. Raises DataError when nothing would be left to train on.
    """
    named: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        named[given.get(record.line, "")].append(record)
    free = [record for record in records if given.get(record.line, "") in ("", "train")]
    if not free:
        raise DataError("split.all_held_out")
    shares = (0.0 if named["validation"] else validation_share, 0.0 if named["test"] else test_share)
    rest = split(free, *shares, seed, grouping=grouping)
    return DatasetSplit(rest.train, (*named["validation"], *rest.validation), (*named["test"], *rest.test))


def has_labels(records: Sequence[Record]) -> bool:
    """Whether the answers are labels: few different ones, which nearly all rows share with others."""
    labelled = Labelled()
    for record in records:
        labelled.add(record)
    return labelled.are_labels


class Labelled:
    """`has_labels`, of rows that come one by one: a number is kept of each."""

    def __init__(self) -> None:
        self._rows = 0
        self._answers = NumberColumn("q")

    def add(self, record: Record) -> None:
        self._rows += 1
        answer = record.answer.strip()
        if len(answer) <= _LABEL:
            self._answers.append(hash(answer))

    @property
    def are_labels(self) -> bool:
        import numpy as np  # only where rows are looked over

        counts = np.unique(self._answers.numbers(), return_counts=True)[1]
        shared = counts[counts > 1]
        enough = int(shared.sum()) >= _LABELLED * self._rows
        return enough and 0 < len(shared) <= max(10, self._rows // 4)


def _ordered(records: Sequence[Record], seed: int, grouping: int) -> list[list[Record]]:
    groups = grouped(records, grouping)
    if grouping == BY_QUESTION:
        return sorted(groups, key=lambda group: _rank(group[0], seed))
    return sorted(groups, key=lambda group: min(_rank(record, seed) for record in group))


def _rank(record: Record, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\0{record.question}".encode()).digest()


def _split(records: Sequence[Record], validation: Sequence[Record], test: Sequence[Record]) -> DatasetSplit:
    held = {record.line for record in (*validation, *test)}
    return DatasetSplit(
        tuple(record for record in records if record.line not in held), tuple(validation), tuple(test)
    )


def _take(
    groups: list[list[Record]], share: float, records: int, questions: int
) -> tuple[tuple[Record, ...], list[list[Record]]]:
    """Groups in order while they fit into the share, at least one; and the groups that are left."""
    taken = _fitting(groups, round(share * records))
    if not taken and share > 0 and questions >= 3 and groups:
        taken = [min(groups, key=len)]
    chosen = {id(group) for group in taken}
    part = sorted((record for group in taken for record in group), key=lambda record: record.line)
    return tuple(part), [group for group in groups if id(group) not in chosen]


def _fitting(groups: list[list[Record]], wanted: int) -> list[list[Record]]:
    taken: list[list[Record]] = []
    for group in groups:
        if len(group) <= wanted:
            taken.append(group)
            wanted -= len(group)
    return taken


def _stratified(
    records: Sequence[Record], order: list[list[Record]], shares: tuple[float, float]
) -> DatasetSplit | None:
    """The split that balances the labels, or None where there are none, or a part would be empty."""
    counts = Counter(record.answer.strip() for record in records)
    common = {label for label, count in counts.items() if count > 1}
    if not common:
        return None
    strata: dict[str, list[list[Record]]] = defaultdict(list)
    for group in order:
        label = Counter(record.answer.strip() for record in group).most_common(1)[0][0]
        strata[label if label in common else ""].append(group)  # rare labels are one stratum together
    held: tuple[list[list[Record]], ...] = ([], [])
    sizes = {label: sum(map(len, groups)) for label, groups in strata.items()}
    for label, quota in _quotas(sizes, shares).items():
        largest = max(strata[label], key=len)  # which trains
        free = [group for group in strata[label] if group is not largest]
        for part, wanted in zip(held, quota, strict=True):
            taken = _fitting(free, wanted)
            part += taken
            chosen = {id(group) for group in taken}
            free = [group for group in free if id(group) not in chosen]
    parts = [sorted((r for group in part for r in group), key=lambda r: r.line) for part in held]
    if any(share > 0 and not part for share, part in zip(shares, parts, strict=True)):
        return None
    return _split(records, *parts)


def _quotas(sizes: Mapping[str, int], shares: tuple[float, float]) -> dict[str, tuple[int, int]]:
    """How many rows of each label validate and test: a share rounded up or down, the sums as the shares say.

    Rounded up first are the labels of which most would be left to train beyond their share.
    """
    quotas = {label: [int(share * size + 1e-9) for share in shares] for label, size in sizes.items()}
    total = sum(sizes.values())
    for part, share in enumerate(shares):
        wanted = round(share * total) or int(share > 0)
        missing = wanted - sum(quota[part] for quota in quotas.values())
        over = {
            label: sum(shares[: part + 1]) * size - sum(quotas[label][: part + 1])
            for label, size in sizes.items()
        }
        for label in sorted(sizes, key=lambda label: (-over[label], label))[: max(0, missing)]:
            quotas[label][part] += 1
    return {label: (quota[0], quota[1]) for label, quota in quotas.items()}
