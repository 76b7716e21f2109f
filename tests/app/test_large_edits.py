"""Rows of a file too big to hold are changed by hand in the window."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit
from pytestqt.qtbot import QtBot

from studio.app.studio import Studio
from studio.ui.panes.dataset.large import LargeView
from studio.ui.tables.editable import ANSWER, MARK, PROMPT
from studio.ui.tables.model import BADGE, STRUCK
from tests.app.conftest import opened_by_pages as opened
from tests.conftest import write_rows

pytestmark = pytest.mark.usefixtures("small_files_are_large")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Six hundred numbers; the answer to the first is longer than what an index keeps of it."""
    path = write_rows(tmp_path / "big.jsonl", 600)
    first = {"instruction": "Say all", "output": "one " * 200 + "end"}
    path.write_text(json.dumps(first) + "\n" + path.read_text())
    return path


def cell(view: LargeView, row: int, column: int, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
    return view.table.model.index(row, column).data(role)


def typed(view: LargeView, qtbot: QtBot, row: int, column: int, text: str) -> str:
    """Edit a cell as a person does, and return what stood in it."""
    view.table.view.setCurrentIndex(view.table.model.index(row, column))
    QTest.keyClick(view.table.view, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(view.table.view.findChildren(QPlainTextEdit)))
    (editor,) = view.table.view.findChildren(QPlainTextEdit)
    before = editor.toPlainText()
    editor.setPlainText(text)
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not view.table.view.findChildren(QPlainTextEdit))
    return before


@pytest.mark.long
def test_a_row_is_edited_whole_kept_undone_and_redone(studio: Studio, qtbot: QtBot, path: Path) -> None:
    source_bytes = path.read_bytes()
    view = opened(studio, qtbot, path)
    assert view.edits.isHidden()
    assert typed(view, qtbot, 0, ANSWER, "Everything.") == "one " * 200 + "end"
    assert (cell(view, 0, ANSWER), cell(view, 0, MARK, BADGE)) == ("Everything.", ("Edited", "accent"))
    assert view.edits.status.text() == "1 step"
    qtbot.waitUntil(lambda: "Everything." in view.example.tokens.toPlainText())
    assert typed(view, qtbot, 0, ANSWER, "All.") == "Everything."
    studio.dataset.edit("undo")
    assert cell(view, 0, ANSWER) == "Everything."
    studio.dataset.edit("undo")
    assert str(cell(view, 0, ANSWER)).startswith("one one")
    studio.dataset.edit("redo")
    assert cell(view, 0, ANSWER) == "Everything."
    assert path.read_bytes() == source_bytes
    again = opened(studio, qtbot, path)
    assert again is not view
    assert cell(again, 0, ANSWER) == "Everything."
    path.write_bytes(source_bytes + b'{"instruction": "More", "output": "more"}\n')
    assert str(cell(opened(studio, qtbot, path), 0, ANSWER)).startswith("one one")  # another file by now


@pytest.mark.long
def test_rows_are_deleted_and_restored(studio: Studio, qtbot: QtBot, path: Path) -> None:
    view = opened(studio, qtbot, path)
    view.table.view.setCurrentIndex(view.table.model.index(3, PROMPT))
    QTest.keyClick(view.table.view, Qt.Key.Key_Delete)
    assert cell(view, 3, MARK, BADGE) == ("Deleted", "dim")
    assert cell(view, 3, PROMPT, STRUCK)
    assert not view.table.view.isColumnHidden(MARK)
    QTest.keyClick(view.table.view, Qt.Key.Key_Delete)
    assert cell(view, 3, MARK, BADGE) is None


@pytest.mark.long
def test_what_was_changed_is_written_with_all_rows_and_with_a_subset(
    studio: Studio, qtbot: QtBot, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = opened(studio, qtbot, path)
    typed(view, qtbot, 0, ANSWER, "Everything.")
    studio.dataset.large_editing.toggle(2)
    view.bar.part.click()
    dialog = studio.dataset.large_parts.dialog
    assert dialog is not None
    dialog.agree.click()
    qtbot.waitUntil(lambda: studio.state.dataset is not None, timeout=20_000)
    assert studio.state.dataset is not None
    answers = {row.prompt: row.answer for row in studio.state.dataset.rows}
    assert (len(answers), answers["Say all"]) == (600, "Everything.")
    view = opened(studio, qtbot, path)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "out.jsonl"), ""))
    view.edits.save.click()
    qtbot.waitUntil(lambda: studio.dataset.large.path.name == "out.jsonl")
    rows = (tmp_path / "out.jsonl").read_text().splitlines()
    assert len(rows) == 600
    assert json.loads(rows[0])["messages"][1]["content"] == "Everything."


def test_what_was_changed_goes_along_where_all_rows_are_read(
    studio: Studio, qtbot: QtBot, path: Path
) -> None:
    view = opened(studio, qtbot, path)
    studio.dataset.large_editing.edit(1, "answer", "Everything.")
    view.bar.read.click()
    qtbot.waitUntil(lambda: studio.state.dataset is not None, timeout=20_000)
    assert studio.state.dataset is not None
    assert studio.state.dataset.rows[0].answer == "Everything."
