"""The dataset pane: what is in a file, what is wrong with it, and how the model reads each example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from studio.catalogue import worded
from studio.events import ColumnsAsked, DatasetRead, Finding, Forecasted, Progress, Rendered
from studio.language import plural, tr
from studio.ui.panes.dataset.example import EpochLine
from studio.ui.panes.dataset.health import HealthPage
from studio.ui.panes.dataset.history import EditsBar, HistoryPage
from studio.ui.panes.dataset.large import LargeView, large_facts
from studio.ui.panes.dataset.menus import OpenMenu, SaveMenu
from studio.ui.panes.dataset.plots import PlotsPage
from studio.ui.panes.dataset.rows import RowsPage
from studio.ui.panes.dataset.synthesis import SynthesisPage
from studio.ui.theme import Theme
from studio.ui.widgets.button import Button
from studio.ui.widgets.layout import add, row
from studio.ui.widgets.pane import Pane
from studio.ui.widgets.states import BusyState, EmptyState, FailedState
from studio.ui.widgets.tabs import Tabs

FORMATS = tr(
    "JSON Lines, JSON, CSV, Parquet, Arrow, text, or a folder of them. Instruction, chat, prompt and "
    "completion, classification, preference or plain text: the format is recognized."
)
_FROM_DOCUMENTS = tr("What a model makes of your documents becomes a dataset once you have accepted it.")
_CHOICES = (tr("Try the sample"), tr("Choose a file…"), tr("Make rows from documents…"))
_TITLES = {"synthesis": tr("Make more")}
_NAMED = 8


class DatasetPane(Pane):
    """Shows one dataset. Knows nothing of files or tokenizers."""

    open_requested = Signal()
    columns_requested = Signal()
    sample_requested = Signal()
    documents_requested = Signal()
    library_requested = Signal()
    train_requested = Signal()
    stop_requested = Signal()
    example_chosen = Signal(int)  # line
    recipe_wanted = Signal(object)  # {path of the recipe's field: its new value}

    def __init__(self, theme: Theme) -> None:
        super().__init__(tr("Dataset"))
        self._dataset: DatasetRead | None = None
        self._shown = ""  # the path of the dataset that was on show last
        self._rendering: dict[str, Any] = {}
        self._busy: BusyState | None = None
        self._open = self.header.add_button(tr("Open…"), icon="folder-open")
        self.open_menu = OpenMenu(self._open)
        self._open.setMenu(self.open_menu)
        self._save = self.header.add_button(tr("Save"), icon="save")
        self.save_menu = SaveMenu(self._save)
        self._save.setMenu(self.save_menu)
        self._train = self.header.add_button(tr("Train on this"), role="primary")
        self._train.clicked.connect(self.train_requested)
        self.rows, self.health, self.plots = RowsPage(theme), HealthPage(theme), PlotsPage(theme)
        self.history, self.synthesis = HistoryPage(), SynthesisPage(theme)
        self.table, self.example = self.rows.table, self.rows.example
        self.problems, self.lengths = self.rows.problems, self.plots.lengths
        self.pages: dict[str, QWidget] = {
            "rows": self.rows,
            "health": self.health,
            "plots": self.plots,
            "history": self.history,
            "synthesis": self.synthesis,
        }
        self.tabs = Tabs([(key, _TITLES.get(key, worded(key).capitalize())) for key in self.pages])
        self.back = Button(tr("Back"), "quiet", "chevron-left")
        self.epoch, self.edits = EpochLine(), EditsBar()
        self._stack = QStackedWidget()
        self._lay_out()
        self._connect()
        self.show_empty()

    def _lay_out(self) -> None:
        self.epoch.setMinimumHeight(self.edits.save.sizeHint().height())  # nothing moves when edits appear
        back = (self.back, Qt.AlignmentFlag.AlignLeft)
        bar = row(back, self.tabs, (self.epoch, 1), self.edits, gap=14)
        for page in self.pages.values():
            self._stack.addWidget(page)
        add(self.content, bar, (self._stack, 1))

    def _connect(self) -> None:
        self.tabs.chosen.connect(self._turn)
        self.back.clicked.connect(self.show_empty)
        self.open_menu.files_requested.connect(self.open_requested)
        self.open_menu.columns_requested.connect(self.columns_requested)
        self.health.line_chosen.connect(self.show_line)
        self.rows.example_chosen.connect(self.example_chosen)
        self.example.rendering.changed.connect(self.recipe_wanted)
        self.lengths.limit_chosen.connect(self._want_limit)

    def _turn(self, key: str) -> None:
        self._stack.setCurrentWidget(self.pages[key])
        self._train.set_role("plain" if key == "synthesis" else "primary")  # it has a button of its own
        if not any(button.hasFocus() for button in self.tabs.findChildren(Button)):
            self._take_focus()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._take_focus()

    def _take_focus(self) -> None:
        """Give the keys to the page in front; else they go to whatever comes after a hidden button."""
        page = next(page for page in self.pages.values() if page is self._stack.currentWidget())
        (self.table.view if page is self.rows else page).setFocus()
        if page is self.synthesis:
            self.synthesis.review.take_focus()

    def show_synthesis(self, *, alone: bool) -> None:
        """Turn to the page that makes rows; `alone` where there is no dataset yet, only documents."""
        if alone:
            self._dataset = None
            self._show_only(tr("Rows from documents"), _FROM_DOCUMENTS, None)
            self._open.show()
            self._show_alone(True)
            self._stack.setCurrentWidget(self.synthesis)
        else:
            self.tabs.choose("synthesis")

    def _show_alone(self, alone: bool) -> None:
        """Leave only the page that makes rows, and a way back from it."""
        self.back.setVisible(alone)
        for widget in (self.tabs, self.epoch):
            widget.setVisible(not alone)

    def _want_limit(self, limit: int) -> None:
        self.recipe_wanted.emit({"data.max_length": limit})

    def show_line(self, line: int) -> None:
        """Go to a row of the table."""
        self.tabs.choose("rows")
        self.table.choose_line(line)

    def show_health(self, findings: Sequence[Finding]) -> None:
        """What the checks say of the dataset."""
        self.health.show_findings(findings)
        self.tabs.set_count("health", self.health.open_findings)

    def show_forecast(self, forecast: Forecasted | None) -> None:
        """What an epoch on this dataset would take; None where that is not known."""
        self.epoch.show_forecast(forecast)

    def show_changes(
        self, changes: Mapping[tuple[int, str], str], edited: frozenset[int], deleted: frozenset[int]
    ) -> None:
        """What was changed by hand: texts that are not read yet by line and field, lines that were edited,
        and lines that are about to go.
        """
        self.table.set_changes(changes, edited, deleted)

    def show_rendering(self, values: Mapping[str, Any]) -> None:
        """How the recipe renders: its fields' values by path."""
        self._rendering = dict(values)
        self.example.rendering.set_values(values)
        self.lengths.show_limit(values["data.max_length"])

    def show_empty(self) -> None:
        state = EmptyState("database", tr("Drop a dataset here"), FORMATS, *_CHOICES)
        state.chosen.connect(self.sample_requested)
        state.second_chosen.connect(self.open_requested)
        state.third_chosen.connect(self.documents_requested)
        library = state.add_link(tr("Open one from the library…"))
        library.clicked.connect(self.library_requested)
        library.setVisible(bool(self.open_menu.recent()))
        self.open_menu.recent_changed.connect(library.setVisible)
        self._show_only(tr("Dataset"), tr("The examples that a model learns from."), state)
        self._open.show()

    def show_busy(self, path: str) -> None:
        """Say that a file is read; when it is read again, what is known of it stays."""
        if self._dataset is not None and self._dataset.path == path and self.state is None:
            self.header.set_subtitle(tr("Rendering every row again…"))
            self._train.setEnabled(False)
            return
        self._busy = BusyState(tr("Reading {name}", name=Path(path).name))
        self._busy.stop_requested.connect(self.stop_requested)
        self._show_only(Path(path).stem, tr("Every row is read, checked and turned into tokens."), self._busy)

    def show_progress(self, progress: Progress) -> None:
        if self._busy is not None:
            self._busy.set_progress(progress.done, progress.total)

    def show_large(self, path: Path, size: int, view: LargeView) -> None:
        """Show a file too big to hold by a view that gets its pages elsewhere."""
        self._show_only(path.name, large_facts(path, size), view)
        view.table.view.setFocus()
        self._open.show()

    def show_large_facts(self, path: Path, size: int, format: str) -> None:
        """Say what a file too big to hold turned out to be."""
        self.header.set_subtitle(large_facts(path, size, format))

    def show_failure(self, sentence: str) -> None:
        state = FailedState(tr("This dataset could not be read"), sentence, tr("Choose another file…"))
        state.chosen.connect(self.open_requested)
        self._show_only(tr("Dataset"), "", state)
        self._open.show()

    def show_columns_wanted(self, asked: ColumnsAsked) -> None:
        """Say that a file cannot be read before it is known which of its columns are what."""
        name, named = Path(asked.path).name, ", ".join(f"“{each.name}”" for each in asked.columns[:_NAMED])
        more = tr(" and more") if len(asked.columns) > _NAMED else ""
        sentence = tr(
            "It has {named}{more}. Say which of them has the prompt, the answer and so on.",
            named=named,
            more=more,
        )
        state = FailedState(
            tr("What are the columns of {name}?", name=name), sentence, tr("Name the columns…")
        )
        state.chosen.connect(self.columns_requested)
        self._show_only(tr("Dataset"), "", state)
        self._open.show()

    def show_rendering_failure(self, sentence: str) -> None:
        """Say that the recipe cannot render the dataset; the rows, and what mends it, stay in sight."""
        if self._dataset is None or self.state is not None:
            self.show_failure(sentence)
            return
        self.header.set_subtitle(tr("The rows cannot be rendered with this template and recipe."))
        self.epoch.setText("")
        self.tabs.choose("rows")
        self.rows.show_failure(sentence)

    def _show_only(self, title: str, subtitle: str, state: QWidget | None) -> None:
        self.header.set_title(title)
        self.header.set_subtitle(subtitle)
        for button in (self._train, self._open, self._save):
            button.hide()
        self.show_state(state)
        if state is not None:
            state.setFocus()  # else a ring comes up around something that nobody chose

    def show_dataset(self, dataset: DatasetRead) -> None:
        is_new, is_another = self.state is not None, dataset.path != self._shown
        self._dataset, self._busy, self._shown = dataset, None, dataset.path
        if is_another:
            self.tabs.choose("rows")
        self.show_state(None)
        self._show_alone(False)
        self._stack.setCurrentWidget(self.pages[self.tabs.current])
        if is_new:
            self._turn(self.tabs.current)
        for button in (self._train, self._open, self._save):
            button.show()
        self.save_menu.show_bad(_untrained(dataset))
        self._train.setEnabled(any(row.split == "train" for row in dataset.rows))
        self.header.set_title(dataset.name)
        self.epoch.show_dataset(dataset)
        self.plots.show_dataset(dataset, self._rendering.get("data.too_long", "drop"))
        self.example.rendering.setEnabled(dataset.format != "text")
        self.rows.show_dataset(dataset)
        self.header.set_subtitle(self._facts(dataset))

    def _facts(self, dataset: DatasetRead) -> str:
        counts = self.table.model.counts()
        attention = counts["attention"]
        splits = " / ".join(f"{counts[split]:,} {worded(split)}" for split in ("train", "validation", "test"))
        needing = plural(attention, "{count:,} row needs attention", "{count:,} rows need attention")
        if untrained := _untrained(dataset):
            needing += tr(", {untrained:,} cannot train", untrained=untrained)
        golden = tr("{golden:,} golden set aside", golden=dataset.golden) if dataset.golden else ""
        parts = [
            tr("{count:,} examples", count=len(dataset.rows)),
            dataset.format,
            needing if attention else "",
            splits,
            golden,
        ]
        return " · ".join(part for part in parts if part)

    def offer_columns(self, has_columns: bool) -> None:
        """Whether it can be asked what the columns of the dataset are."""
        self.open_menu.columns.setVisible(has_columns)

    def show_example_failure(self, sentence: str) -> None:
        """Say why an example cannot be shown."""
        self.rows.show_failure(sentence)

    def show_example(self, rendered: Rendered) -> None:
        """Show an example's tokens, unless the person has moved on to another row."""
        self.rows.show_example(rendered)


def _untrained(dataset: DatasetRead) -> int:
    """How many rows cannot train, such as prompts without an answer."""
    return len({item.line for item in dataset.problems if item.severity == "error"} - {0})
