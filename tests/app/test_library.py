"""The library in the window: every dataset is found again, and what is removed is only what is ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from studio.app.studio import Studio
from studio.dataset.library import Library
from studio.ui.dialogs.library import LibraryDialog
from studio.ui.tables.model import BADGE
from tests.app.conftest import opened_by_pages
from tests.conftest import TRASH, write_rows


def opened(studio: Studio, qtbot: QtBot, path: Path) -> None:
    """Open a dataset, and wait until it is on show and written down."""
    studio.open_path(str(path))
    qtbot.waitUntil(lambda: studio.state.dataset is not None and studio.state.dataset.path == str(path))
    known = Library(studio.dataset._paths)
    qtbot.waitUntil(lambda: str(path) in [entry.path for entry in known.entries()])


def shown(studio: Studio, qtbot: QtBot) -> LibraryDialog:
    studio.window.action("library").trigger()
    dialog = studio.dataset.library.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: bool(dialog.model.entries))
    return dialog


def names(dialog: LibraryDialog) -> list[str]:
    return [entry.name for entry in dialog.model.rows]


def test_what_was_opened_is_found_and_opened_again(studio: Studio, qtbot: QtBot, tmp_path: Path) -> None:
    first, second = (write_rows(tmp_path / f"{name}.jsonl", 30) for name in ("first", "second"))
    opened(studio, qtbot, first)
    studio.dataset.steps.toggle(3)
    qtbot.waitUntil(lambda: studio.state.dataset is not None and len(studio.state.dataset.rows) == 29)
    opened(studio, qtbot, second)
    dialog = shown(studio, qtbot)
    qtbot.waitUntil(lambda: names(dialog) == ["second.jsonl", "first.jsonl"])
    entry = dialog.model.rows[1]
    assert (entry.format, entry.rows, entry.steps, entry.bytes) == (
        "instruction",
        29,
        1,
        first.stat().st_size,
    )
    dialog.search.setText("FIRST")
    assert names(dialog) == ["first.jsonl"]
    dialog.agree.click()
    qtbot.waitUntil(lambda: studio.state.dataset is not None and studio.state.dataset.path == str(first))
    assert studio.dataset.library.dialog is None


def test_a_source_that_is_gone_is_said_so_and_only_leaves_the_list(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    gone, here = (write_rows(tmp_path / f"{name}.jsonl", 30) for name in ("lost", "here"))
    opened(studio, qtbot, gone)
    opened(studio, qtbot, here)
    gone.unlink()
    dialog = shown(studio, qtbot)
    dialog.search.setText("lost")
    assert dialog.model.index(0, 1).data(BADGE) == ("Missing", "warn")
    assert not dialog.agree.isEnabled()
    dialog.search.clear()
    for path in (gone, here):
        dialog.view.selectRow(names(dialog).index(path.name))
        dialog.view.setFocus()
        QTest.keyClick(dialog.view, Qt.Key.Key_Delete)
        qtbot.waitUntil(lambda path=path: path.name not in names(dialog))  # type: ignore[misc]
    assert here.exists()
    assert studio.dataset.opening.recent == ()
    assert studio.state.dataset is not None  # what is on show stays so
    assert "No dataset is known yet" in dialog._empty.text()


def test_a_copy_of_ours_goes_to_the_trash_once_the_person_has_agreed_and_is_on_show_no_more(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    files = [write_rows(tmp_path / f"{name}.jsonl", 30) for name in ("a", "b")]
    studio.open_paths([str(file) for file in files])
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    dialog = shown(studio, qtbot)
    copy = Path(dialog.chosen_path())
    assert (copy.name, dialog.model.index(0, 1).data(BADGE)) == ("a and 1 more", ("Saved copy", "dim"))
    dialog.remove.click()
    assert dialog.confirm.isVisible()
    said = " ".join(label.text() for label in dialog.confirm.findChildren(QLabel))
    assert "Move “a and 1 more” to the Trash?" in said
    dialog.confirm.cancel.click()
    assert copy.exists()
    dialog.remove.click()
    dialog.confirm.agree.click()
    qtbot.waitUntil(lambda: not dialog.model.entries)
    assert not copy.exists()
    assert list(TRASH.rglob("a and 1 more*"))
    assert studio.state.dataset is None
    assert studio.panes.dataset.state is not None
    assert all(file.exists() for file in files)


@pytest.mark.usefixtures("small_files_are_large")
def test_big_files_are_known_too(studio: Studio, qtbot: QtBot, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "big.jsonl", 600)
    view = opened_by_pages(studio, qtbot, path)
    view.delete_toggled.emit(3)
    dialog = shown(studio, qtbot)
    (entry,) = dialog.model.entries
    assert (entry.name, entry.rows, entry.steps, entry.format) == ("big.jsonl", 600, 1, "instruction")
