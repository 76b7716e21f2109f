"""A person's rulings over what scorers found: applied, and counted."""

from __future__ import annotations

from collections.abc import Mapping

from studio.evaluate.store import Ruling

type Rulings = Mapping[tuple[str, str], Ruling]
"""The ruling in force on an answer, by item and contestant."""


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
