"""The picker names the run a pane is about, and lets another one be chosen with mouse, keys or words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from studio.ui.tables.run_picker import RunList, RunPicker
from tests.ui.conftest import summary

BASE = summary("run-0")
RUNS = [
    replace(
        BASE,
        name=f"run-{number}",
        created=BASE.created + timedelta(hours=number),
        dataset=f"/data/{'invoices' if number % 2 else 'letters'}.jsonl",
        state="stopped" if number == 3 else "done",
        step=72 if number == 3 else 240,
    )
    for number in range(12)
]


@pytest.fixture
def picker(qtbot: QtBot) -> RunPicker:
    picker = RunPicker("New run")
    qtbot.addWidget(picker)
    picker.show_runs(RUNS, "run-3")
    return picker


def opened(picker: RunPicker) -> RunList:
    picker.open_list()
    return picker.findChildren(RunList)[-1]


def test_the_picker_says_name_dataset_step_and_date(picker: RunPicker) -> None:
    assert (picker.text(), picker.accessibleName()) == ("run-3", "Run: run-3")
    moment = (BASE.created + timedelta(hours=3)).strftime("%b, %H:%M")
    facts = f"invoices · step 72 of 240, stopped · {(BASE.created + timedelta(hours=3)).day} {moment}"
    assert facts in picker.accessibleDescription()
    assert picker.toolTip() == f"run-3\n{facts}"


def test_the_newest_run_comes_first_and_none_before_it(picker: RunPicker) -> None:
    names = opened(picker).names()
    assert names == ["", *(f"run-{number}" for number in reversed(range(12)))]


def test_a_run_is_chosen_by_keys_alone(picker: RunPicker, qtbot: QtBot) -> None:
    qtbot.keyClick(picker, Qt.Key.Key_Down)
    (found,) = picker.findChildren(RunList)
    with qtbot.waitSignal(picker.chosen) as chosen:
        qtbot.keyClick(found.search, Qt.Key.Key_Down)
        qtbot.keyClick(found.search, Qt.Key.Key_Return)
    assert chosen.args == ["run-2"]


def test_many_runs_are_searched_and_few_are_not(picker: RunPicker, qtbot: QtBot) -> None:
    found = opened(picker)
    qtbot.keyClicks(found.search, "letters")
    assert found.names() == [f"run-{number}" for number in (10, 8, 6, 4, 2, 0)]
    with qtbot.waitSignal(picker.chosen) as chosen:
        qtbot.keyClick(found.search, Qt.Key.Key_Return)
    assert chosen.args == ["run-10"]
    picker.show_runs(RUNS[:3], "run-1")
    assert opened(picker).search.isHidden()


def test_a_click_chooses_and_the_run_on_show_is_not_announced_again(picker: RunPicker, qtbot: QtBot) -> None:
    chosen: list[str] = []
    picker.chosen.connect(chosen.append)
    for name in ("run-3", "run-11"):
        view = opened(picker).view
        index = view.model().index(1 + [f"run-{n}" for n in reversed(range(12))].index(name), 0)
        view.scrollTo(index)
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(index).center())
    assert chosen == ["run-11"]


def test_a_pane_that_is_held_says_why_no_other_run_can_be_chosen(picker: RunPicker) -> None:
    picker.hold("A run is training.")
    assert not picker.isEnabled()
    assert "A run is training." in picker.toolTip()
    picker.hold("")
    assert picker.isEnabled()


def test_a_pane_without_runs_has_nothing_to_choose(picker: RunPicker) -> None:
    picker.show_runs([], "")
    assert picker.isHidden()
