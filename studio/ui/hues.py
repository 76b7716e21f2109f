"""Colours for several things side by side, told apart by every kind of colour vision, light and dark.

Each set was searched for the largest smallest distance between two of its colours in OKLab (Ottosson 2020),
as seen with normal vision and with each of the three colour vision deficiencies as Machado et al. 2009
model them, among the colours that reach a contrast of 3 on a card. The first few are furthest apart.
"""

from __future__ import annotations

from PySide6.QtCore import Qt

from studio.ui.tokens import Tokens, luminance

LIGHT_HUES = ("#2C64DE", "#E96F00", "#7A004E", "#43640B", "#BC7AC8", "#00A67A", "#C8214E", "#43219B")
DARK_HUES = ("#6F9BF4", "#DEF437", "#DE4E16", "#FFA6C8", "#169064", "#B143A6", "#85FFFF", "#BCA600")
DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)
MOST = len(LIGHT_HUES) * len(DASHES)
"""So many lines can be told apart: by hue, then by dashes."""


def hue(tokens: Tokens, place: int) -> str:
    """The colour of the thing at `place`, counted from 0."""
    hues = DARK_HUES if luminance(tokens.panel) < 0.2 else LIGHT_HUES
    return hues[place % len(hues)]


def dash(place: int) -> Qt.PenStyle:
    """How the line of the thing at `place` is drawn: solid for the first eight."""
    return DASHES[place // len(LIGHT_HUES) % len(DASHES)]
