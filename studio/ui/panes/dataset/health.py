"""The page of a dataset's health: what every check says, the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from studio.events import Finding, Progress
from studio.language import tr
from studio.ui.theme import Theme
from studio.ui.widgets.card import Card
from studio.ui.widgets.finding_row import FindingRow, PassedChecks
from studio.ui.widgets.layout import clear, column, scrolled
from studio.ui.widgets.states import BusyState, EmptyState
from studio.ui.widgets.style import empty_layout
from studio.words import counted

_ORDER = ("bad", "look", "good")


class HealthPage(QWidget):
    """Findings as rows. Emits the line that a quote leads to, and the finding that shall be fixed.

    Where checking takes long, it `can_stop`, and is offered first.
    """

    line_chosen = Signal(int)
    fix_requested = Signal(object)  # Finding
    again_requested = Signal()
    stop_requested = Signal()

    def __init__(self, theme: Theme, *, can_stop: bool = False) -> None:
        super().__init__()
        self._theme = theme
        self.rows: list[FindingRow] = []
        self.passed: PassedChecks | None = None
        self.card = Card(tr("Health"))
        inside = clear(inside=(0, 0, 8, 0), gap=0)
        self._list = cast(QVBoxLayout, inside.layout())
        self._list.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._scroll = scrolled(inside)
        self._busy = BusyState(tr("Looking the rows over"), can_stop=can_stop)
        self._busy.stop_requested.connect(self.stop_requested)
        self._failed = EmptyState("triangle-alert", tr("The checks could not be made"), "", tr("Check again"))
        self._failed.chosen.connect(self.again_requested)
        self.offer = EmptyState("list-checks", "", "")
        self._stack = QStackedWidget()
        for page in (self._scroll, self._busy, self._failed):
            self._stack.addWidget(page)
        self.card.body.addWidget(self._stack, 1)
        column(self.card, on=self)

    def show_offer(self, title: str, text: str, button: str = "") -> None:
        """Say what checking would mean, and offer it where there is a button to begin with."""
        before, self.offer = self.offer, EmptyState("list-checks", title, text, button)
        self.offer.chosen.connect(self.again_requested)
        self.card.set_value("")
        self._stack.addWidget(self.offer)
        self._stack.setCurrentWidget(self.offer)
        self._stack.removeWidget(before)
        before.deleteLater()

    def show_busy(self) -> None:
        self.card.set_value("")
        self._busy.set_progress(0, None)
        self._stack.setCurrentWidget(self._busy)

    def show_progress(self, progress: Progress) -> None:
        self._busy.set_progress(progress.done, progress.total)

    def show_failure(self, sentence: str) -> None:
        self.card.set_value(sentence, "bad")
        self._stack.setCurrentWidget(self._failed)

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Show these, the worst first."""
        empty_layout(self._list)
        self.rows = []
        for finding in sorted(findings, key=lambda finding: _ORDER.index(finding.severity)):
            row = FindingRow(self._theme, finding)
            row.line_chosen.connect(self.line_chosen)
            row.fix_requested.connect(self.fix_requested)
            self.rows.append(row)
        width = max((row.fix_width for row in self.rows), default=0)
        for row in self.rows:
            row.keep_fix_width(width)
        passed = [row for row in self.rows if row.finding.severity == "good"]
        for row in self.rows[: len(self.rows) - len(passed)]:
            self._list.addWidget(row)
        self.passed = PassedChecks(self._theme, passed) if passed else None
        if self.passed is not None:
            self._list.addWidget(self.passed)
        self._say_what_is_open()
        self._stack.setCurrentWidget(self._scroll)

    def _say_what_is_open(self) -> None:
        bad = sum(row.finding.severity == "bad" for row in self.rows)
        looks = self.open_findings - bad
        said = [tr("{bad:,} bad", bad=bad) if bad else "", counted(looks, "warning") if looks else ""]
        tone = "bad" if bad else "dim" if looks else "good"
        self.card.set_value(" · ".join(filter(None, said)) or tr("Nothing found"), tone)

    @property
    def open_findings(self) -> int:
        """How many findings ask to be looked at."""
        return sum(row.finding.severity != "good" for row in self.rows)
