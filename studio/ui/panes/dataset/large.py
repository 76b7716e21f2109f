"""A file too big to hold: its rows, how far they are checked, what was found, and what can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QStackedWidget, QWidget

from studio.events import Finding, Progress, RowShown, Scanned
from studio.language import tr
from studio.ui.panes.dataset.example import ExampleCard
from studio.ui.panes.dataset.health import HealthPage
from studio.ui.panes.dataset.history import EditsBar
from studio.ui.panes.dataset.rows import ExamplesPage
from studio.ui.tables.dataset_table import LargeTable
from studio.ui.tables.large import LargeRows
from studio.ui.theme import Theme
from studio.ui.widgets.button import Button
from studio.ui.widgets.label import PlainLabel, WrapLabel
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.pane import GAP
from studio.ui.widgets.style import show_progress
from studio.ui.widgets.tabs import Tabs
from studio.words import file_size


class LargeBar(QWidget):
    """Two lines of words, a bar while something is under way, and buttons when nothing is."""

    stop_requested = Signal()
    read_requested = Signal()
    part_requested = Signal()
    bad_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.status = PlainLabel(tr("Looking at the first rows…"))
        self.facts, self.room = WrapLabel("", tone="dim"), WrapLabel("", tone="dim")
        self.facts.hide()
        self.room.hide()
        self.progress = QProgressBar()
        show_progress(self.progress, 0, None)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(tr("Progress"))
        self.stop = Button(tr("Stop"), icon="square")
        self.bad = Button(tr("Save bad rows…"))
        self.bad.setToolTip(tr("Writes file, line, column and reason of every row that cannot train."))
        self.read = Button(tr("Read all to train on it"))
        self.read.setToolTip(tr("Holds every row in memory."))
        self.part = Button(tr("Create subset…"), "primary")
        self.part.setToolTip(tr("Writes some of the rows as a dataset of its own, to train on."))
        for button, signal in (
            (self.stop, self.stop_requested),
            (self.bad, self.bad_requested),
            (self.read, self.read_requested),
            (self.part, self.part_requested),
        ):
            button.clicked.connect(signal)
        self._finished, self._has_bad, self._fits = False, False, True
        self._lay_out()
        self._set_busy(True)

    def _lay_out(self) -> None:
        line = row(self.status, (self.progress, 1), gap=14)
        words = column(line, self.facts, self.room, gap=2)
        row((words, 1), self.stop, self.bad, self.read, self.part, on=self)

    def show_scan(self, scan: Scanned) -> None:
        """How far the scan is, and what it has found."""
        self._has_bad = scan.bad > 0
        self.facts.setText(large_findings(scan))
        self.facts.setVisible(scan.rows > 0)
        if scan.finished:
            self._finished = True
            self.end(tr("All {rows:,} rows read", rows=scan.rows))
            return
        self.status.setText(
            tr(
                "{rows:,} of about {round_rows:,} rows read",
                rows=scan.rows,
                round_rows=round_rows(scan.expected_rows),
            )
        )
        self._show_share(scan.bytes, scan.total_bytes)

    def show_progress(self, progress: Progress) -> None:
        """How far a part is, or whatever else was asked for."""
        of = (
            tr("{done:,} of {total:,}", done=progress.done, total=progress.total)
            if progress.total
            else f"{progress.done:,}"
        )
        self.status.setText(f"{of} {progress.what}")
        self._show_share(progress.done, progress.total)
        self._set_busy(True)

    def end(self, words: str) -> None:
        """Nothing is under way any more, for the reason that the words say."""
        self.status.setText(words)
        self._set_busy(False)

    def show_memory(self, words: str) -> None:
        """Say why not all rows can be read; empty where they can."""
        self._fits = not words
        self._set_busy(not self.progress.isHidden())
        self.room.setText(tr("{words} Create a subset of it to train on.", words=words))
        self.room.setVisible(bool(words))

    def _show_share(self, done: int, total: int | None) -> None:
        self.progress.setRange(0, 1000 if total else 0)
        self.progress.setValue(1000 * done // (total or 1))

    def _set_busy(self, busy: bool) -> None:
        self.progress.setVisible(busy)
        self.stop.setVisible(busy)
        self.bad.setVisible(not busy and self._has_bad)
        self.read.setVisible(not busy and self._fits)
        self.part.setVisible(not busy and self._finished)


def large_findings(scan: Scanned) -> str:
    """What a scan has found, in a line."""
    parts = (
        (scan.bad - scan.empty, tr("cannot be read")),
        (scan.empty, "empty"),
        (scan.duplicates, tr("exact duplicates") if scan.duplicates != 1 else tr("exact duplicate")),
    )
    found = [f"{count:,} {words}" for count, words in parts if count] or [tr("Every row can train")]
    lengths = tr(
        "median {median:,}, longest {longest:,} characters", median=scan.median, longest=scan.longest
    )
    return " · ".join((*found, lengths if scan.longest else "")).removesuffix(" · ")


def round_rows(rows: int) -> int:
    """A guess without digits that mean nothing: three are left."""
    step: int = 10 ** max(0, len(str(rows)) - 3)
    return round(rows / step) * step


class LargeView(QWidget):
    """A table of pages beside one whole row, or its health, under a bar that says how far the scan is."""

    stop_requested = Signal()
    read_requested = Signal()
    part_requested = Signal()
    bad_requested = Signal()
    query_changed = Signal()
    row_chosen = Signal(int)
    line_chosen = Signal(int)
    edited = Signal(int, str, str)  # line, field, its new text
    delete_toggled = Signal(int)  # line
    recipe_wanted = Signal(object)  # {path of the recipe's field: its new value}

    def __init__(self, theme: Theme) -> None:
        self.bar, self.table, self.example = LargeBar(), LargeTable(theme), ExampleCard(theme)
        super().__init__()
        self.health = HealthPage(theme, can_stop=True)
        self.health.show_offer(tr("Health"), tr("The checks can begin once every row has been read."))
        self.tabs = Tabs([("rows", tr("Rows")), ("health", tr("Health"))])
        self.pages = {"rows": ExamplesPage(self.table, self.example), "health": self.health}
        self._stack = QStackedWidget()
        for page in self.pages.values():
            self._stack.addWidget(page)
        self.edits = EditsBar()
        self.tabs.setMinimumHeight(self.edits.save.sizeHint().height())  # nothing moves when edits appear
        column(self.bar, row(self.tabs, ..., self.edits), (self._stack, 1), on=self, gap=GAP)
        self.table.edited.connect(self.edited)
        self.table.delete_toggled.connect(self.delete_toggled)
        self.tabs.chosen.connect(self._turn)
        self.health.line_chosen.connect(self.line_chosen)
        self.bar.stop_requested.connect(self.stop_requested)
        self.bar.read_requested.connect(self.read_requested)
        self.bar.part_requested.connect(self.part_requested)
        self.bar.bad_requested.connect(self.bad_requested)
        self.table.query_changed.connect(self.query_changed)
        self.table.row_chosen.connect(self.row_chosen)
        self.example.rendering.changed.connect(self.recipe_wanted)

    def _turn(self, key: str) -> None:
        self._stack.setCurrentWidget(self.pages[key])

    def show_health(self, findings: Sequence[Finding]) -> None:
        """What the checks say of the rows."""
        self.health.show_findings(findings)
        self.tabs.set_count("health", self.health.open_findings)

    def show_changes(
        self, changes: Mapping[tuple[int, str], str], edited: frozenset[int], deleted: frozenset[int]
    ) -> None:
        """What was changed by hand: new texts by line and field, and the lines of edited and deleted rows."""
        self.table.set_changes(changes, edited, deleted)

    def choose_row(self, number: int) -> None:
        """Go to a row of the table; what hides it is taken back."""
        self.tabs.choose("rows")
        self.table.choose_row(number)

    def show_source(self, source: LargeRows) -> None:
        """Show the rows of an index from now on."""
        self.table.model.set_source(source)
        self.table.stand_on_first()

    def show_growth(self, scan: Scanned) -> None:
        """Show the rows that the index holds by now."""
        self.table.model.grow()
        self.show_scan(scan)

    def query(self) -> dict[str, Any]:
        """What is asked of the rows; empty when it is every row in the order of the file."""
        return self.table.query()

    def filter(self) -> tuple[str, str]:
        """The state and the words that the rows are filtered by."""
        return self.table.chips.current, self.table.search.text().strip()

    def show_found(self, found: Path | None) -> None:
        """Show the rows that a file names, or all."""
        if found is None:
            self.table.model.show_all()
        else:
            self.table.model.show_found(found)
        self.table.show_rows()

    def show_rendering(self, values: Mapping[str, Any]) -> None:
        """How the recipe renders a row, by the path of its fields."""
        self.example.rendering.set_values(values)

    def show_memory(self, words: str) -> None:
        """Say why not all rows can be read; empty where they can."""
        self.bar.show_memory(words)

    def show_stopped(self, rows: int) -> None:
        """Say how many rows are read."""
        self.bar.end(tr("Stopped: the first {rows:,} rows are read", rows=rows))

    def show_scan(self, scan: Scanned) -> None:
        """How far the scan has come, and how many rows of each state it has met."""
        counts = {"all": scan.rows, "good": scan.good, "warnings": scan.warnings, "bad": scan.bad}
        self.table.show_format(scan.format)
        self.table.set_counts(counts, scan.expected_rows)
        self.bar.show_scan(scan)

    def show_row(self, row: RowShown) -> None:
        """All of a row."""
        self.example.show_row(row)

    def show_progress(self, progress: Progress) -> None:
        """How far what was asked for has come."""
        self.bar.show_progress(progress)


def large_facts(path: Path, size: int, format: str = "") -> str:
    """What the pane's header says of a big file."""
    kind = format or path.suffix.removeprefix(".").upper()
    return tr("{file_size} · {kind} · read page by page", file_size=file_size(size), kind=kind)
