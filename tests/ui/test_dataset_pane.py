"""The dataset pane, driven as a person drives it."""

from __future__ import annotations

import dataclasses

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from studio.events import DatasetRead, ExampleRow, Piece, Problem, Progress, Rendered
from studio.ui.panes.dataset import DatasetPane
from studio.ui.theme import Theme
from studio.ui.widgets.states import BusyState


def row(line: int, split: str = "train", cut: int = 0) -> ExampleRow:
    return ExampleRow(line, f"Say {line}", f"It is {line}.", 20, 5, split, cut)


DATA = DatasetRead(
    "/d/toy.jsonl",
    "toy",
    "instruction",
    "ChatML",
    "tiny",
    64,
    (row(1), row(2), row(4, "validation"), row(5, "test", cut=7)),
    (Problem(3, "The answer is empty"),),
    "f",
)


@pytest.fixture
def pane(qtbot: QtBot, theme: Theme) -> DatasetPane:
    pane = DatasetPane(theme)
    qtbot.addWidget(pane)
    pane.resize(1076, 820)
    pane.show()
    return pane


def press(qtbot: QtBot, within: QWidget, text: str) -> None:
    button = next(b for b in within.findChildren(QPushButton) if b.text() == text and b.isVisible())
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_with_nothing_open_the_sample_and_a_file_are_offered(qtbot: QtBot, pane: DatasetPane) -> None:
    assert pane.state is not None
    with qtbot.waitSignal(pane.sample_requested):
        press(qtbot, pane.state, "Try the sample")
    with qtbot.waitSignal(pane.open_requested):
        press(qtbot, pane.state, "Choose a file…")


def test_the_head_tells_the_facts_and_leads_to_training(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    assert pane.state is None
    assert pane.header.title() == "toy"
    assert pane.header.subtitle() == (
        "4 examples · instruction · 2 rows need attention · 2 train / 1 validation / 1 test"
    )
    with qtbot.waitSignal(pane.train_requested):
        press(qtbot, pane.header, "Train on this")


def test_the_first_row_is_chosen_and_its_tokens_asked_for(qtbot: QtBot, pane: DatasetPane) -> None:
    with qtbot.waitSignal(pane.example_chosen) as chosen:
        pane.show_dataset(DATA)
    assert chosen.args == [1]
    pieces = (Piece(1, "Say 1", False, False), Piece(2, "It is 1.", True, False))
    pane.show_example(Rendered(DATA.path, 1, pieces))
    assert pane.example.tokens.text() == "Say 1It is 1."
    assert pane.example.value() == "20 tokens, 5 trained"


def test_rows_passed_by_on_the_way_are_not_asked_for(qtbot: QtBot, pane: DatasetPane) -> None:
    asked: list[int] = []
    pane.example_chosen.connect(asked.append)
    pane.show_dataset(DATA)
    for _ in range(3):
        qtbot.keyClick(pane.table.view, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: asked == [4])


def test_tokens_of_a_row_that_was_left_are_not_shown(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    pane.table.choose_line(2)
    pane.show_example(Rendered(DATA.path, 1, (Piece(1, "late", False, False),)))
    assert pane.example.tokens.text() == ""


def test_a_filter_shows_what_it_says(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    press(qtbot, pane, "Attention 2")
    model = pane.table.model
    assert [model.entry(place).line for place in range(model.rowCount())] == [3, 5]


def test_a_search_without_hits_says_so(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    qtbot.keyClicks(pane.table.search, "nowhere")
    qtbot.waitUntil(lambda: pane.table.model.rowCount() == 0)
    assert not pane.table.view.isVisible()


def test_clicking_a_problem_selects_its_row_and_says_why(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    press(qtbot, pane, "Train")
    qtbot.mouseClick(pane.problems.list.rows[0], Qt.MouseButton.LeftButton)
    current = pane.table.current()
    assert current is not None
    assert current.line == 3
    assert pane.table.chips.current == "all"
    assert pane.example.title() == "Line 3 cannot train"
    assert pane.example.reason.text() == "The answer is empty"


def test_the_share_that_is_cut_is_told(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    assert pane.lengths.value() == "limit 64: 25.0 % cut"


def test_reading_shows_progress_and_can_be_stopped(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_busy("/d/toy.jsonl")
    pane.show_progress(Progress("Reading", 5, 10))
    assert isinstance(pane.state, BusyState)
    with qtbot.waitSignal(pane.stop_requested):
        press(qtbot, pane.state, "Stop")


def test_a_failure_offers_another_file(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_failure("Line 1 is not JSON.")
    assert pane.state is not None
    with qtbot.waitSignal(pane.open_requested):
        press(qtbot, pane.state, "Choose another file…")


def test_a_dataset_without_training_rows_cannot_be_trained_on(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DatasetRead("/d", "d", "text", "", "tiny", 64, (), (Problem(1, "Empty"),), "f"))
    button = next(b for b in pane.header.findChildren(QPushButton) if b.text() == "Train on this")
    assert not button.isEnabled()


def test_a_narrow_window_keeps_everything_inside(qtbot: QtBot, pane: DatasetPane) -> None:
    pane.show_dataset(DATA)
    assert pane.minimumSizeHint().width() <= 1040 - 204
    assert pane.minimumSizeHint().height() <= 680


def test_texts_that_are_divided_are_counted_beside_those_cut(pane: DatasetPane) -> None:
    long = ExampleRow(6, "", "A long text.", 300, 299, "train")
    pane.show_dataset(dataclasses.replace(DATA, rows=(*DATA.rows[:3], long)))
    assert pane.lengths.value() == "limit 64: none cut, 1 divided"
