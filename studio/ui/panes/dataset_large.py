"""What the dataset pane shows of a file too big to hold: its rows, how far they are checked, one of them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QPlainTextEdit, QVBoxLayout, QWidget

from studio.events import ExampleRow, Progress, Rendered, RowShown, Scanned
from studio.ui.panes.dataset_example import ExampleCard
from studio.ui.panes.dataset_large_bar import LargeBar
from studio.ui.tables.large import LargeRows
from studio.ui.tables.large_table import LargeTable
from studio.ui.tables.problems import as_sentence
from studio.ui.theme import Theme
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import WrapLabel
from studio.ui.widgets.pane import GAP
from studio.words import file_size

_SIDE_WIDTH = 348
_NARROW = 720
_SHOWN_CHARACTERS = 20_000


class LargeExample(ExampleCard):
    """The row as it would train; of one that cannot, the reason and what the file has."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.why, self.text = WrapLabel("", tone="bad"), QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.document().setDocumentMargin(0)
        self.text.setAccessibleName("The row as the file has it")
        self._broken = QWidget()
        column = QVBoxLayout(self._broken)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.why)
        column.addWidget(self.text, 1)
        self._stack.addWidget(self._broken)

    def show_row(self, row: RowShown) -> None:
        """A row, whole."""
        if row.reason or not row.pieces:
            self._show_broken(row)
            return
        turns = sum(turn.role != "system" for turn in row.turns)
        example = ExampleRow(row.line, "", "", row.tokens, row.trained, "", turns=turns)
        self.show_example(example, Rendered("", row.line, row.pieces, row.turns, row.rows))

    def _show_broken(self, row: RowShown) -> None:
        self.show_nothing("", f"Line {row.line:,} cannot train" if row.reason else f"Line {row.line:,}")
        self.why.setText(as_sentence(row.reason))
        fields = (f"{name}\n{text}".strip() for name, text in zip(row.names, row.texts, strict=True))
        self.text.setPlainText("\n\n".join(fields)[:_SHOWN_CHARACTERS])
        self._stack.setCurrentWidget(self._broken)


class LargeView(QWidget):
    """A table of pages beside one whole row, under a bar that says how far the scan is."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.bar, self.table, self.example = LargeBar(), LargeTable(theme), LargeExample(theme)
        self._lay_out()

    def _lay_out(self) -> None:
        rows = Card()
        rows.body.addWidget(self.table)
        self.example.setMinimumWidth(_SIDE_WIDTH)
        self._both = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._both.setSpacing(GAP)
        self._both.addWidget(rows, 5)
        self._both.addWidget(self.example, 3)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self.bar)
        column.addLayout(self._both, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the example stands below the table."""
        super().resizeEvent(event)
        narrow = event.size().width() < _NARROW
        down, right = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._both.setDirection(down if narrow else right)

    def show_source(self, source: LargeRows) -> None:
        """Show the rows of an index from now on."""
        self.table.model.set_source(source)
        self.table.stand_on_first()

    def show_scan(self, scan: Scanned) -> None:
        """How far the scan has come, and how many rows of each state it has met."""
        counts = {"all": scan.rows, "good": scan.good, "warnings": scan.warnings, "bad": scan.bad}
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
    return f"{file_size(size)} · {kind} · read page by page"
