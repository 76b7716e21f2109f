"""A person's rulings over what scorers found: applied, and counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from studio.evaluate.store import Ruling

type Rights = Mapping[str, Mapping[str, bool | None]]
"""Whether each contestant's answer to each item is right, by item and contestant; None where not scored."""

type Rulings = Mapping[tuple[str, str], Ruling]
"""The ruling in force on an answer, by item and contestant."""


@dataclass(frozen=True)
class Ruled:
    """Answers as they count once a person has ruled.

    `overruled` are the rulings that changed what a scorer found, `confirmed` those that did not, and
    `decided` those on answers that no scorer had scored. Rulings on answers that are not there are in none.
    """

    rights: Rights
    overruled: tuple[Ruling, ...] = ()
    confirmed: tuple[Ruling, ...] = ()
    decided: tuple[Ruling, ...] = ()

    def overruled_of(self, contestant: str) -> int:
        """How many of one contestant's answers count otherwise than the scorer said."""
        return sum(ruling.contestant == contestant for ruling in self.overruled)


def ruled(rights: Rights, rulings: Rulings) -> Ruled:
    """The answers with a person's rulings applied, and which rulings changed something."""
    counted: dict[str, dict[str, bool | None]] = {item: dict(row) for item, row in rights.items()}
    told_apart: dict[str, list[Ruling]] = {"overruled": [], "confirmed": [], "decided": []}
    for (item, contestant), ruling in rulings.items():
        if contestant not in counted.get(item, {}):
            continue
        found = counted[item][contestant]
        what = "decided" if found is None else "confirmed" if found == ruling.right else "overruled"
        told_apart[what].append(ruling)
        counted[item][contestant] = ruling.right
    return Ruled(counted, **{what: tuple(each) for what, each in told_apart.items()})


def ruled_values(
    ids: list[str], values: Mapping[str, list[float]], rulings: Rulings
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Each contestant's scores of these items with a ruling's 1 or 0 in place, and where that changed one.

    The second is 1 where an answer was overruled, else 0: its mean is the share that was.
    """
    counted: dict[str, list[float]] = {}
    changed: dict[str, list[float]] = {}
    for who, scores in values.items():
        said = [rulings.get((item, who)) for item in ids]
        counted[who] = [float(s) if r is None else float(r.right) for s, r in zip(scores, said, strict=True)]
        changed[who] = [float(one != other) for one, other in zip(scores, counted[who], strict=True)]
    return counted, changed
