"""A file too big to hold, brought to the window."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.app.studio import Studio
from studio.dataset.manifest import Manifest
from studio.dataset.steps.journal import StepJournal
from studio.dataset.steps.steps import Split
from studio.jobs.save import SaveJob
from studio.recipe.recipe import Recipe
from studio.ui.form.editors import ChoiceField, NumberField
from tests.app.conftest import opened_by_pages as opened
from tests.conftest import write_rows

pytestmark = pytest.mark.usefixtures("small_files_are_large")


def choose(field: ChoiceField, value: str) -> None:
    """Pick an entry as a person does."""
    field.setCurrentIndex(field.findData(value))
    field.activated.emit(field.currentIndex())


@pytest.mark.long
def test_its_rows_are_shown_filtered_searched_and_read_whole(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    path = write_rows(tmp_path / "big.jsonl", 2000)
    path.write_text(path.read_text() + '{"instruction": "Last", "output": ""}\n')
    view = opened(studio, qtbot, path)
    model = view.table.model
    assert studio.panes.dataset.state is view
    assert (model.rowCount(), view.bar.status.text()) == (2001, "All 2,001 rows read")
    assert studio.dataset.opening.recent == (str(path),)
    qtbot.waitUntil(lambda: view.example.title() == "Line 1")
    assert "Say the number 0" in view.example.tokens.toPlainText()
    before = view.example.tokens.toPlainText()
    choose(view.example.rendering.fields["data.template"], "alpaca")
    qtbot.waitUntil(lambda: view.example.tokens.toPlainText() != before)
    assert "### Response:" in view.example.tokens.toPlainText()
    view.table.chips.choose("bad")
    qtbot.waitUntil(lambda: model.rowCount() == 1)
    qtbot.waitUntil(lambda: "Last" in view.example.text.toPlainText())
    view.table.chips.choose("all")
    assert model.rowCount() == 2001
    view.table.search.setText("number 1234")
    qtbot.waitUntil(lambda: model.rowCount() == 1)
    row = model.rows[0]
    assert row is not None
    assert row.line == 1235
    qtbot.waitUntil(lambda: view.example.title() == "Line 1,235")


@pytest.mark.long
def test_a_part_is_drawn_written_and_opened(studio: Studio, qtbot: QtBot, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "big.jsonl", 2000)
    path.write_text(path.read_text() * 2)
    view = opened(studio, qtbot, path)
    view.table.chips.choose("good")
    view.table.search.setText("NUMBER 1")
    view.bar.part.click()
    dialog = studio.dataset.large_parts.dialog
    assert dialog is not None
    rows = dialog.form.rows["rows"].editor
    assert isinstance(rows, NumberField)
    assert (rows.value(), dialog.good.isChecked(), dialog.found.isChecked()) == ("4000", True, True)
    rows.selectAll()
    QTest.keyClicks(rows, "4,001")
    assert dialog.form.problem() == "Rows must be at most 4,000."
    assert not dialog.agree.isEnabled()
    rows.selectAll()
    QTest.keyClicks(rows, "300")
    dialog.agree.click()
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    dataset = studio.state.dataset
    assert dataset is not None
    assert dataset.name == "big part"
    assert len({row.prompt for row in dataset.rows}) == len(dataset.rows) == 300
    assert all("number 1" in row.prompt for row in dataset.rows)
    words = [step.words for step in Manifest.read(Path(dataset.path)).counts]
    assert words[-1] == "Keep at most 300 rows, at random (seed 0)"


def test_what_is_wrong_with_bad_rows_is_written(studio: Studio, qtbot: QtBot, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "big.jsonl", 2000)
    path.write_text(path.read_text() + '{"instruction": "Last", "output": ""}\n{"open": \n')
    opened(studio, qtbot, path)
    studio.dataset.large_parts.write_bad_rows(out := tmp_path / "bad.jsonl")
    qtbot.waitUntil(out.exists)
    assert [json.loads(line) for line in out.read_text().splitlines()] == [
        {
            "file": "big.jsonl",
            "line": 2001,
            "column": None,
            "code": "row.empty",
            "reason": '"output" is empty',
            "row": {"instruction": "Last", "output": ""},
        },
        {
            "file": "big.jsonl",
            "line": 2002,
            "column": 9,
            "code": "row.not_json_at",
            "reason": "not JSON: expecting value at character 9",
            "row": '{"open":',
        },
    ]


def test_the_last_row_can_be_scrolled_to(studio: Studio, qtbot: QtBot, tmp_path: Path) -> None:
    view = opened(studio, qtbot, write_rows(tmp_path / "big.jsonl", 2000)).table.view
    view.scrollToBottom()
    last = view.visualRect(view.model().index(1999, 1))
    assert view.viewport().rect().contains(last)
    assert view.indexAt(last.center()).row() == 1999


@pytest.mark.long
def test_another_dataset_takes_its_place_and_ends_its_scan(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    studio.open_path(str(write_rows(tmp_path / "big.jsonl", 200_000)))
    view = studio.dataset.large.view
    assert view is not None
    qtbot.waitUntil(lambda: view.table.model.rowCount() > 0)
    studio.open_path(str(write_rows(tmp_path / "small.jsonl", 20)))
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    assert studio.dataset.large.view is None
    assert studio.state.dataset is not None
    assert studio.state.dataset.name == "small.jsonl"


@pytest.mark.long
def test_a_stopped_scan_leaves_the_rows_that_are_checked(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    studio.open_path(str(write_rows(tmp_path / "big.jsonl", 200_000)))
    view = studio.dataset.large.view
    assert view is not None
    qtbot.waitUntil(lambda: view.table.model.rowCount() > 0)
    view.bar.stop.click()
    assert view.bar.status.text().startswith("Stopped: the first ")
    assert studio.panes.dataset.state is view
    view.bar.read.click()
    assert studio.dataset.large.view is None


@pytest.mark.long
def test_a_big_file_of_unknown_columns_is_asked_about_whether_it_fits_or_not(
    studio: Studio, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text('{"a": 1}\n' * 2000)
    for words in ("", "It is too big."):
        monkeypatch.setattr("studio.dataset.read.memory_check.memory_words", lambda path, words=words: words)
        studio.open_path(str(path))
        qtbot.waitUntil(lambda: studio.dataset.columns.dialog is not None)
        assert studio.dataset.large.view is None
        state = studio.panes.dataset.state
        assert state is not None
        assert "It has “a”." in state.accessibleDescription()
        studio.dataset.columns.dialog.reject()


@pytest.mark.long
def test_a_big_file_without_a_row_is_read_whole_if_it_fits(
    studio: Studio, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text("nothing\n" * 2000)
    monkeypatch.setattr("studio.dataset.read.memory_check.memory_words", lambda path: "It is too big.")
    studio.open_path(str(path))
    pane = studio.panes.dataset
    qtbot.waitUntil(lambda: pane.state is not None and "can be read" in pane.state.accessibleDescription())
    monkeypatch.setattr("studio.dataset.read.memory_check.memory_words", lambda path: "")
    studio.open_path(str(path))
    qtbot.waitUntil(lambda: pane.state is not None and "can be used" in pane.state.accessibleDescription())


def test_a_saved_dataset_too_big_to_be_held_is_shown_by_pages_with_its_steps(
    studio: Studio, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "saved"
    recipe = Recipe().with_values({"data.path": str(write_rows(tmp_path / "rows.jsonl", 90))})
    list(SaveJob(recipe, folder, (Split(seed=1),)).run_events(None))
    monkeypatch.setattr("studio.dataset.read.memory_check.memory_words", lambda path: "It is too big.")
    view = opened(studio, qtbot, folder)
    assert view.bar.status.text() == "All 90 rows read"
    told = "It is too big. Create a subset of it to train on."
    qtbot.waitUntil(lambda: view.bar.room.text() == told)
    assert not view.bar.read.isVisible()
    assert not studio.panes.dataset.open_menu.columns.isVisible()
    qtbot.waitUntil(lambda: view.example.title() == "Line 1")
    view.delete_toggled.emit(1)
    fingerprint = Manifest.read(folder).fingerprint
    assert StepJournal.of(studio.dataset._paths.step_journals, fingerprint).read().steps
    monkeypatch.setattr("studio.dataset.read.memory_check.memory_words", lambda path: "")
    studio.open_path(str(folder))  # once there is room, with what was done to it
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    assert studio.state.dataset is not None
    assert len(studio.state.dataset.rows) == 89
