"""How a curve looks and speaks, as plain values that need no plotting library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from studio.language import tr

Which = Literal["main", "dots", "others"]
"""Whose points are meant: the main curve, drawn as a line, or the second or the third, drawn as dots."""


def three_digits(value: float) -> str:
    """A value as hover text: 0.843, 12.1, 1,284."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


@dataclass(frozen=True)
class CurveStyle:
    """`colour`, `dot_colour` and `other_colour` name tokens; `words` writes a value for the crosshair,
    `ticks` for the axis.

    With `smooths` false the raw curve is drawn solid. `marks_best` rings the lowest dot. `offers_log` is for
    values that are above zero and may differ by factors.
    """

    name: str = tr("Curve")
    main_name: str = "value"
    colour: str = "accent"
    dot_colour: str = "second"
    dot_name: str = "validation"
    other_colour: str = "third"
    other_name: str = tr("general text")
    marks_best: bool = True
    x_name: str = "step"
    smooths: bool = True
    from_zero: bool = False
    offers_log: bool = False
    redraw_milliseconds: int = 100
    words: Callable[[float], str] = three_digits
    ticks: Callable[[float, float], str] | None = None
