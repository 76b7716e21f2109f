"""Which run a pane is about: a button that names it, and a list to choose another one from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRectF,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionButton,
    QStyleOptionViewItem,
    QStylePainter,
    QWidget,
)

from studio import words
from studio.catalogue import worded
from studio.language import tr
from studio.runs.store import RunSummary
from studio.ui.icons import tone_colour
from studio.ui.plain import tip
from studio.ui.theme import body_font
from studio.ui.widgets.button import Button, Icon
from studio.ui.widgets.card import Card
from studio.ui.widgets.layout import column

_NAME, _FACTS = int(Qt.ItemDataRole.UserRole), int(Qt.ItemDataRole.UserRole) + 1
_WIDTH, _LINE, _LINES_SHOWN = 420, 46, 8
_MANY = 8
"""More runs than this can be searched."""
_WIDEST, _AROUND = 340, 40
_OPENING = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down)
_MOVING = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


def facts_of(run: RunSummary) -> str:
    """What tells a run from others: its dataset, how far it came, and when it began."""
    far = tr("step {step:,} of {steps:,}", step=run.step, steps=run.steps) if run.steps else tr("no step yet")
    state = "" if run.state == "done" else f", {worded(run.state)}"
    return f"{PurePath(run.dataset).stem or tr('no dataset')} · {far}{state} · {words.when(run.created)}"


class RunPicker(Button):
    """Names the run that a pane is about; pressed, it offers the others, the newest first.

    With `none` a pane may be about no run, which is then offered under that name. Hidden where there is
    nothing to choose.
    """

    chosen = Signal(str)  # a run's name, or nothing for none

    def __init__(self, none: str = "") -> None:
        super().__init__("", "subject")
        self._runs: Sequence[RunSummary] = ()
        self._name, self._none, self._why_not = "", none, ""
        self._arrow = Icon("chevron-down", 14, parent=self)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self.open_list)
        self.show_runs((), "")

    def name(self) -> str:
        """The run that is named; nothing where there is none."""
        return self._name

    def show_runs(self, runs: Sequence[RunSummary], name: str) -> None:
        """Name a run, and offer these, the newest first."""
        self._runs, self._name = sorted(runs, key=lambda run: run.created, reverse=True), name
        self.setText(name or self._none or tr("Choose a run"))
        self._describe()
        self.updateGeometry()
        self.setVisible(bool(name or runs))

    def hold(self, why: str) -> None:
        """Offer no other run for now, and say why; nothing lets one be chosen again."""
        self._why_not = why
        self.setEnabled(not why)
        self._describe()

    def open_list(self) -> None:
        """Let another run be chosen."""
        popup = RunList(self._runs, self._name, self._none, self)
        popup.chosen.connect(self._on_chosen)
        popup.show_below(self)

    def sizeHint(self) -> QSize:
        width = self.fontMetrics().horizontalAdvance(self.text()) + _AROUND
        return QSize(min(width, _WIDEST), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(min(90, self.sizeHint().width()), super().minimumSizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _OPENING:
            self.open_list()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """As the style paints it, but a long name loses its middle: runs of one sweep differ at the end."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        room = self.width() - _AROUND + 2
        option.text = self.fontMetrics().elidedText(option.text, Qt.TextElideMode.ElideMiddle, room)
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)
        self._arrow.move(self.width() - 14 - 6, (self.height() - 14) // 2)

    def _describe(self) -> None:
        run = next((run for run in self._runs if run.name == self._name), None)
        facts = facts_of(run) if run is not None else ""
        self.setAccessibleName(tr("Run: {text}", text=self.text()))
        self.setAccessibleDescription(
            " ".join(filter(None, (facts, self._why_not or tr("Choose another run."))))
        )
        self.setToolTip(tip("\n".join(filter(None, (self.text(), facts, self._why_not)))))

    def _on_chosen(self, name: str) -> None:
        if name != self._name:
            self.chosen.emit(name)


class RunList(QFrame):
    """The runs in a list over the window; typing looks among many, Return chooses, Escape leaves."""

    chosen = Signal(str)

    def __init__(self, runs: Sequence[RunSummary], current: str, none: str, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._model, self._found = QStandardItemModel(self), QSortFilterProxyModel(self)
        if none:
            self._model.appendRow(_entry("", none, tr("Trains the recipe as it stands"), current))
        for run in runs:
            self._model.appendRow(_entry(run.name, run.name, facts_of(run), current))
        self._found.setSourceModel(self._model)
        self._found.setFilterRole(Qt.ItemDataRole.AccessibleTextRole)
        self._found.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.view, self.search = QListView(), QLineEdit()
        self._set_up()
        self._choose_row(current)

    def names(self) -> list[str]:
        """The runs in the list, as far as they are looked for."""
        return [str(self._found.index(row, 0).data(_NAME)) for row in range(self._found.rowCount())]

    def show_below(self, anchor: QWidget) -> None:
        """Open under a button, its left edge aligned."""
        self.adjustSize()
        self.move(anchor.mapToGlobal(QPoint(0, anchor.height() + 4)))
        self.show()
        (self.view if self.search.isHidden() else self.search).setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What moves in the list does so from the search field, too."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(self.view.currentIndex())
                return True
            if watched is self.search and event.key() in _MOVING:
                self.view.keyPressEvent(event)
                return True
        return super().eventFilter(watched, event)

    def _set_up(self) -> None:
        card = Card()
        card.setFixedWidth(_WIDTH)
        card.body.addWidget(self.search)
        card.body.addWidget(self.view)
        column(card, on=self)
        self.search.setPlaceholderText(tr("Search runs"))
        self.search.setAccessibleName(tr("Search names, datasets and dates of runs"))
        self.search.setVisible(self._model.rowCount() > _MANY)
        self.search.textChanged.connect(self._seek)
        self.view.setModel(self._found)
        self.view.setProperty("role", "runs")
        self.view.setAccessibleName(tr("Runs, the newest first"))
        self.view.setItemDelegate(_Lines(self.view))
        self.view.setUniformItemSizes(True)
        self.view.setMouseTracking(True)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setFixedHeight(_LINE * min(self._model.rowCount(), _LINES_SHOWN) + 2)
        self.view.clicked.connect(self._choose)
        for widget in (self.search, self.view):
            widget.installEventFilter(self)

    def _seek(self, text: str) -> None:
        self._found.setFilterFixedString(text.strip())
        self.view.setCurrentIndex(self._found.index(0, 0))

    def _choose_row(self, name: str) -> None:
        row = self.names().index(name) if name in self.names() else 0
        self.view.setCurrentIndex(self._found.index(row, 0))
        self.view.scrollTo(self.view.currentIndex())

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            name = str(index.data(_NAME))
            self.close()
            self.chosen.emit(name)


def _entry(name: str, title: str, facts: str, current: str) -> QStandardItem:
    item = QStandardItem(title)
    item.setEditable(False)
    item.setData(name, _NAME)
    item.setData(facts, _FACTS)
    item.setData(f"{title} · {facts}", int(Qt.ItemDataRole.AccessibleTextRole))
    item.setData(tip(title), int(Qt.ItemDataRole.ToolTipRole))
    if name == current:
        item.setFont(body_font(strong=True))
    return item


class _Lines(QStyledItemDelegate):
    """A run's name above what tells it from others."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(_WIDTH - 60, _LINE)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        self.initStyleOption(option, index)
        title, font, option.text = option.text, option.font, ""
        option.widget.style().drawControl(
            QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget
        )
        inner = QRectF(option.rect).adjusted(10, 5, -10, -5)
        lines = (
            (title, font, "text", Qt.TextElideMode.ElideMiddle, Qt.AlignmentFlag.AlignTop),
            (
                str(index.data(_FACTS)),
                body_font(12),
                "dim",
                Qt.TextElideMode.ElideRight,
                Qt.AlignmentFlag.AlignBottom,
            ),
        )
        for text, shape, tone, cut, where in lines:
            painter.setFont(shape)
            painter.setPen(tone_colour(tone))
            shown = painter.fontMetrics().elidedText(text, cut, int(inner.width()))
            painter.drawText(inner, where | Qt.AlignmentFlag.AlignLeft, shown)
