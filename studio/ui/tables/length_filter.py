"""How long the rows may be that a table shows: a mark in its search field, which opens two fields."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QGridLayout, QLineEdit, QSpinBox, QWidget, QWidgetAction

from studio.language import tr
from studio.ui.plain import tip
from studio.ui.theme import Theme
from studio.ui.widgets.button import Button
from studio.ui.widgets.label import PlainLabel
from studio.ui.widgets.popup import Menu

_MOST = 10_000_000


class LengthFilter(QAction):
    """A mark at the end of a search field; it opens two fields, and takes the accent while it filters."""

    changed_to = Signal(int, int)  # fewest, most (0: no limit)

    def __init__(self, theme: Theme, field: QLineEdit) -> None:
        super().__init__(field)
        self._theme, self._field = theme, field
        self.fewest, self.most = _spin(tr("Any")), _spin(tr("Any"))
        self.clear = Button(tr("Any length"), "quiet")
        self.popup = Menu(field)
        action = QWidgetAction(self.popup)
        action.setDefaultWidget(self._form())
        self.popup.addAction(action)
        field.addAction(self, QLineEdit.ActionPosition.TrailingPosition)
        self.triggered.connect(self._open)
        self.fewest.valueChanged.connect(self._change)
        self.most.valueChanged.connect(self._change)
        self.clear.clicked.connect(self.reset)
        theme.changed.connect(self._tint)
        self._tint()

    def _form(self) -> QWidget:
        form = QWidget()
        grid = QGridLayout(form)
        grid.setContentsMargins(12, 10, 12, 10)
        grid.setHorizontalSpacing(10)
        for place, (text, spin) in enumerate(((tr("At least"), self.fewest), (tr("At most"), self.most))):
            label = PlainLabel(text)
            label.setBuddy(spin)
            grid.addWidget(label, place, 0)
            grid.addWidget(spin, place, 1)
        grid.addWidget(self.clear, 2, 1)
        return form

    def limits(self) -> tuple[int, int]:
        """The fewest and the most tokens; 0 where there is no limit."""
        return self.fewest.value(), self.most.value()

    def reset(self) -> None:
        """Let every length through again."""
        self.fewest.setValue(0)
        self.most.setValue(0)

    def _open(self) -> None:
        corner = QPoint(self._field.width() - self.popup.sizeHint().width(), self._field.height() + 4)
        self.popup.popup(self._field.mapToGlobal(corner))
        self.fewest.setFocus()

    def _change(self) -> None:
        self._tint()
        self.changed_to.emit(*self.limits())

    def _tint(self) -> None:
        fewest, most = self.limits()
        self.setIcon(self._theme.icon("sliders-horizontal", "accent" if fewest or most else "dim"))
        bounds = [
            tr("at least {fewest:,}", fewest=fewest) if fewest else "",
            tr("at most {most:,}", most=most) if most else "",
        ]
        limits = tr(" and ").join(filter(None, bounds))
        self.setToolTip(
            tip(tr("Shown: rows of {limits} tokens", limits=limits) if limits else tr("Filter by length"))
        )


def _spin(nothing: str) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(0, _MOST)
    spin.setSpecialValueText(nothing)
    spin.setSuffix(tr(" tokens"))
    spin.setGroupSeparatorShown(True)
    spin.setKeyboardTracking(False)
    spin.setMinimumWidth(120)
    return spin
