"""The tables of models: their columns as data, what a search looks through, and how fits are painted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QStyleOptionViewItem, QTableView

from studio.events import ModelFacts, OnlineModel
from studio.language import tr
from studio.ui.panes.models import words
from studio.ui.tables.delegates import CellDelegate, dress_rows, paint_pill, pill_width
from studio.ui.tables.model import ROW, SORT, Mark, TableColumn, TableModel
from studio.ui.theme import Theme
from studio.words import short_count

SOUGHT = ROW + 20
"""The role of what a search looks through."""
PILLS = ROW + 21
"""The role of what a model may be used for, as pills."""

_ACCESSIBLE = int(Qt.ItemDataRole.AccessibleTextRole)
_PILL_GAP, _PILL_HEIGHT, _INSET = 4, 20, 8
_ROW_HEIGHT = 34


def _tone(facts: ModelFacts) -> str:
    return "text" if facts.problem is None else "faint"


def _name_tip(facts: ModelFacts) -> str:
    lines = (facts.name, facts.place, str(facts.problem or ""))
    return "\n".join(filter(None, lines))


def _dim(title: str, text: Any, key: Any, width: int, from_width: int = 0) -> TableColumn[Any]:
    """A column of figures in the second level of text; Qt orders whole numbers that are large wrongly."""

    def order(row: Any) -> Any:
        value = key(row)
        return float(value) if isinstance(value, int) else value

    return TableColumn(title, text, order, True, "dim", tip=text, width=width, from_width=from_width)


FACTS: tuple[TableColumn[ModelFacts], ...] = (
    TableColumn(tr("Name"), words.short_name, tone=_tone, tip=_name_tip),
    TableColumn(tr("Found in"), words.source, tone="dim", width=104, from_width=640),
    TableColumn(
        tr("Architecture"),
        lambda facts: facts.architecture or words.NONE,
        tone="dim",
        tip=lambda facts: facts.architecture,
        width=104,
        from_width=900,
    ),
    _dim(tr("Parameters"), lambda facts: words.billions(facts.parameters), lambda f: f.parameters, 88, 560),
    _dim(tr("Bits"), words.bits, lambda facts: facts.bits, 52, 500),
    _dim(tr("Size"), words.size, lambda facts: facts.size, 78),
    _dim(tr("Context"), words.context, lambda facts: facts.context, 84, 810),
    TableColumn(
        tr("Licence"),
        lambda facts: facts.license or words.NONE,
        tone="dim",
        tip=lambda facts: facts.license,
        width=100,
        from_width=980,
    ),
    TableColumn(tr("Fits here"), sort=words.fit_rank, tip=words.uses_words, width=206),
)
FIT = len(FACTS) - 1


def _mark(found: OnlineModel) -> Mark | None:
    if found.here:
        return (tr("Here"), "good")
    return (tr("Gated"), "warn") if found.gated else None


def _mark_tip(found: OnlineModel) -> str:
    if found.here:
        return tr("This model is on this Mac.")
    return tr("Its owner asks you to accept a licence first.") if found.gated else ""


ONLINE: tuple[TableColumn[OnlineModel], ...] = (
    TableColumn(
        tr("Name"),
        lambda found: words.short_name(found.facts),
        tone=lambda found: _tone(found.facts),
        tip=lambda found: _name_tip(found.facts),
    ),
    TableColumn(tr("By"), lambda found: words.owner(found.facts), tone="dim", width=120, from_width=760),
    TableColumn(
        "",
        sort=lambda found: (_mark(found) or ("", ""))[0],
        badge=_mark,
        tip=_mark_tip,
        width=66,
        from_width=520,
    ),
    _dim(
        tr("Parameters"), lambda f: words.billions(f.facts.parameters), lambda f: f.facts.parameters, 88, 640
    ),
    _dim(tr("Bits"), lambda found: words.bits(found.facts), lambda found: found.facts.bits, 52, 700),
    _dim(tr("Size"), lambda found: words.size(found.facts), lambda found: found.facts.size, 78),
    _dim(tr("Downloads"), lambda f: short_count(f.downloads), lambda f: f.downloads, 86, 600),
    _dim(tr("Likes"), lambda f: short_count(f.likes), lambda f: f.likes, 62, 1000),
    _dim(tr("Changed"), lambda f: words.changed(f.changed), lambda f: f.changed, 96, 900),
    TableColumn(
        tr("Fits here"),
        sort=lambda found: words.fit_rank(found.facts),
        tip=lambda found: words.uses_words(found.facts),
        width=206,
    ),
)


class ModelsModel(TableModel[Any]):
    """Models as rows; the last column paints what each may be used for."""

    def cell(self, row: Any, place: int, role: int) -> Any:
        facts = row.facts if isinstance(row, OnlineModel) else row
        if role == SOUGHT:
            parts = (facts.name, facts.architecture, facts.license, words.source(facts), facts.place)
            return "\n".join(parts)
        if place == len(self.columns) - 1:
            if role == PILLS:
                return (
                    [(tr("Cannot be used"), "warn", False)]
                    if facts.problem is not None
                    else words.pills(facts)
                )
            if role == _ACCESSIBLE:
                return words.uses_words(facts)
        return super().cell(row, place, role)


class _FitDelegate(CellDelegate):
    """As all cells, and the pills of what a model may be used for."""

    def __init__(self, theme: Theme, view: QTableView) -> None:
        super().__init__(theme, view)
        self._colours = theme

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        box = QRectF(option.rect)
        left, top = box.left() + _INSET, box.center().y() - _PILL_HEIGHT / 2
        for word, tone, struck in index.data(PILLS) or ():
            width = pill_width(word)
            if left + width > box.right():
                return
            paint_pill(painter, QPointF(left, top), word, self._colours.tokens, tone, struck=struck)
            left += width + _PILL_GAP


class ModelsTable(QTableView):
    """One model at a time is chosen; a narrow table leaves columns out, which the details show.

    Return and a double click want what is done with a model first, Delete wants it gone.
    """

    opened = Signal()
    delete_wanted = Signal()

    def __init__(self, theme: Theme, columns: Sequence[TableColumn[Any]], name: str) -> None:
        super().__init__()
        self.models: ModelsModel = ModelsModel(columns, theme=theme, parent=self)
        self.order = QSortFilterProxyModel(self)
        self.order.setSourceModel(self.models)
        self.order.setSortRole(SORT)
        self.order.setFilterRole(SOUGHT)
        self.order.setFilterKeyColumn(0)
        self.order.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        dress_rows(self, theme, self.models, name)
        self.setModel(self.order)
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        self.setItemDelegate(_FitDelegate(theme, self))
        self.setSortingEnabled(True)
        head = self.horizontalHeader()
        head.setSortIndicatorClearable(True)
        head.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        head.setMinimumSectionSize(40)
        for place, column in enumerate(columns):
            fixed = QHeaderView.ResizeMode.Fixed if column.width else QHeaderView.ResizeMode.Stretch
            head.setSectionResizeMode(place, fixed)
            self.setColumnWidth(place, column.width or self.columnWidth(place))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.doubleClicked.connect(self.opened)

    def chosen(self) -> Any:
        """The row that is stood on, or None."""
        rows = self.selectionModel().selectedRows()
        return rows[0].data(ROW) if rows else None

    def rows_shown(self) -> list[Any]:
        """The rows that pass the search, in their order."""
        return [self.order.index(place, 0).data(ROW) for place in range(self.order.rowCount())]

    def choose(self, place: int) -> None:
        """Stand on a row of those that are shown."""
        self.selectRow(place)
        self.scrollTo(self.order.index(place, 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.opened.emit()
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace:
                self.delete_wanted.emit()
            case _:
                super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for place, column in enumerate(self.models.columns):
            self.setColumnHidden(place, self.viewport().width() < column.from_width)
