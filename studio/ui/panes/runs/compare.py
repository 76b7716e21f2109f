"""Several runs beside each other: losses overlaid, what sets them apart, a field against the best loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QSortFilterProxyModel, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHeaderView, QTableView, QWidget

from studio import words
from studio.language import tr
from studio.runs.store import RunCurves, RunSummary
from studio.ui.panes.runs.differences import SWATCH, DifferencesModel, labels, number_in, plottable
from studio.ui.tables.delegates import dress
from studio.ui.tables.model import SORT
from studio.ui.theme import Theme
from studio.ui.tokens import MOST
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import WrapLabel
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.popup import Combo

if TYPE_CHECKING:
    from studio.ui.plots.overlay import FieldPlot, OverlayPlot

ROW_HEIGHT = 28
LEAST_NAME = 170
"""A run's name keeps this width; where there is less room, the table scrolls."""
_APART = tr(
    "These runs do not train and validate on the same rows, so their losses cannot be compared. "
    "A line joins only runs on the same dataset, divided in the same way."
)


class FieldChoice(Combo):
    """Which field is drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Field"))
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)


class DifferencesTable(QTableView):
    """Gives the names what room the other columns leave, or lets the columns scroll."""

    def fit(self) -> None:
        head = self.horizontalHeader()
        if not head.count():
            return
        for place in range(1, head.count()):
            head.setSectionResizeMode(place, QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        others = sum(head.sectionSize(place) for place in range(1, head.count()))
        head.resizeSection(0, max(self.viewport().width() - others, LEAST_NAME))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()


class RunsComparison(QWidget):
    """Shows the runs it is given, two or more; pointing at a row lets its curve stand out."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._runs: list[RunSummary] = []
        self._rows: list[str] = []
        self._shown: object = None
        self.overlay: OverlayPlot | None = None
        self.by_field: FieldPlot | None = None
        self.loss_card, self.field_card, self._table_card = (
            Card(tr("Loss")),
            Card(tr("Best loss by field")),
            Card(),
        )
        self.choice = FieldChoice()
        self.field_card.head.addWidget(self.choice)
        self.loss_card.head.addStrut(self.choice.sizeHint().height())  # both plots begin at one height
        self.choice.activated.connect(self._draw_field)
        self.model, self._order = DifferencesModel(theme), QSortFilterProxyModel()
        self.table = DifferencesTable()
        self._set_up_table()
        self._table_card.body.addWidget(self.table)
        plots = row((self.loss_card, 5), (self.field_card, 3), gap=14)
        self.remark = WrapLabel(_APART, tone="warn")
        column(self.remark, (plots, 3), (self._table_card, 2), on=self, gap=14)

    def show_runs(self, runs: Sequence[RunSummary], curves: Sequence[RunCurves]) -> None:
        """These runs with their curves, in the order of their hues. What is shown already is left alone."""
        if self._shown == (tuple(runs), tuple(curves)):
            return
        self._shown = tuple(runs), tuple(curves)
        self._runs, self._rows = list(runs), [each.rows for each in curves]
        are_alike = len(set(self._rows)) == 1
        self.remark.setVisible(not are_alike)
        overlay, _ = self._plots()
        overlay.show_runs(list(zip(labels(runs), curves, strict=True))[:MOST])
        self.loss_card.set_value(
            tr("validation solid, training faint")
            if len(runs) <= MOST
            else tr("the first {MOST} of {count} runs", MOST=MOST, count=len(runs))
        )
        self.model.set_runs(runs, are_alike=are_alike)
        self.table.fit()
        self._fill_choice()

    def _plots(self) -> tuple[OverlayPlot, FieldPlot]:
        """The plots, made when they are needed first: pyqtgraph takes 0.4 s to import."""
        if self.overlay is None or self.by_field is None:
            from studio.ui.plots.overlay import FieldPlot, OverlayPlot

            self.overlay, self.by_field = OverlayPlot(self._theme), FieldPlot(self._theme)
            self.loss_card.body.addWidget(self.overlay, 1)
            self.field_card.body.addWidget(self.by_field, 1)
        return self.overlay, self.by_field

    def _fill_choice(self) -> None:
        """Offer the fields that can be drawn; the one chosen before stays if it still can."""
        before, entries = self.choice.currentData(), plottable(self._runs)
        self.choice.clear()
        for entry in entries:
            self.choice.addItem(entry.title, entry.path)
        self.choice.setCurrentIndex(max(self.choice.findData(before), 0) if entries else -1)
        self.field_card.setVisible(bool(entries))
        self.field_card.set_title(tr("Best loss by"))
        self._draw_field()

    def _draw_field(self) -> None:
        from studio.ui.plots.overlay import Dot

        entry = next((e for e in plottable(self._runs) if e.path == self.choice.currentData()), None)
        if entry is None:
            return
        dots = []
        every = zip(self._runs, labels(self._runs), self._rows, strict=True)
        for place, (run, label, rows) in enumerate(every):
            value = number_in(run, entry)
            if value is not None and run.best_loss is not None:
                dots.append(Dot(place, label, value, run.best_loss, rows))
        self._plots()[1].show_dots(entry.title, dots)
        best = min(dots, key=lambda dot: dot.loss)
        told = (
            tr("best {loss}: {label}", loss=words.loss(best.loss), label=best.label)
            if self.remark.isHidden()
            else _APART
        )
        self._plots()[1].setAccessibleDescription(told)

    def _set_up_table(self) -> None:
        table = self.table
        self._order.setSourceModel(self.model)
        self._order.setSortRole(SORT)
        table.setModel(self._order)
        table.setSortingEnabled(True)
        table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        table.setSelectionMode(QTableView.SelectionMode.NoSelection)
        table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        dress(table, tr("What sets the runs apart"), ROW_HEIGHT)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        table.setIconSize(SWATCH)
        table.setMinimumHeight(110)
        table.horizontalHeader().setMinimumSectionSize(64)
        table.setMouseTracking(True)
        table.entered.connect(self._point_at)
        table.viewport().installEventFilter(self)

    def _point_at(self, index: QModelIndex) -> None:
        self._highlight(self.model.label(self._order.mapToSource(index).row()))

    def _highlight(self, label: str) -> None:
        for plot in (self.overlay, self.by_field):
            if plot is not None:
                plot.highlight(label)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._highlight("")
        return super().eventFilter(watched, event)
