"""Every colour of the app, light and dark; style sheet, palette, icons and plots are filled from these.

Sets for several things side by side were searched for the largest smallest distance between two of their
colours in OKLab (Ottosson 2020), as seen with normal vision and with each of the three colour vision
deficiencies as Machado et al. 2009 model them, among the colours that reach a contrast of 3 on a card. The
first few are furthest apart.
"""

from __future__ import annotations

import colorsys
from dataclasses import asdict, dataclass, replace

from PySide6.QtCore import Qt

LIGHT_HUES = ("#2C64DE", "#E96F00", "#7A004E", "#43640B", "#BC7AC8", "#00A67A", "#C8214E", "#43219B")
DARK_HUES = ("#6F9BF4", "#DEF437", "#DE4E16", "#FFA6C8", "#169064", "#B143A6", "#85FFFF", "#BCA600")
DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)
MOST = len(LIGHT_HUES) * len(DASHES)
"""So many lines can be told apart: by hue, then by dashes."""


def hue(tokens: ThemeColours, place: int) -> str:
    """The colour of the thing at `place`, counted from 0."""
    hues = DARK_HUES if luminance(tokens.panel) < 0.2 else LIGHT_HUES
    return hues[place % len(hues)]


def dash(place: int) -> Qt.PenStyle:
    """How the line of the thing at `place` is drawn: solid for the first eight."""
    return DASHES[place // len(LIGHT_HUES) % len(DASHES)]


TINTED = ("accent", "good", "warn", "bad", "second", "third")
READABLE = 4.5


@dataclass(frozen=True)
class ThemeColours:
    """Colours as #RRGGBB. Text tokens reach a contrast of 4.5 on `bg`, `panel` and `side`."""

    bg: str  # window
    panel: str  # cards, tables
    side: str  # sidebar
    line: str  # hairlines, borders of cards
    edge: str  # borders of fields and buttons, a little stronger
    field: str  # the inside of fields and buttons
    hover: str  # what the pointer is over
    text: str
    dim: str
    faint: str
    accent: str  # selection, training curve
    fill: str  # the primary button
    on_fill: str  # text on the primary button
    good: str
    warn: str
    bad: str
    second: str  # validation curve
    third: str  # memory

    def tint(self, name: str, share: float = 0.13, over: str = "panel") -> str:
        """The token `name` as a wash over the token `over`."""
        return mix(getattr(self, name), getattr(self, over), share)

    def named(self) -> dict[str, str]:
        """Every token and tint by the name the style sheet uses: `good`, `good_tint`."""
        tints = {f"{name}_tint": self.tint(name) for name in TINTED}
        return {**asdict(self), **tints, "selected": self.tint("accent", 0.15, "side")}

    def with_accent(self, colour: str) -> ThemeColours:
        """These tokens with the system's accent, made readable; unchanged for a colourless accent."""
        red, green, blue = _channels(colour)
        hue, _, saturation = colorsys.rgb_to_hls(red, green, blue)
        if saturation < 0.25:
            return self
        fill = _readable(hue, min(saturation, 0.85), self.on_fill, darker=True)
        dark = luminance(self.panel) < 0.2
        accent = _readable(hue, min(saturation, 0.85), self.panel, darker=not dark)
        return replace(self, accent=accent, fill=fill)


LIGHT = ThemeColours(
    bg="#F6F6F4",
    panel="#FFFFFF",
    side="#EDEDEA",
    line="#E3E3DE",
    edge="#D6D6D0",
    field="#FFFFFF",
    hover="#F1F1EE",
    text="#1D1D1B",
    dim="#575752",
    faint="#6B6B65",
    accent="#2767E3",
    fill="#2F6FED",
    on_fill="#FFFFFF",
    good="#167547",
    warn="#8F5904",
    bad="#BF3329",
    second="#C2601A",
    third="#7A5AE0",
)

DARK = ThemeColours(
    bg="#1B1C1E",
    panel="#232427",
    side="#161719",
    line="#33353A",
    edge="#404248",
    field="#1B1C1E",
    hover="#2B2D31",
    text="#ECECEA",
    dim="#AEAFAD",
    faint="#93959A",
    accent="#6B9BF5",
    fill="#3A6FE0",
    on_fill="#FFFFFF",
    good="#43C083",
    warn="#E0A23C",
    bad="#F2776E",
    second="#F09A5B",
    third="#A48BF5",
)


def mix(colour: str, ground: str, share: float) -> str:
    """`share` of `colour` over `ground`, opaque."""
    pairs = zip(_channels(colour), _channels(ground), strict=True)
    return _hex(*(share * top + (1 - share) * under for top, under in pairs))


def luminance(colour: str) -> float:
    """Relative luminance after WCAG 2, 0 to 1."""
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio after WCAG 2, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _readable(hue: float, saturation: float, ground: str, *, darker: bool) -> str:
    steps = range(60, 10, -1) if darker else range(50, 95)
    shades = (_hex(*colorsys.hls_to_rgb(hue, step / 100, saturation)) for step in steps)
    return next(shade for shade in shades if contrast(shade, ground) >= READABLE)


def _channels(colour: str) -> tuple[float, float, float]:
    return int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255


def _hex(*channels: float) -> str:
    return "#" + "".join(f"{round(255 * channel):02X}" for channel in channels)
