"""The table of made rows: filters that follow what is said, and the next row to judge."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from studio.events import GeneratedRow
from studio.ui.tables.generated import FILTERS, GeneratedRowsModel
from studio.ui.tables.model import BADGE


def row(number: int, state: str = "pending", file: str = "a.md") -> GeneratedRow:
    return GeneratedRow(
        number, f"Ask {number}", f"Say {number}", state, "passages", "m", f"{file}, page {number}", "Text", ""
    )


@pytest.fixture
def model(qtbot: QtBot) -> GeneratedRowsModel:
    return GeneratedRowsModel()


def test_rows_come_and_go_as_the_filter_says(model: GeneratedRowsModel) -> None:
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    for number in (3, 1, 2):
        model.put(row(number))
    assert [each.row for each in model.rows] == [1, 2, 3]
    model.show("pending")
    model.put(row(2, "accepted"))
    assert [each.row for each in model.rows] == [1, 3]
    assert model.place_of(2) is None
    model.put(row(2))
    assert model.place_of(2) == 1
    model.put(row(3, "edited"))
    assert model.counts() == {"all": 3, "pending": 2, "accepted": 1, "rejected": 0}
    assert model.accepted() == 1
    del tester


def test_the_next_row_to_judge_is_the_one_after_else_the_first(model: GeneratedRowsModel) -> None:
    states = ("pending", "accepted", "pending", "rejected")
    model.show_rows([row(number, state) for number, state in enumerate(states, 1)])
    assert [model.next_pending(number) for number in (1, 2, 3, 4)] == [3, 3, 1, 1]
    model.put(row(1, "added"))
    assert model.next_pending(3) == 3


def test_every_state_is_shown_by_a_word_and_belongs_to_a_filter(model: GeneratedRowsModel) -> None:
    model.show_rows([row(number, state) for number, state in enumerate(FILTERS["all"], 1)])
    words = [model.index(place, 0).data(BADGE)[0] for place in range(model.rowCount())]
    assert words == ["Pending", "Accepted", "Edited", "In the dataset", "Rejected"]
    assert sum(model.counts()[kind] for kind in ("pending", "accepted", "rejected")) == model.rowCount()


def test_of_a_single_document_only_the_place_is_named(model: GeneratedRowsModel) -> None:
    model.show_rows([row(1), row(2)])
    assert model.index(0, 3).data(Qt.ItemDataRole.DisplayRole) == "page 1"
    model.put(row(3, file="b.md"))
    assert model.index(0, 3).data(Qt.ItemDataRole.DisplayRole) == "a.md, page 1"
    model.show_rows([replace(row(1), passage="", source="line 7")])
    assert model.index(0, 3).data(Qt.ItemDataRole.DisplayRole) == "line 7"
