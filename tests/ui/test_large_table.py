"""The table of a file too big to hold: pages, growth, what is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, Qt
from pytestqt.qtbot import QtBot

from studio.dataset.store.check import BAD, GOOD, WARNING
from studio.dataset.store.reader import Store, StoredRow
from studio.dataset.store.scanner import scan
from studio.events import Piece, RowShown, Scanned, Turn
from studio.ui.panes.dataset.large import LargeView, large_findings, round_rows
from studio.ui.tables.dataset_table import LargeTable
from studio.ui.tables.editable import ANSWER, MARK, PROMPT
from studio.ui.tables.large import PAGE, LargeTableModel
from studio.ui.tables.model import BADGE, REASON
from studio.ui.theme import Theme
from tests.conftest import write_rows

DUPLICATE = "Exact duplicate of line 1"


@dataclass
class Endless:
    """As many rows as it is said to have, the second to be looked at, the third bad; notes what is asked."""

    rows: int
    asked: list[tuple[int, int]] = field(default_factory=list)

    def page(self, start: int, count: int) -> list[StoredRow]:
        self.asked.append((start, count))
        return self.rows_at(range(start, min(start + count, self.rows)))

    def rows_at(self, numbers: Sequence[int]) -> list[StoredRow]:
        states = [n if n in (WARNING, BAD) else GOOD for n in numbers]
        said = ("exact duplicate of line 1", ("row.duplicate",))
        return [
            StoredRow(n, n + 1, state, *(said if state else ("", ())), f"Ask {n}", f"Say {n}", n)
            for n, state in zip(numbers, states, strict=True)
        ]


def text(model: LargeTableModel, row: int, column: int = 1) -> object:
    return model.data(model.index(row, column), Qt.ItemDataRole.DisplayRole)


def keep(folder: Path, numbers: list[int]) -> Path:
    path = folder / f"found-{len(numbers)}.npy"
    np.save(path, np.array(numbers, np.uint32))
    return path


def test_a_look_at_a_row_fetches_its_page_once_and_no_other() -> None:
    source, model = Endless(5_000_000), LargeTableModel()
    model.set_source(source)
    assert model.rowCount() == 5_000_000
    assert not source.asked
    assert [text(model, 4_000_002, column) for column in (0, PROMPT, ANSWER, MARK + 1)] == [
        "4,000,003",
        "Ask 4000002",
        "Say 4000002",
        "4,000,002",
    ]
    assert source.asked == [(4_000_002 // PAGE * PAGE, PAGE)]


def test_pages_looked_at_long_ago_are_forgotten() -> None:
    source, model = Endless(5_000_000), LargeTableModel()
    model.set_source(source)
    for row in range(0, 5_000_000, 10_000):
        text(model, row)
    assert model.rows.remembered() <= 64
    text(model, 0)
    assert source.asked[-1] == (0, PAGE)


def test_rows_are_added_below_and_complete_the_page_that_was_not_full(qtbot: QtBot) -> None:
    source, model = Endless(PAGE + 3), LargeTableModel()
    model.set_source(source)
    assert text(model, PAGE + 2) == f"Ask {PAGE + 2}"
    source.rows = PAGE + 40
    with qtbot.waitSignal(model.rowsInserted) as inserted:
        model.grow()
    assert inserted.args is not None
    assert inserted.args[1:] == [PAGE + 3, PAGE + 39]
    assert text(model, PAGE + 39) == f"Ask {PAGE + 39}"


def test_found_rows_stand_in_their_order_and_more_of_them_are_added(qtbot: QtBot, tmp_path: Path) -> None:
    model = LargeTableModel()
    model.set_source(Endless(1000))
    model.show_found(keep(tmp_path, [900, 3, 78]))
    assert [text(model, row) for row in range(model.rowCount())] == ["Ask 900", "Ask 3", "Ask 78"]
    with qtbot.waitSignal(model.rowsInserted) as inserted:
        model.show_found(keep(tmp_path, [900, 3, 78, 5]))
    assert inserted.args is not None
    assert inserted.args[1:] == [3, 3]
    model.show_all()
    assert model.rowCount() == 1000


def test_a_row_that_cannot_train_says_why_across_its_columns() -> None:
    model = LargeTableModel()
    model.set_source(Endless(3))
    assert [model.data(model.index(row, MARK), BADGE) for row in range(3)] == [
        None,
        ("Duplicate", "warn"),
        ("Cannot train", "bad"),
    ]
    assert [model.data(model.index(2, column), REASON) for column in range(5)] == [
        None,
        DUPLICATE,
        DUPLICATE,
        DUPLICATE,
        None,
    ]


def test_rows_of_an_index_that_was_removed_are_placeholders(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", 10)
    list(scan(path, tmp_path / "index"))
    model = LargeTableModel()
    model.set_source(Store(path, tmp_path / "index"))
    for part in (tmp_path / "index").iterdir():
        part.unlink()
    assert text(model, 5) == "…"


def test_the_table_asks_by_chip_search_and_head(qtbot: QtBot, theme: Theme) -> None:
    table = LargeTable(theme)
    qtbot.addWidget(table)
    asked: list[dict[str, object]] = []
    table.query_changed.connect(asked.append)
    assert table.query() == {}
    table.chips.choose("bad")
    table.search.setText("  Oslo ")
    qtbot.waitUntil(lambda: len(asked) == 2)
    table.view.horizontalHeader().setSortIndicator(MARK + 1, Qt.SortOrder.DescendingOrder)
    table.whole.setChecked(True)
    assert asked[0]["state"] == "bad"
    assert asked[1]["search"] == "Oslo"
    assert asked[-1] == {
        "state": "bad",
        "search": "Oslo",
        "sort": "characters",
        "descending": True,
        "whole": True,
    }


def test_the_view_says_how_far_the_scan_is_and_shows_a_whole_row(qtbot: QtBot, theme: Theme) -> None:
    view = LargeView(theme)
    qtbot.addWidget(view)
    view.show_source(Endless(1_203_000))
    view.show_scan(Scanned(1_203_000, 1_202_000, 900, 100, 481, 2000, "/index"))
    assert view.bar.status.text() == "1,203,000 of about 5,000,000 rows read"
    assert view.bar.progress.value() == 240
    assert view.table.chips.label("bad") == "Bad 100"
    assert view.bar.part.isHidden()
    with qtbot.waitSignal(view.table.row_chosen) as chosen:
        view.table.view.setCurrentIndex(view.table.model.index(1_202_999, 0, QModelIndex()))
    assert chosen.args == [1_202_999]
    pieces = (Piece(1, "Say 5", False, False), Piece(2, "5", True, False))
    turns = (Turn("user", "Say 5"), Turn("assistant", "5"))
    view.show_row(RowShown(4, 5, ("prompt",), ("Say 5",), "", pieces, turns, tokens=2, trained=1))
    assert (view.example.title(), view.example.value()) == ("Line 5", "1 of 2 trained")
    assert view.example.tokens.toPlainText() == "Say 55"
    view.show_row(RowShown(5, 6, ("prompt", "answer"), ("Say\n5", ""), '"answer" is empty'))
    assert view.example.title() == "Line 6 cannot train"
    assert view.example.reason.text() == '"answer" is empty'
    assert view.example.text.toPlainText() == "prompt\nSay\n5\n\nanswer"
    view.show_scan(Scanned(5_000_321, 5_000_321, 0, 0, 2000, 2000, "/index", True))
    assert view.bar.status.text() == "All 5,000,321 rows read"
    assert view.bar.progress.isHidden()
    assert not view.bar.part.isHidden()
    assert view.bar.bad.isHidden()
    assert view.table.chips.width_in_one_row() < 300  # there are no bad rows to ask for


def test_the_bar_says_what_was_found_in_a_line() -> None:
    scan = Scanned(1200, 1100, 90, 10, 9, 9, "/index", True, duplicates=80, empty=3, median=140, longest=9001)
    assert large_findings(scan) == (
        "7 cannot be read · 3 empty · 80 exact duplicates · median 140, longest 9,001 characters"
    )


def test_a_file_that_does_not_fit_is_offered_in_part_alone(qtbot: QtBot, theme: Theme) -> None:
    view = LargeView(theme)
    qtbot.addWidget(view)
    view.show_scan(Scanned(5, 5, 0, 0, 9, 9, "/index", True))
    assert not view.bar.read.isHidden()
    view.bar.show_memory("big.jsonl is too big to be held.")
    assert (view.bar.read.isHidden(), view.bar.part.isHidden()) == (True, False)
    assert view.bar.room.text().startswith("big.jsonl is too big to be held. Create a subset")


@pytest.mark.parametrize(("rows", "said"), [(0, 0), (12, 12), (5_001_234, 5_000_000), (123_456, 123_000)])
def test_a_guess_has_three_digits(rows: int, said: int) -> None:
    assert round_rows(rows) == said
