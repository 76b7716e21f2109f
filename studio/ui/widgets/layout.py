"""Widgets in a row, in a column, or in a see-through area that scrolls."""

from __future__ import annotations

from types import EllipsisType

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLayout, QScrollArea, QVBoxLayout, QWidget

type LayoutPart = QWidget | QLayout
type Item = LayoutPart | int | EllipsisType | tuple[LayoutPart, int | Qt.AlignmentFlag]
"""A part; a part with its share of the room or its alignment; so many pixels; `...`, all other room."""

type Sides = tuple[int, int, int, int]
"""Pixels at the left, the top, the right and the bottom."""

NONE: Sides = (0, 0, 0, 0)


def row(*items: Item, on: QWidget | None = None, inside: Sides = NONE, gap: int = 10) -> QHBoxLayout:
    """Items from left to right, `gap` pixels apart; as the layout of `on`, where one is given."""
    return _filled(QHBoxLayout(), items, on, inside, gap)


def column(*items: Item, on: QWidget | None = None, inside: Sides = NONE, gap: int = 8) -> QVBoxLayout:
    """Items from top to bottom, `gap` pixels apart; as the layout of `on`, where one is given."""
    return _filled(QVBoxLayout(), items, on, inside, gap)


def add(layout: QBoxLayout, *items: Item) -> None:
    """Put more items at the end of a row or a column."""
    for item in items:
        if isinstance(item, int):
            layout.addSpacing(item)
        elif isinstance(item, EllipsisType):
            layout.addStretch(1)
        elif isinstance(item, tuple):
            _add_part(layout, *item)
        else:
            _add_part(layout, item, 0)


def clear(*items: Item, inside: Sides = NONE, gap: int = 8) -> QWidget:
    """A column on a widget of its own, which shows what is behind it."""
    widget = QWidget()
    widget.setProperty("role", "clear")
    column(*items, on=widget, inside=inside, gap=gap)
    return widget


def scrolled(widget: QWidget) -> QScrollArea:
    """A widget in a frameless, see-through scroll area that scrolls up and down only."""
    area = QScrollArea()
    area.setWidget(widget)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.viewport().setAutoFillBackground(False)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area


def _filled[L: QBoxLayout](
    layout: L, items: tuple[Item, ...], on: QWidget | None, inside: Sides, gap: int
) -> L:
    layout.setContentsMargins(*inside)
    layout.setSpacing(gap)
    add(layout, *items)
    if on is not None:
        on.setLayout(layout)
    return layout


def _add_part(layout: QBoxLayout, part: LayoutPart, how: int | Qt.AlignmentFlag) -> None:
    if isinstance(part, QLayout):
        layout.addLayout(part, how if isinstance(how, int) else 0)
    elif isinstance(how, Qt.AlignmentFlag):
        layout.addWidget(part, 0, how)
    else:
        layout.addWidget(part, how)
