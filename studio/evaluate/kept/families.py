"""Families of abilities that a tuning is not about, as short texts of our own that ship with the app.

`resources/evaluation/families/NAME.txt` holds texts with an empty line between them. Where one has a mark ¦,
what follows is what is to be known, and what stands before only leads there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from studio.catalogue import Phrase, phrase
from studio.dataset.render.render import Tokens
from studio.language import tr
from studio.paths import resource

if TYPE_CHECKING:
    from studio.dataset.render.render import Renderer
    from studio.evaluate.reading import RowLosses

FAMILIES = {
    "english": tr("English"),
    "facts": tr("Facts"),
    "arithmetic": tr("Arithmetic"),
    "code": tr("Code"),
    "languages": tr("Other languages"),
    "formatting": tr("Formatting"),
}
"""The families by the names of their files, as a person calls them."""
MARK = "¦"
ENOUGH_RIGHT = 6
"""So many right answers the baseline must have: what it cannot do, it cannot lose."""


@dataclass(frozen=True)
class FamilyText:
    """One text of a family; `asked` is where in it begins what is to be known, 0 where all of it counts."""

    family: str
    text: str
    asked: int = 0


def family_texts() -> tuple[FamilyText, ...]:
    """All texts of all families, in the order of FAMILIES."""
    found = []
    for family in FAMILIES:
        whole = resource(f"evaluation/families/{family}.txt").read_text(encoding="utf-8")
        for block in (each.strip("\n") for each in whole.split("\n\n")):
            lead, mark, rest = block.partition(MARK)
            found += [FamilyText(family, lead + rest, len(lead) if mark else 0)] if block else []
    return tuple(found)


def family_rows(texts: Sequence[FamilyText], renderer: Renderer, ends: Sequence[int]) -> list[Tokens]:
    """The texts as rows, of which only what is to be known is counted; `ends` are tokens that end a text.

    A text longer than the run's rows is cut to its first part.
    """
    return [_row(each, renderer, frozenset(ends)) for each in texts]


def _row(text: FamilyText, renderer: Renderer, ends: frozenset[int]) -> Tokens:
    (whole, *_) = renderer.render_text(text.text)
    first = _shared(whole.ids, renderer.render_text(text.text[: text.asked])[0].ids) if text.asked else 0
    trained = tuple(
        target and place >= first and token not in ends
        for place, (token, target) in enumerate(zip(whole.ids, whole.trained, strict=True))
    )
    return Tokens(whole.ids, trained)


def _shared(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two texts have in common at the beginning."""
    return next((i for i, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(other))


def rights(texts: Sequence[FamilyText], losses: RowLosses) -> npt.NDArray[np.float64]:
    """How right a model is in each text, 0 to 1.

    Of a text with a mark whether it would go on exactly so; of another the share of tokens that are its
    likeliest.
    """
    share = losses.right / np.maximum(losses.targets, 1)
    asked = np.array([each.asked > 0 for each in texts])
    found: npt.NDArray[np.float64] = np.where(asked, share == 1, share)
    return found


def unread(losses: RowLosses, places: Sequence[int], vocabulary: int) -> Phrase | None:
    """Why a loss on these rows says nothing: the baseline reads them no better than by guessing."""
    at = list(places)
    loss, guess = float(losses.sums[at].sum() / losses.targets[at].sum()), math.log(vocabulary)
    return phrase("kept.guesses", loss=loss, guess=guess) if loss >= guess else None


def unable(right: npt.NDArray[np.float64]) -> Phrase | None:
    """Why a share of right answers says nothing: the baseline has hardly any."""
    found = float(right.sum())
    if found >= ENOUGH_RIGHT:
        return None
    return phrase("kept.unable", right=round(found), count=len(right), enough=ENOUGH_RIGHT)
