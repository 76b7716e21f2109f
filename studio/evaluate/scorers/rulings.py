"""A person's rulings over what scorers found: kept beside the answers, applied, and counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from studio.catalogue import Unusable

type Rights = Mapping[str, Mapping[str, bool | None]]
"""Whether each contestant's answer to each item is right, by item and contestant; None where not scored."""


@dataclass(frozen=True)
class Ruling:
    """What a person says of one answer: right, wrong, or (None) what the scorer says after all.

    `at` is the time in ISO 8601. A later ruling on the same answer replaces an earlier one.
    """

    item: str
    contestant: str
    right: bool | None
    at: str = ""
    note: str = ""

    def plain(self) -> dict[str, Any]:
        """As a line of JSON holds it; `ruling_from` reads it."""
        return {
            "item": self.item,
            "contestant": self.contestant,
            "right": self.right,
            "at": self.at,
            "note": self.note,
        }


def ruling_from(plain: Mapping[str, Any]) -> Ruling:
    """The ruling that `plain` gave. Raises Unusable for what is none."""
    item, contestant, right = plain.get("item"), plain.get("contestant"), plain.get("right")
    if isinstance(item, str) and isinstance(contestant, str) and isinstance(right, bool | None):
        return Ruling(item, contestant, right, str(plain.get("at", "")), str(plain.get("note", "")))
    raise Unusable("scorer.no_ruling")


@dataclass(frozen=True)
class Ruled:
    """Answers as they count once a person has ruled.

    `overruled` are the rulings that changed what a scorer found, `confirmed` those that did not, and
    `decided` those on answers that no scorer had scored. Rulings on answers that are not there are in none.
    """

    rights: Mapping[str, Mapping[str, bool | None]]
    overruled: tuple[Ruling, ...] = ()
    confirmed: tuple[Ruling, ...] = ()
    decided: tuple[Ruling, ...] = ()

    def overruled_of(self, contestant: str) -> int:
        """How many of one contestant's answers count otherwise than the scorer said."""
        return sum(ruling.contestant == contestant for ruling in self.overruled)


def in_force(rulings: Iterable[Ruling]) -> dict[tuple[str, str], Ruling]:
    """The last ruling on each answer, by item and contestant, without those that were withdrawn."""
    last = {(ruling.item, ruling.contestant): ruling for ruling in rulings}
    return {place: ruling for place, ruling in last.items() if ruling.right is not None}


def ruled(rights: Rights, rulings: Iterable[Ruling]) -> Ruled:
    """The answers with a person's rulings applied, and which rulings changed something."""
    said = in_force(rulings)
    counted: dict[str, dict[str, bool | None]] = {item: dict(row) for item, row in rights.items()}
    sorted_out: dict[str, list[Ruling]] = {"overruled": [], "confirmed": [], "decided": []}
    for (item, contestant), ruling in said.items():
        if contestant not in counted.get(item, {}):
            continue
        found = counted[item][contestant]
        what = "decided" if found is None else "confirmed" if found == ruling.right else "overruled"
        sorted_out[what].append(ruling)
        counted[item][contestant] = ruling.right
    return Ruled(counted, **{what: tuple(each) for what, each in sorted_out.items()})
