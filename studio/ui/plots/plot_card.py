"""The card around a plot: current values behind their colours, and a menu with the values in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QAction, QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QFileDialog, QStackedWidget

from studio.language import tr
from studio.ui.plots.lazy import LazyCurve
from studio.ui.plots.style import CurveStyle
from studio.ui.plots.values import ValuesTable, write_csv
from studio.ui.theme import Theme
from studio.ui.widgets.button import IconButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import ElidedLabel, WrapLabel
from studio.ui.widgets.popup import Menu
from studio.ui.widgets.timing import Throttle

Key = tuple[str, str, str]
"""The token of a curve's colour, its value in words, and in as few as can be."""
ALL, FEW = 1, 2
DOT = 7
BEFORE, BETWEEN = 5, 14
VALUES_MILLISECONDS = 1000
"""At most so often the values are written while they change; nobody reads a table that flickers."""


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


class PlotCard(Card):
    """`curve` speaks like a CurvePlot; `set_waiting` tells whether the sentence stands in its place.

    Its menu offers a logarithmic axis, the values as a table in the plot's place, and both as files.
    """

    def __init__(self, theme: Theme, style: CurveStyle, waiting: str, least_height: int = 90) -> None:
        super().__init__(style.name)
        self.curve = LazyCurve(theme, style)
        self._theme = theme
        self._keys = KeyLabel(theme)
        self._keys.hide()
        self._more = IconButton("ellipsis", tr("{name}: axis, values and files", name=style.name))
        self._more.clicked.connect(self._open_menu)
        room = self._more.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        self._more.setSizePolicy(room)
        self._menu, self._log, self._values = self._build_menu(style)
        self.head.setSpacing(8)
        self.head.addWidget(self._keys, 1)
        self.head.addWidget(self._more)
        self._refresh = Throttle(self, VALUES_MILLISECONDS, self._show_values)
        self._waiting = WrapLabel(waiting, role="waiting")
        self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._waiting)
        self._stack.addWidget(self.curve)
        self._table = ValuesTable(style)
        self._stack.addWidget(self._table)
        self._stack.setMinimumHeight(least_height)
        self.body.addWidget(self._stack, 1)
        self._more.setEnabled(False)

    def value(self) -> str:
        return self._keys.text() if self._keys.isVisibleTo(self) else super().value()

    def set_value(self, text: str, tone: str = "dim") -> None:
        """The current value; a screen reader, which cannot see the curve, is told it too."""
        super().set_value(text, tone)
        self._keys.hide()
        self.curve.setAccessibleDescription(text)

    def set_keys(self, keys: Sequence[Key]) -> None:
        """The current values of several curves, each behind its colour."""
        self.set_value("")
        self._value.hide()
        self._keys.set_keys(keys)
        self._keys.show()
        self.curve.setAccessibleDescription(self._keys.text())

    def set_waiting(self, waiting: bool) -> None:
        shown = self._table if self._values.isChecked() else self.curve
        self._stack.setCurrentWidget(self._waiting if waiting else shown)
        self._more.setEnabled(not waiting)
        if not waiting and shown is self._table:
            self._refresh.trigger()

    def actions_shown(self) -> dict[str, QAction]:
        """The entries of the menu by their words."""
        return {action.text(): action for action in self._menu.actions() if action.isVisible()}

    def picture(self) -> QImage:
        """The card as it is, with its title and its values, twice as fine as the screen."""
        self._more.hide()
        image = QImage(self.size() * 2, QImage.Format.Format_ARGB32)
        image.setDevicePixelRatio(2)
        image.fill(self._theme.tokens.panel)
        self.render(image)
        self._more.show()
        return image

    def save(self, path: Path) -> None:
        """Write the picture, or to a .csv file all the values; where that fails, the card says so."""
        try:
            if path.suffix.lower() == ".csv":
                write_csv(path, *self.curve.build().table())
                is_saved = True
            else:
                is_saved = self.picture().save(str(path))
        except OSError:
            is_saved = False
        if not is_saved:
            self.set_value(tr("{name} could not be saved there", name=path.name), "bad")

    def _build_menu(self, style: CurveStyle) -> tuple[Menu, QAction, QAction]:
        menu = Menu(self)
        log = menu.addAction(tr("Logarithmic axis"))
        log.setVisible(style.offers_log)
        values = menu.addAction(tr("Show values"))
        for action in (log, values):
            action.setCheckable(True)
        log.toggled.connect(self.curve.set_log)
        values.toggled.connect(lambda _: self.set_waiting(False))
        menu.addSeparator()
        menu.addAction(tr("Save as PNG…"), lambda: self._ask_and_save("png"))
        menu.addAction(tr("Save as CSV…"), lambda: self._ask_and_save("csv"))
        return menu, log, values

    def _open_menu(self) -> None:
        self._menu.popup(self._more.mapToGlobal(QPoint(0, self._more.height() + 2)))

    def _ask_and_save(self, ending: str) -> None:
        name = f"{self.title().lower().replace('/', ' per ')}.{ending}"
        path, _ = QFileDialog.getSaveFileName(self, tr("Save the plot"), name, f"*.{ending}")
        if path:
            self.save(Path(path).with_suffix(f".{ending}"))

    def _show_values(self) -> None:
        if self._stack.currentWidget() is self._table:
            self._table.show_values(*self.curve.build().table())

    def clear(self) -> None:
        """No curve, no value, the sentence again."""
        self.curve.clear()
        self.set_value("")
        self.set_waiting(True)
