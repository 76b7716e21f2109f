"""Figures as SVG: plain shapes and text, the same in a browser, on paper and in the PDF. Text is escaped."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

INK, DIM, LINE, PAPER = "#1c1e21", "#5f6670", "#d5d9de", "#ffffff"
BETTER, WORSE, UNCLEAR = "#00714f", "#c8214e", "#5f6670"
HUES = ("#2c64de", "#e96f00", "#7a004e", "#43640b", "#bc7ac8", "#00a67a")
FONT = "Inter, Helvetica, Arial, sans-serif"


def text(
    x: float, y: float, words: str, *, size: float = 11, colour: str = INK, anchor: str = "start"
) -> str:
    """A line of text; what cannot be printed, and no XML may hold, is shown as such."""
    words = "".join(c if c.isprintable() else "\ufffd" for c in words)
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{colour}" '
        f'text-anchor="{anchor}">{escape(words, quote=False)}</text>'
    )


def line(x1: float, y1: float, x2: float, y2: float, colour: str = LINE, width: float = 1) -> str:
    """A straight line."""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{colour}" stroke-width="{width:g}" stroke-linecap="round"/>'
    )


def box(x: float, y: float, width: float, height: float, colour: str) -> str:
    """A filled rectangle."""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def dot(x: float, y: float, colour: str, radius: float = 3.5) -> str:
    """A filled circle."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{colour}"/>'


def path(points: Sequence[tuple[float, float]], colour: str) -> str:
    """A line through points."""
    through = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{through}" fill="none" stroke="{colour}" stroke-width="1.6"/>'


def drawn(width: float, height: float, parts: Sequence[str]) -> str:
    """A whole figure."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" font-family="{FONT}">'
    )
    return "".join((head, box(0, 0, width, height, PAPER), *parts, "</svg>"))


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers from low to high, some five of them."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [low]
    rough = span / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 12) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def short(words: str, most: int) -> str:
    """At most so many characters, an ellipsis for the rest."""
    return words if len(words) <= most else f"{words[: most - 1]}…"


def blend(share: float, colour: str = HUES[0]) -> str:
    """White at 0, the colour at 1."""
    share = min(1.0, max(0.0, share))
    parts = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return "#" + "".join(f"{round(255 + share * (part - 255)):02x}" for part in parts)
