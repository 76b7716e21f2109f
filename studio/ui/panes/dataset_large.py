"""What the dataset pane shows of a file too big to hold: its rows, how far they are checked, one of them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QProgressBar, QVBoxLayout, QWidget

from studio.events import RowShown, Scanned
from studio.ui.tables.large import LargeRows
from studio.ui.tables.large_table import LargeTable
from studio.ui.tables.problems import as_sentence
from studio.ui.theme import Theme
from studio.ui.widgets.button import Button
from studio.ui.widgets.card import Card
from studio.words import file_size

_SIDE_WIDTH = 312
_SHOWN_CHARACTERS = 100_000


class LargeView(QWidget):
    """A table of pages beside one whole row, under a line that says how far the scan is."""

    stop_requested = Signal()
    read_requested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.table = LargeTable(theme)
        self.said = QLabel("Looking at the first rows…")
        self.said.setProperty("tone", "dim")
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Rows checked")
        self.stop = Button("Stop", icon="square")
        self.stop.clicked.connect(self.stop_requested)
        self.read = Button("Read all to train on it")
        self.read.setToolTip("Holds every row in memory: for files of a few hundred MB.")
        self.read.clicked.connect(self.read_requested)
        self.read.hide()
        self.row = Card("Row")
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setAccessibleName("The whole row")
        self._lay_out()

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.setSpacing(14)
        above.addWidget(self.said)
        above.addWidget(self.bar, 1)
        above.addStretch(0)
        above.addWidget(self.stop)
        above.addWidget(self.read)
        rows = Card()
        rows.body.addWidget(self.table)
        self.row.setMinimumWidth(_SIDE_WIDTH)
        self.row.body.addWidget(self.text)
        both = QHBoxLayout()
        both.setSpacing(14)
        both.addWidget(rows, 5)
        both.addWidget(self.row, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(above)
        column.addLayout(both, 1)

    def show_source(self, source: LargeRows) -> None:
        """Show the rows of an index from now on."""
        self.table.model.set_source(source)
        self.table.stand_on_first()

    def show_scan(self, scan: Scanned) -> None:
        """How far the scan has come, and how many rows of each state it has met."""
        self.table.set_counts(
            {"all": scan.rows, "good": scan.good, "warnings": scan.warnings, "bad": scan.bad}
        )
        if scan.finished:
            self.end(f"All {scan.rows:,} rows checked")
            return
        self.said.setText(f"{scan.rows:,} of about {round_rows(scan.expected_rows):,} rows checked")
        self.bar.setRange(0, 1000)
        self.bar.setValue(1000 * scan.bytes // max(scan.total_bytes, 1))

    def end(self, words: str) -> None:
        """The scan is over, for the reason that the words say."""
        self.said.setText(words)
        self.bar.hide()
        self.stop.hide()
        self.read.show()

    def show_row(self, row: RowShown) -> None:
        """All of a row."""
        self.row.set_title(f"Line {row.line:,}")
        fields = (f"{name}\n{text}" for name, text in zip(row.names, row.texts, strict=True))
        text = as_sentence(row.reason) if row.reason else "\n\n".join(fields)
        self.row.set_value(
            "" if len(text) <= _SHOWN_CHARACTERS else f"first {_SHOWN_CHARACTERS:,} characters"
        )
        self.text.setPlainText(text[:_SHOWN_CHARACTERS])


def large_facts(path: Path, size: int) -> str:
    """What the pane's header says of a big file."""
    return f"{file_size(size)} · {path.suffix.removeprefix('.').upper()} · read page by page"


def round_rows(rows: int) -> int:
    """A guess without digits that mean nothing: three are left."""
    step: int = 10 ** max(0, len(str(rows)) - 3)
    return round(rows / step) * step
