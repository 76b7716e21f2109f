"""The cards of an evaluation: the scores, and the answers behind them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QWidget,
)

from studio.events import Answered, Evaluated, Progress
from studio.ui.tables.answers import KINDS, AnswerDelegate, AnswersModel
from studio.ui.tables.chips import FilterChips
from studio.ui.tables.measures import MeasureGrid
from studio.ui.theme import Theme
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import PlainLabel, note
from studio.ui.widgets.layout import add
from studio.ui.widgets.style import show_progress


class ScoresCard(Card):
    """The measures of a comparison; while it runs, how far it is."""

    def __init__(self, theme: Theme) -> None:
        super().__init__("Scores")
        self.grid = MeasureGrid(theme)
        self.words = PlainLabel()
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        add(self.body, self.grid, self.words, self.bar)

    def _show(self, *shown: QWidget) -> None:
        for widget in (self.grid, self.words, self.bar):
            widget.setVisible(widget in shown)

    def show_busy(self, text: str) -> None:
        self.set_title("Scores")
        self.set_value("", "dim")
        self.words.setText(text)
        show_progress(self.bar, 0, None)
        self._show(self.words, self.bar)

    def show_progress(self, progress: Progress) -> None:
        of = f"{progress.done:,} of {progress.total:,}" if progress.total else f"{progress.done:,}"
        self.words.setText(progress.what)
        self.set_value(of, "dim")
        show_progress(self.bar, progress.done, progress.total)

    def show_note(self, text: str) -> None:
        self.set_value("", "dim")
        self.words.setText(text)
        self._show(self.words)

    def show_result(self, result: Evaluated) -> None:
        self.set_value(f"{result.golden} · took {_duration(result.seconds)}", "dim")
        self.grid.set_scores(result.scores)
        self._show(self.grid)


class AnswersCard(Card):
    """Every golden prompt with both answers, filtered by what training did to it."""

    playground_requested = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__("Answers")
        self.model = AnswersModel(self)
        labels = [("all", "All"), *((kind, word) for kind, (word, _) in KINDS.items())]
        self.chips = FilterChips(labels)
        self.chips.chosen.connect(self._filter)
        self.try_button = QPushButton("Try in the playground")
        self.try_button.clicked.connect(self._ask)
        self.view = AnswerView(theme, self.model)
        self.view.doubleClicked.connect(self._ask)
        self._nothing = note("")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self._nothing)
        self.head.insertWidget(1, self.chips)
        self.head.addWidget(self.try_button)
        self.body.addWidget(self._stack, 1)
        self._recount()

    def clear(self) -> None:
        self.model.clear()
        self._recount()

    def add(self, answers: Sequence[Answered]) -> None:
        self.model.add(answers)
        self._recount()

    def settle(self) -> None:
        """Put the answers in the order of the golden set."""
        self.model.show(self.chips.current)
        self._recount()

    def _filter(self, kind: str) -> None:
        self.model.show(kind)
        self._recount()

    def _recount(self) -> None:
        counts = self.model.counts()
        self.chips.set_counts(counts)
        self.try_button.setEnabled(self.model.rowCount() > 0)
        self._stack.setCurrentWidget(self.view if self.model.rowCount() else self._nothing)
        self._nothing.setText(
            "No answer of this kind." if counts["all"] else "Answers appear here as they arrive."
        )

    def _ask(self) -> None:
        """Take the chosen prompt to the playground; without a choice, the first that was fixed."""
        index = self.view.currentIndex()
        fixed = (answer for answer in self.model.rows if answer.change == "fixed")
        answer = self.model.rows[index.row()] if index.isValid() else next(fixed, self.model.rows[0])
        self.playground_requested.emit(answer.prompt)


class AnswerView(QListView):
    """The list of answers; lays a thousand out in batches, and again when its width changes."""

    def __init__(self, theme: Theme, model: AnswersModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setItemDelegate(AnswerDelegate(theme, self))
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setBatchSize(60)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setAccessibleName("Answers")
        theme.changed.connect(self.viewport().update)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.scheduleDelayedItemsLayout()

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 120)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
