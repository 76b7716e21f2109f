"""The current values of several curves in one line, each behind a dot in its curve's colour."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent

from studio.ui.theme import Theme
from studio.ui.widgets.label import ElidedLabel

Key = tuple[str, str, str]
"""The token of a curve's colour, its value in words, and in as few as can be."""
ALL, FEW = 1, 2
DOT = 7
BEFORE, BETWEEN = 5, 14


class KeyLabel(ElidedLabel):
    """Shows (colour token, words, few words) from the right: the few where the others do not fit.

    The tooltip then has them all.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._keys: tuple[Key, ...] = ()
        self.setProperty("tone", "dim")
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        theme.changed.connect(self.update)

    def set_keys(self, keys: Sequence[Key]) -> None:
        if tuple(keys) != self._keys:
            self._keys = tuple(keys)
            self.setText("  ·  ".join(words for _, words, _ in keys))

    def shown_text(self) -> str:
        """All the words, or the few of as many as fit."""
        place, keys = self._fitting()
        return "  ·  ".join(key[place] for key in keys)

    def paintEvent(self, event: QPaintEvent) -> None:
        place, keys = self._fitting()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = self.contentsRect()
        left = room.right() + 1 - self._width(place, keys)
        for key in keys:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(getattr(self._theme.tokens, key[0])))
            painter.drawEllipse(QPointF(left + DOT / 2, room.center().y() + 1), DOT / 2, DOT / 2)
            painter.setPen(self.palette().color(self.foregroundRole()))
            words = QRect(left + DOT + BEFORE, room.top(), room.width(), room.height())
            painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, key[place])
            left += self._key_width(key[place]) + BETWEEN

    def _fitting(self) -> tuple[int, tuple[Key, ...]]:
        """Which words to show, and of which of the curves."""
        room = self.contentsRect().width()
        if self._width(ALL, self._keys) <= room:
            return ALL, self._keys
        counts = range(len(self._keys), 0, -1)
        count = next((n for n in counts if self._width(FEW, self._keys[:n]) <= room), 0)
        return FEW, self._keys[:count]

    def _width(self, place: int, keys: Sequence[Key]) -> int:
        return sum(self._key_width(key[place]) for key in keys) + BETWEEN * max(len(keys) - 1, 0)

    def _key_width(self, words: str) -> int:
        return DOT + BEFORE + self.fontMetrics().horizontalAdvance(words)
