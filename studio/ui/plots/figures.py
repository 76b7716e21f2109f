"""Figures of an evaluation, each in a card, drawn by its kind whatever measured it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHeaderView, QSizePolicy, QTableView, QWidget

from studio.events import Figure
from studio.generate.contestant import TUNED
from studio.language import tr
from studio.ui.plain import tip
from studio.ui.plots.group_bars import GroupBars
from studio.ui.plots.heat import HeatMap
from studio.ui.plots.heat_details import HeatDetails
from studio.ui.plots.style import three_digits
from studio.ui.plots.token_shades import TokenShades
from studio.ui.theme import Theme
from studio.ui.widgets.button import Button
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import WrapLabel
from studio.ui.widgets.layout import row

if TYPE_CHECKING:
    from studio.ui.plots.figure_plots import FigureDot, FigureDots

_TABLE_ROWS, _TABLE_ROW, _WIDEST_COLUMN = 8, 28, 480


class FigureCard(Card):
    """A figure under the title of its measure. Of dots that stand for a contestant, one can be taken."""

    checkpoint_requested = Signal(str)  # the key of the contestant that is to be used

    def __init__(self, theme: Theme, figure: Figure, measure: str) -> None:
        super().__init__(measure)
        self.figure = figure
        if (said := str(figure.title)) != measure:
            self.body.addWidget(WrapLabel(f"{said[:1].upper()}{said[1:]}", tone="dim"))
        self._taken = ""
        self.details: HeatDetails | None = None
        self._words, self.take = WrapLabel(tone="dim"), Button(tr("Use this checkpoint"))
        self.take.clicked.connect(self._announce)
        self.drawing = self._drawn(theme, figure)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def _drawn(self, theme: Theme, figure: Figure) -> QWidget:
        title, data = str(figure.title), figure.data
        match figure.kind_of_figure:
            case "heat":
                return self._heat(theme, figure)
            case "bars":
                drawing: QWidget = GroupBars(theme, title, data)
            case "tokens":
                drawing = TokenShades(theme, title, data)
            case "table":
                drawing = FigureTable(title, data)
            case "dots" | "lines":
                return self._plotted(theme, figure)
            case _:
                drawing = WrapLabel(tr("A later release of Tuning Studio draws this figure."), tone="dim")
        self.body.addWidget(drawing, 1)
        return drawing

    def _heat(self, theme: Theme, figure: Figure) -> QWidget:
        heat = HeatMap(theme, str(figure.title), figure.data)
        self.body.addWidget(heat, 1)
        if figure.data.get("details"):
            self.details = HeatDetails(theme, figure.data)
            heat.cell_chosen.connect(self.details.show_cell)
            self.body.addWidget(self.details, 2)
        return heat

    def _plotted(self, theme: Theme, figure: Figure) -> QWidget:
        """What needs pyqtgraph, which takes 0.4 s to import."""
        from studio.ui.plots.figure_plots import FigureDots, FigureLines, titled

        title, data = str(figure.title), figure.data
        if figure.kind_of_figure == "lines":
            lines = FigureLines(theme, title, data)
            self.set_keys(theme, [str(each.get("name", "")) for each in data.get("series", ())])
            self.body.addWidget(titled(lines, data), 1)
            return lines
        dots = FigureDots(theme, title, data)
        self.set_keys(theme, list(dict.fromkeys(dot.series for dot in dots.dots)))
        self.body.addWidget(titled(dots, data), 1)
        if any(dot.contestant for dot in dots.dots):
            self._words.setText(tr("Click a dot to take that checkpoint."))
            self.take.setEnabled(False)
            self.body.addLayout(row((self._words, 1), self.take))
            dots.dot_chosen.connect(partial(self._show_dot, dots))
            wanted = contestant_at(data.get("suggested"))
            if found := next((dot for dot in dots.dots if wanted and dot.contestant == wanted), None):
                dots.choose(found)
        return dots

    def set_keys(self, theme: Theme, names: list[str]) -> None:
        """Say which colour is which, where there are several."""
        if len(names) > 1:
            self.body.addWidget(SeriesKeys(theme, names))

    def _show_dot(self, dots: FigureDots, dot: FigureDot) -> None:
        self._taken, is_present = (
            dot.contestant,
            dot.contestant == contestant_at(self.figure.data.get("present")),
        )
        told = dots.words_of(dot) + ([tr("the run's result now")] if is_present and self._taken else [])
        self._words.setText(" · ".join(filter(None, told)))
        self.take.setEnabled(bool(self._taken) and not is_present)

    def _announce(self) -> None:
        self.checkpoint_requested.emit(self._taken)


def contestant_at(step: object) -> str:
    """The key of the run's checkpoint at a step; nothing for none."""
    return f"{TUNED}@{step}" if isinstance(step, int) and step else ""


class SeriesKeys(GroupBars):
    """Names, each behind a dot of its hue."""

    def __init__(self, theme: Theme, names: list[str]) -> None:
        super().__init__(theme, tr("Series"), {"series": [{"name": name} for name in names]})
        self.setAccessibleDescription(", ".join(names))
        self.setFixedHeight(18)


class FigureTable(QTableView):
    """Rows of texts and numbers under their heads."""

    def __init__(self, title: str, data: dict[str, Any]) -> None:
        super().__init__()
        self._model = _FigureRows(data)
        self.setModel(self._model)
        self.setShowGrid(False)
        self.setAccessibleName(title)
        self.setSelectionMode(QTableView.SelectionMode.NoSelection)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_TABLE_ROW)
        self.setTabKeyNavigation(False)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows = min(self._model.rowCount(), _TABLE_ROWS)
        self.setMinimumHeight(40 + _TABLE_ROW * max(rows, 1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The first column takes the room that is left; where there is none, the table scrolls sideways."""
        super().resizeEvent(event)
        widths = [min(self._wide_enough(place), _WIDEST_COLUMN) for place in range(self._model.columnCount())]
        for place, width in enumerate(widths):
            over = self.viewport().width() - sum(widths) if place == 0 else 0
            self.setColumnWidth(place, width + max(over, 0))

    def _wide_enough(self, place: int) -> int:
        return max(self.sizeHintForColumn(place), self.horizontalHeader().sectionSizeHint(place)) + 8


class _FigureRows(QAbstractTableModel):
    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__()
        self._heads = [str(head) for head in data.get("heads", ())]
        self._rows = list(data.get("rows", ()))

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return len(self._rows)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return len(self._heads)

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        cells = self._rows[index.row()]
        value = cells[index.column()] if index.column() < len(cells) else None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(value)
        if role == Qt.ItemDataRole.DisplayRole:
            return " ".join(_cell(value).split())
        return tip(_cell(value)) if role == Qt.ItemDataRole.ToolTipRole else None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            first = self._rows[0][section] if self._rows and section < len(self._rows[0]) else ""
            return _side(first)
        return self._heads[section] if role == Qt.ItemDataRole.DisplayRole else None


def _cell(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return three_digits(value) if isinstance(value, float) else str(value)


def _side(value: Any) -> Qt.AlignmentFlag:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    side = Qt.AlignmentFlag.AlignRight if is_number else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
