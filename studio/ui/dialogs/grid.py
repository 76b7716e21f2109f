"""Many prompts asked of every column unattended: which, how far it is, and what the answers come to."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHeaderView, QPlainTextEdit, QTableView, QWidget

from studio.events import GridColumn
from studio.jobs.transcripts import AnswerGrid
from studio.language import tr
from studio.ui.dialogs.task import BusyDialog
from studio.ui.tables.delegates import dress_rows
from studio.ui.tables.model import TableColumn, TableModel, one_line
from studio.ui.theme import Theme
from studio.ui.widgets.button import Button
from studio.ui.widgets.label import WrapLabel, note
from studio.ui.widgets.layout import clear, row
from studio.ui.widgets.popup import Combo
from studio.words import counted

_WIDTH, _HEIGHT = 900, 620
_TYPED, _GOLDEN, _FILE = "typed", "golden", "file"
_HEAD_HEIGHT, _ROW_HEIGHT, _MOST_COLUMNS = 34, 34, 4
_STATISTICS = (
    TableColumn[GridColumn](tr("Column"), lambda each: each.title),
    TableColumn[GridColumn](tr("Answers"), lambda each: f"{each.answers:,}", right=True, width=90),
    TableColumn[GridColumn](tr("Mean tokens"), lambda each: f"{each.tokens:,.1f}", right=True, width=110),
    TableColumn[GridColumn](tr("Mean seconds"), lambda each: f"{each.seconds:,.2f}", right=True, width=116),
    TableColumn[GridColumn](tr("Cut"), lambda each: f"{each.cut:,}", right=True, width=64),
    TableColumn[GridColumn](tr("Empty"), lambda each: f"{each.empty:,}", right=True, width=76),
    TableColumn[GridColumn](tr("Same as the first"), lambda each: f"{each.same:,}", right=True, width=140),
)


class GridDialog(BusyDialog):
    """Asks for prompts, then shows the statistics of every column, and all answers to each prompt."""

    ask_requested = Signal()
    file_requested = Signal()
    export_requested = Signal()

    def __init__(
        self, theme: Theme, columns: Sequence[str], golden: Sequence[str], parent: QWidget | None = None
    ) -> None:
        words = tr("Each prompt goes by itself, with the same seed, to {listed}.", listed=", ".join(columns))
        super().__init__(tr("Ask many prompts"), words, tr("Ask"), parent, width=_WIDTH)
        self.setFixedHeight(_HEIGHT)
        self._prompts = {_GOLDEN: tuple(golden), _FILE: ()}
        self.grid = AnswerGrid((), (), ())
        self.source, self.count = Combo(), note("")
        self.typed, self.listed = QPlainTextEdit(), QPlainTextEdit()
        self.problem, self._many = WrapLabel(), len(columns)
        self.statistics, self.answers = TableModel[GridColumn](_STATISTICS, parent=self), _answers_model(self)
        self.again, self.export = Button(tr("Other prompts"), "quiet"), Button(tr("Export…"))
        self._choose = Button(tr("From a file…"))
        self.setup, self.results = self._make_setup(golden), self._make_results(theme)
        foot = (self.again, ..., self.export)
        self.fill((self.setup, 1), (self.results, 1), self.problem, self.progress, foot=foot)
        self._connect()
        self._show_setup()

    def prompts(self) -> tuple[str, ...]:
        """What is to be asked."""
        if self.source.currentData() == _TYPED:
            lines = (line.strip() for line in self.typed.toPlainText().split("\n"))
            return tuple(line for line in lines if line)
        return self._prompts[self.source.currentData()]

    def take_file(self, name: str, prompts: Sequence[str]) -> None:
        """Offer the prompts of a file, and choose them."""
        self._prompts[_FILE] = tuple(prompts)
        place = self.source.findData(_FILE)
        if place < 0:
            self.source.addItem("", _FILE)
            place = self.source.count() - 1
        self.source.setItemText(place, f"{name} ({counted(len(prompts), 'prompt')})")
        self.source.setCurrentIndex(place)
        self.refuse("")

    def refuse(self, sentence: str, tone: str = "bad") -> None:
        """Say what is wrong, or that nothing is any more."""
        self.problem.set_tone(tone)
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def show_grid(self, grid: AnswerGrid) -> None:
        """Show the answers that have come, and what they come to so far."""
        kept = self.table.currentIndex().row()
        if [each.who for each in grid.columns] != [each.who for each in self.grid.columns]:
            _give_columns(self.answers, grid)
        self.grid = grid
        self.statistics.set_rows(grid.columns)
        self.answers.set_rows([_row(grid, place) for place in range(len(grid.prompts))])
        self.table.selectRow(max(kept, 0))
        self._show_whole()

    def begin(self) -> None:
        """The prompts are being asked."""
        self.refuse("")
        self._show(asking=False)
        self.set_busy(True)
        self.export.setEnabled(False)
        self.again.hide()

    def rest(self, sentence: str, tone: str = "bad") -> None:
        """It is over; with a sentence where it failed or was stopped. What came stays on show."""
        self.set_busy(False)
        self.cancel.setText(tr("Close"))
        self.export.setEnabled(bool(self.grid.answers))
        self.again.show()
        self.refuse(sentence, tone)

    def on_agreed(self) -> None:
        self.ask_requested.emit()

    def _make_setup(self, golden: Sequence[str]) -> QWidget:
        self.source.addItem(tr("Typed here, one in a line"), _TYPED)
        self.source.setAccessibleName(tr("Which prompts"))
        if golden:
            self.source.addItem(tr("Golden prompts of the run ({count:,})", count=len(golden)), _GOLDEN)
        self.typed.setPlaceholderText(tr("What is the capital of Norway?\nWhat is 7 plus 5?"))
        self.typed.setAccessibleName(tr("Prompts"))
        self.typed.setTabChangesFocus(True)
        self.listed.setReadOnly(True)
        self.listed.setAccessibleName(tr("Prompts"))
        for field in (self.typed, self.listed):
            field.setProperty("role", "field")
        return clear(row((self.source, 1), self._choose), (self.typed, 1), (self.listed, 1), self.count)

    def _make_results(self, theme: Theme) -> QWidget:
        self.figures, self.table, self.whole = QTableView(), QTableView(), QPlainTextEdit()
        dress_rows(self.figures, theme, self.statistics, tr("Statistics of the columns"))
        dress_rows(self.table, theme, self.answers, tr("Answers"))
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.figures.setFixedHeight(_HEAD_HEIGHT + min(self._many, _MOST_COLUMNS) * _ROW_HEIGHT + 2)
        self.whole.setReadOnly(True)
        self.whole.setAccessibleName(tr("All answers to the prompt"))
        self.whole.setProperty("role", "field")
        return clear(self.figures, (self.table, 3), (self.whole, 2))

    def _connect(self) -> None:
        self.source.currentIndexChanged.connect(self._follow)
        self.typed.textChanged.connect(self._count)
        self._choose.clicked.connect(self.file_requested)
        self.again.clicked.connect(self._show_setup)
        self.export.clicked.connect(self.export_requested)
        self.table.selectionModel().currentRowChanged.connect(self._show_whole)

    def _show_setup(self) -> None:
        self.set_busy(False)
        self.refuse("")
        self._show(asking=True)
        self.typed.setFocus()

    def _show(self, *, asking: bool) -> None:
        for part in (self.setup, self.agree):
            part.setVisible(asking)
        for part in (self.results, self.export):
            part.setVisible(not asking)
        self.again.setVisible(not asking)
        self._follow()

    def _follow(self) -> None:
        """Typed prompts can be changed, and wait there while others are chosen, which are only shown."""
        typed = self.source.currentData() == _TYPED
        self.typed.setVisible(typed)
        self.listed.setVisible(not typed)
        self.listed.setPlainText("" if typed else "\n".join(map(one_line, self.prompts())))
        self._count()

    def _count(self) -> None:
        many = len(self.prompts())
        asked = f"{counted(many, 'prompt')}, {counted(many * self._many, 'answer')}"
        self.count.setText(asked if many else tr("No prompt yet"))
        self.agree.setEnabled(many > 0)

    def _show_whole(self) -> None:
        place = self.table.currentIndex().row()
        if 0 <= place < len(self.answers.rows):
            parts = zip(self.answers.titles(), self.answers.rows[place], strict=True)
            text = "\n\n".join(f"{title}\n{said or '…'}" for title, said in parts)
            if text != self.whole.toPlainText():
                self.whole.setPlainText(text)


type GridTexts = tuple[str, ...]
"""A prompt, and what each column answered."""


def _answers_model(parent: QWidget) -> TableModel[GridTexts]:
    model = TableModel[GridTexts]((TableColumn(tr("Prompt")),), parent=parent)
    model.tips_are_texts = True
    return model


def _give_columns(model: TableModel[GridTexts], grid: AnswerGrid) -> None:
    """Give the table a column for each contestant."""
    titles = (tr("Prompt"), *(each.title for each in grid.columns))
    model.set_rows([], [_text_column(title, place) for place, title in enumerate(titles)])


def _text_column(title: str, place: int) -> TableColumn[GridTexts]:
    return TableColumn(title, lambda texts: one_line(texts[place]))


def _row(grid: AnswerGrid, place: int) -> GridTexts:
    found = (grid.answer(place, each.who) for each in grid.columns)
    return (grid.prompts[place], *(each.text if each is not None else "" for each in found))
