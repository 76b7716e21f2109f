"""A dataset is changed in the window: fixed, edited, undone, saved; the file itself never."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QPlainTextEdit
from pytestqt.qtbot import QtBot

from studio.app.start import make_window
from studio.app.studio import Studio
from studio.dataset.steps.journal import StepJournal
from studio.dataset.steps.steps import Delete, DropDuplicates, Edit
from studio.events import DatasetRead
from studio.paths import Paths
from studio.settings import Settings
from studio.ui.theme import Theme

ROWS = "".join(f'{{"prompt": "Say {n}", "completion": "It is {n}."}}\n' for n in range(1, 9))
REPEATED = '{"prompt": "Say 1", "completion": "It is 1."}\n'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "numbers.jsonl"
    path.write_text(ROWS + REPEATED)
    return path


@pytest.fixture
def studio(qapp: QApplication, qtbot: QtBot, tmp_path: Path, source: Path) -> Iterator[Studio]:
    theme = Theme(qapp)
    theme.apply(qapp)
    window = make_window(theme, Settings())
    window.show()
    studio = Studio(Paths.under(tmp_path / "home"), theme, Settings(), window)
    studio.open_path(str(source))
    wait_for(qtbot, studio, "numbers.jsonl")
    yield studio
    window.close()
    window.deleteLater()


def wait_for(qtbot: QtBot, studio: Studio, name: str) -> DatasetRead:
    def there() -> bool:
        return studio.state.dataset is not None and studio.state.dataset.name == name

    qtbot.waitUntil(there)
    assert studio.state.dataset is not None
    return studio.state.dataset


def rows(qtbot: QtBot, studio: Studio, count: int) -> DatasetRead:
    """The dataset on show, once it has so many rows."""
    qtbot.waitUntil(lambda: studio.state.dataset is not None and len(studio.state.dataset.rows) == count)
    assert studio.state.dataset is not None
    return studio.state.dataset


def test_a_fix_is_previewed_and_done_to_the_dataset_on_show(
    studio: Studio, qtbot: QtBot, source: Path
) -> None:
    pane = studio.panes.dataset
    qtbot.waitUntil(lambda: bool(pane.health.rows))
    pane.tabs.choose("health")
    row = next(row for row in pane.health.rows if row.finding.title == "Exact duplicates")
    qtbot.mouseClick(row.fix, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: studio.dataset.checking.preview.dialog is not None)
    assert studio.dataset.checking.preview.dialog is not None
    qtbot.mouseClick(studio.dataset.checking.preview.dialog.agree, Qt.MouseButton.LeftButton)
    rows(qtbot, studio, 8)
    assert source.read_text() == ROWS + REPEATED
    qtbot.waitUntil(lambda: bool(pane.health.rows))
    assert studio.state.recipe.data.history == '[{"kind": "fix", "check": "duplicates"}]'
    assert not studio.dataset._paths.datasets.exists()  # it is a step, and no dataset of its own


def test_edits_are_undone_redone_kept_and_saved(
    studio: Studio, qtbot: QtBot, source: Path, tmp_path: Path
) -> None:
    pane, view = studio.panes.dataset, studio.panes.dataset.table.view
    qtbot.keyClick(view, Qt.Key.Key_Return)
    editor = view.findChild(QPlainTextEdit)
    assert editor is not None
    editor.selectAll()
    qtbot.keyClicks(editor, "One!")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    pane.table.choose_line(9)
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert pane.edits.status.text() == "2 steps"
    assert pane.table.model.data(pane.table.model.index(0, 2)) == "One!"  # before it is read
    view.setFocus()
    studio.window.action("undo").trigger()
    assert pane.edits.status.text() == "1 step"
    studio.window.action("redo").trigger()
    assert pane.edits.status.text() == "2 steps"
    dataset = rows(qtbot, studio, 8)
    assert dataset.rows[0].answer == "One!"
    assert dataset.rows[0].tokens < dataset.rows[1].tokens
    kept = StepJournal.of(Paths.under(tmp_path / "home").step_journals, dataset.source).read().steps
    assert [type(step) for step in kept] == [Edit, Delete]
    studio.dataset.saving.save(tmp_path / "mine")
    saved = wait_for(qtbot, studio, "mine").rows
    assert len(saved) == 8
    assert saved[0].answer == "One!"
    assert source.read_text() == ROWS + REPEATED
    assert not pane.edits.isVisible()


def test_what_is_being_typed_outlives_that_the_dataset_is_read_again(studio: Studio, qtbot: QtBot) -> None:
    view = studio.panes.dataset.table.view
    qtbot.keyClick(view, Qt.Key.Key_Return)
    editor = view.findChild(QPlainTextEdit)
    assert editor is not None
    editor.selectAll()
    qtbot.keyClicks(editor, "One ")
    studio.dataset.steps.toggle(9)
    rows(qtbot, studio, 8)
    qtbot.keyClicks(editor, "more.")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: rows(qtbot, studio, 8).rows[0].answer == "One more.")
    assert studio.panes.dataset.table.model.rowCount() == 8


def test_a_file_that_went_away_is_said_where_its_row_would_be(
    studio: Studio, qtbot: QtBot, source: Path
) -> None:
    pane = studio.panes.dataset
    qtbot.waitUntil(lambda: pane.example.title() == "Line 1")
    source.unlink()
    qtbot.keyClick(pane.table.view, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: pane.example.title() == "Not rendered")
    assert str(source) in pane.example.reason.text()


def test_another_mask_changes_what_is_trained_and_the_form(studio: Studio, qtbot: QtBot) -> None:
    before = studio.state.dataset
    assert before is not None
    field = studio.panes.dataset.example.rendering.fields["data.train_on"]
    field.setCurrentIndex(field.findData("all"))
    field.activated.emit(field.currentIndex())
    qtbot.waitUntil(lambda: studio.state.dataset is not None and studio.state.dataset is not before)
    after = studio.state.dataset
    assert after is not None
    assert after.rows[0].trained > before.rows[0].trained
    assert studio.panes.training.recipe().data.train_on == "all"


def test_steps_are_added_by_a_form_and_taken_out_again(studio: Studio, qtbot: QtBot) -> None:
    page = studio.panes.dataset.history
    studio.panes.dataset.tabs.choose("history")
    steps = {action.data(): action for action in page.menu.actions()}
    steps["drop_duplicates"].trigger()
    form = studio.dataset.history.form
    assert form is not None
    qtbot.mouseClick(form.agree, Qt.MouseButton.LeftButton)
    rows(qtbot, studio, 8)
    steps["cap"].trigger()
    form = studio.dataset.history.form
    assert form is not None
    count = form.form.rows["rows"].editor
    assert isinstance(count, QLineEdit)
    count.setText("none")
    qtbot.mouseClick(form.agree, Qt.MouseButton.LeftButton)
    assert form.isVisible()
    assert any("cap" in label.text() for label in form.findChildren(QLabel))
    count.setText("5")
    qtbot.mouseClick(form.agree, Qt.MouseButton.LeftButton)
    rows(qtbot, studio, 5)
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert page.card.value() == "2 steps"
    qtbot.mouseClick(page.removers[1], Qt.MouseButton.LeftButton)
    rows(qtbot, studio, 8)
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert page.card.value() == "1 step"
    qtbot.mouseClick(page.removers[0], Qt.MouseButton.LeftButton)
    rows(qtbot, studio, 9)
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert not page.replay.isVisible()


def test_a_history_is_done_again_to_another_file(
    studio: Studio, qtbot: QtBot, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = studio.panes.dataset.history
    studio.panes.dataset.tabs.choose("history")
    studio.dataset.steps.do(Delete(line=2), DropDuplicates())
    rows(qtbot, studio, 7)
    later = source.with_name("later.jsonl")
    later.write_text(ROWS + REPEATED + '{"prompt": "Say 20", "completion": "It is 20."}\n')
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(later), ""))
    qtbot.waitUntil(lambda: studio.queue.idle)
    qtbot.mouseClick(page.replay, Qt.MouseButton.LeftButton)
    assert len(wait_for(qtbot, studio, "later.jsonl").rows) == 9  # the deletion was of another row
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert page.card.value() == "1 step"
