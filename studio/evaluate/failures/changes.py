"""What tuning changed, row by row: which answers are newly right, and which newly wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FIXED, BROKEN, BOTH_RIGHT, BOTH_WRONG = "fixed", "broken", "both_right", "both_wrong"
OUTCOMES = (FIXED, BROKEN, BOTH_RIGHT, BOTH_WRONG)


@dataclass(frozen=True)
class Changes:
    """The items of a task by what became of them between the baseline and another contestant."""

    fixed: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    both_right: tuple[str, ...] = ()
    both_wrong: tuple[str, ...] = ()

    @property
    def compared(self) -> int:
        """How many items both contestants' answers were scored of."""
        return len(self.fixed) + len(self.broken) + len(self.both_right) + len(self.both_wrong)


def changes(ids: Sequence[str], before: Sequence[float | None], after: Sequence[float | None]) -> Changes:
    """The items by outcome; a score of a half and more is right, and what was not scored is in none."""
    found: dict[str, list[str]] = {outcome: [] for outcome in OUTCOMES}
    for item, one, other in zip(ids, before, after, strict=True):
        if one is not None and other is not None:
            found[outcome_of(one >= 0.5, other >= 0.5)].append(item)
    return Changes(**{outcome: tuple(items) for outcome, items in found.items()})


def outcome_of(before: bool, after: bool) -> str:
    """fixed, broken, both_right or both_wrong."""
    if before == after:
        return BOTH_RIGHT if after else BOTH_WRONG
    return FIXED if after else BROKEN
