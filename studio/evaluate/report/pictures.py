"""The figures of a report: the differences with their intervals, and what the measures drew, by its kind."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from studio.evaluate.report import drawing
from studio.evaluate.report.blocks import Picture
from studio.evaluate.report.drawing import DIM, HUES, INK, dot, drawn, line, short, text, ticks
from studio.evaluate.score_text import difference_text
from studio.events import Difference, Figure, Score

WIDTH = 680.0
_LABEL = 62.0  # what a label of a column takes at most
_COLOURS = {"better": drawing.BETTER, "worse": drawing.WORSE, "unclear": drawing.UNCLEAR}


ROWS = 24
"""So many differences fit on a page beside a caption."""


def intervals(rows: Sequence[tuple[str, Score, Difference]], number: int = 1) -> Picture:
    """Differences with their 95 % intervals; right is better, and each row has a scale of its own."""
    height, left, right = 26.0 * len(rows) + 40, 220.0, WIDTH - 150
    middle, half = (left + right) / 2, (right - left) / 2 - 8
    parts = [line(middle, 22, middle, height - 14, drawing.DIM)]
    parts.append(text(left, 14, "← worse", size=10, colour=DIM))
    parts.append(text(right, 14, "better →", size=10, colour=DIM, anchor="end"))
    for number, (title, score, moved) in enumerate(rows):
        y = 36 + 26.0 * number
        sign = -1 if score.better == "lower" else 1
        reach = 1.08 * max(abs(moved.low), abs(moved.high), abs(moved.value)) or 1.0
        colour = _COLOURS[score.direction(moved)]
        low, value, high = (
            middle + half * sign * each / reach for each in (moved.low, moved.value, moved.high)
        )
        parts += [
            text(0, y + 4, short(title, 38)),
            line(left, y, right, y),
            line(low, y, high, y, colour, 4),
            dot(value, y, colour, 5),
            text(WIDTH, y + 4, _range(moved, score.unit), size=10, colour=DIM, anchor="end"),
        ]
    return Picture(
        f"intervals-{number}",
        "Differences from the baseline with 95 % intervals",
        drawn(WIDTH, height, parts),
    )


def _range(moved: Difference, unit: str) -> str:
    return f"{difference_text(moved.low, unit)} to {difference_text(moved.high, unit)}"


def picture_of(figure: Figure) -> Picture | None:
    """A measure's figure; None for a kind that is written as text."""
    draw = _KINDS.get(figure.kind_of_figure)
    if draw is None:
        return None
    name = re.sub(r"[^\w.-]+", "-", f"{figure.measure}-{figure.key}").strip("-")
    return Picture(name, str(figure.title), draw(figure.data))


def _heat(data: Mapping[str, Any]) -> str:
    columns, rows, values = data["x"], data["y"], data["values"]
    left, top = 110.0, 24.0
    size = max(4.0, min(26.0, (WIDTH - left) / max(1, len(columns))))
    wide = max(size, min(72.0, (WIDTH - left) / max(1, len(columns))))
    most = max((abs(float(each)) for row in values for each in row if each is not None), default=0.0) or 1.0
    parts = []
    for y, row in enumerate(values):
        if size >= 9 or y % 4 == 0:
            parts.append(
                text(left - 6, top + size * (y + 0.7), short(str(rows[y]), 18), size=9, anchor="end")
            )
        for x, value in enumerate(row):
            colour = drawing.blend(abs(float(value or 0)) / most)
            parts.append(drawing.box(left + wide * x, top + size * y, wide - 0.6, size - 0.6, colour))
    every = max(1, math.ceil(_LABEL / wide))
    for x in range(0, len(columns), every):
        parts.append(
            text(left + wide * (x + 0.5), top - 6, short(str(columns[x]), 12), size=9, anchor="middle")
        )
    foot = top + size * len(values) + 16
    parts.append(text(left, foot, f"0 (white) to {most:.3g} {data.get('unit', '')}", size=9, colour=DIM))
    return drawn(WIDTH, foot + 8, parts)


def _bars(data: Mapping[str, Any]) -> str:
    labels, series = data["x"], data["series"]
    left, row = 150.0, 10.0 * max(1, len(series)) + 12
    values = [float(each) for one in series for each in one["values"]]
    low, high = min(0.0, *values) if values else 0.0, max(0.0, *values) if values else 1.0
    reach = (high - low) or 1.0

    def at(value: float) -> float:
        return left + (WIDTH - left - 60) * (value - low) / reach

    parts = []
    for place, label in enumerate(labels):
        top = 24 + row * place
        parts.append(text(left - 8, top + row / 2, short(str(label), 24), size=10, anchor="end"))
        for number, one in enumerate(series):
            value = float(one["values"][place])
            start, end = sorted((at(0.0), at(value)))
            parts.append(drawing.box(start, top + 10 * number, end - start, 8, HUES[number % len(HUES)]))
            said = f"{100 * value:.0f} %" if data.get("unit") == "share" else f"{value:.3g}"
            parts.append(text(end + 4, top + 10 * number + 8, said, size=9, colour=DIM))
    parts += _legend([str(one["name"]) for one in series])
    return drawn(WIDTH, 32 + row * len(labels), parts)


def _legend(names: Sequence[str]) -> list[str]:
    parts, x = [], 0.0
    for number, name in enumerate(names):
        parts += [
            drawing.box(x, 4, 10, 10, HUES[number % len(HUES)]),
            text(x + 14, 13, short(name, 24), size=10),
        ]
        x += 34 + 6.2 * min(24, len(name))
    return parts


def _dots(data: Mapping[str, Any]) -> str:
    names = list(dict.fromkeys(str(point.get("series", "")) for point in data["points"]))
    points = [(float(each["x"]), float(each["y"])) for each in data["points"]]
    parts, at = _axes(data, points)
    for point, place in zip(data["points"], points, strict=True):
        x, y = at(*place)
        parts.append(dot(x, y, HUES[names.index(str(point.get("series", ""))) % len(HUES)], 4.5))
        parts.append(text(x + 7, y + 4, short(str(point.get("label", "")), 28), size=9, colour=DIM))
    return drawn(WIDTH, _HEIGHT, parts + (_legend(names) if len(names) > 1 else []))


def _lines(data: Mapping[str, Any]) -> str:
    series = [list(zip(map(float, one["x"]), map(float, one["y"]), strict=True)) for one in data["series"]]
    parts, at = _axes(data, [point for one in series for point in one])
    for number, one in enumerate(series):
        parts.append(drawing.path([at(*point) for point in one], HUES[number % len(HUES)]))
    return drawn(WIDTH, _HEIGHT, parts + _legend([str(one["name"]) for one in data["series"]]))


_HEIGHT = 300.0


def _axes(
    data: Mapping[str, Any], points: Sequence[tuple[float, float]]
) -> tuple[list[str], Callable[[float, float], tuple[float, float]]]:
    """The frame of a plot, and where a point stands in it."""
    spans = []
    for place in (0, 1):
        values = [point[place] for point in points] or [0.0, 1.0]
        low, high = min(values), max(values)
        margin = 0.08 * (high - low) or max(abs(high), 1.0) * 0.1
        spans.append((low - margin, high + margin))
    (x0, x1), (y0, y1) = spans
    left, right, top, bottom = 60.0, WIDTH - 16, 26.0, _HEIGHT - 42

    def at(x: float, y: float) -> tuple[float, float]:
        return left + (right - left) * (x - x0) / (x1 - x0), bottom - (bottom - top) * (y - y0) / (y1 - y0)

    parts = []
    for value in ticks(x0, x1):
        x, _ = at(value, y0)
        parts += [line(x, top, x, bottom), text(x, bottom + 14, f"{value:g}", size=9, anchor="middle")]
    for value in ticks(y0, y1):
        _, y = at(x0, value)
        parts += [line(left, y, right, y), text(left - 6, y + 3, f"{value:g}", size=9, anchor="end")]
    parts.append(
        text((left + right) / 2, _HEIGHT - 8, str(data.get("x_title", "")), size=10, anchor="middle")
    )
    parts.append(text(right, 14, str(data.get("y_title", "")), size=10, colour=INK, anchor="end"))
    return parts, at


def _tokens(data: Mapping[str, Any]) -> str:
    series = data["series"][0]
    values = [None if each is None else float(each) for each in series["values"]]
    most = max((abs(value) for value in values if value is not None), default=0.0) or 1.0
    parts, x, y = [], 0.0, 30.0
    for token, value in zip(data["texts"], values, strict=False):
        if value is None:  # what stands between the tokens that have values
            words, _, more = str(token).partition("\n")
            parts.append(text(x + 2, y, short(words, 95), size=11, colour=DIM))
            x, y = (0.0, y + (32 if more else 22)) if "\n" in str(token) else (x + 7.0 * len(words), y)
            continue
        shown = short(str(token).replace("\n", "⏎") or " ", 24)
        width = 7.0 * len(shown) + 4
        if x + width > WIDTH:
            x, y = 0.0, y + 22
        colour = HUES[0] if value >= 0 else drawing.WORSE
        parts.append(drawing.box(x, y - 13, width - 1, 18, drawing.blend(0.75 * abs(value) / most, colour)))
        parts.append(text(x + 2, y, shown, size=11))
        x += width
    parts.append(
        text(0, 12, f"{series['name']}, up to {most:.3g} {data.get('unit', '')}", size=10, colour=DIM)
    )
    return drawn(WIDTH, y + 14, parts)


_KINDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "heat": _heat,
    "bars": _bars,
    "dots": _dots,
    "lines": _lines,
    "tokens": _tokens,
}
