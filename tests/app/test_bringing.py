"""Datasets are brought in the many ways people have, and what is not known of them is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from studio.app.start import make_window
from studio.app.studio import Studio
from studio.dataset.steps.steps import Cap
from studio.events import DatasetRead
from studio.paths import Paths
from studio.settings import Settings
from studio.ui.theme import Theme
from tests.conftest import write_rows

ROWS = "".join(f'{{"prompt": "Say {n}", "completion": "It is {n}."}}\n' for n in range(1, 10))
TICKETS = "Kunde,Frage,Antwort\n" + "".join(f"K{n},Wo ist {n}?,Hier ist {n}.\n" for n in range(1, 31))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "numbers.jsonl"
    path.write_text(ROWS)
    return path


@pytest.fixture
def tickets(tmp_path: Path) -> Path:
    path = tmp_path / "tickets.csv"
    path.write_text(TICKETS)
    return path


@pytest.fixture
def studio(qapp: QApplication, tmp_path: Path) -> Iterator[Studio]:
    theme = Theme(qapp)
    theme.apply(qapp)
    window = make_window(theme, Settings())
    window.show()
    yield Studio(Paths.under(tmp_path / "home"), theme, Settings(), window)
    window.close()
    window.deleteLater()


def wait_for(qtbot: QtBot, studio: Studio, name: str) -> DatasetRead:
    def there() -> bool:
        return studio.state.dataset is not None and studio.state.dataset.name == name

    qtbot.waitUntil(there)
    assert studio.state.dataset is not None
    return studio.state.dataset


def test_an_address_on_the_hub_is_pasted_into_its_dialog(studio: Studio) -> None:
    QApplication.clipboard().setText("https://huggingface.co/datasets/ann/set")
    studio.panes.dataset.setFocus()
    studio.window.action("paste").trigger()
    assert studio.dataset.downloading.dialog is not None
    assert studio.dataset.downloading.dialog.name.text() == "https://huggingface.co/datasets/ann/set"
    assert studio.dataset.downloading.dialog.agree.isEnabled()


def test_several_files_become_one_dataset(studio: Studio, qtbot: QtBot, source: Path, tmp_path: Path) -> None:
    other = tmp_path / "more.jsonl"
    other.write_text('{"prompt": "Say 20", "completion": "It is 20."}\n')
    studio.dataset.opening.bring([source, other])
    assert len(wait_for(qtbot, studio, "numbers and 1 more").rows) == 10


def test_pasted_rows_and_paths_are_opened_and_remembered(studio: Studio, qtbot: QtBot, source: Path) -> None:
    clipboard = QApplication.clipboard()
    clipboard.setText("prompt,completion\nSay 1,One\nSay 2,Two\nSay 3,Three")
    studio.panes.dataset.setFocus()
    studio.window.action("paste").trigger()
    assert len(wait_for(qtbot, studio, "pasted.csv").rows) == 3
    clipboard.setText(str(source))
    studio.window.action("paste").trigger()
    wait_for(qtbot, studio, "numbers.jsonl")
    recent = studio.panes.dataset.open_menu.recent()
    assert [action.text() for action in recent] == ["numbers.jsonl", "pasted.csv"]
    recent[1].trigger()
    wait_for(qtbot, studio, "pasted.csv")


def test_columns_of_unknown_names_are_asked_tried_and_used(
    studio: Studio, qtbot: QtBot, source: Path, tickets: Path
) -> None:
    studio.open_path(str(tickets))
    qtbot.waitUntil(lambda: studio.dataset.columns.dialog is not None)
    dialog = studio.dataset.columns.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: len(dialog.preview.blocks) == 2)
    assert [block.words.text() for block in dialog.preview.blocks] == ["Wo ist 1?", "Hier ist 1."]
    assert dialog.status.text() == "All of the first 30 rows can be read."
    qtbot.mouseClick(dialog.kinds.button("classification"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.agree.isEnabled)
    dialog.choices["label"].choose("")
    assert dialog.status.text() == "Choose the column for Label."
    assert not dialog.agree.isEnabled()
    dialog.choices["label"].choose("Kunde")
    qtbot.waitUntil(dialog.agree.isEnabled)
    qtbot.mouseClick(dialog.agree, Qt.MouseButton.LeftButton)
    dataset = wait_for(qtbot, studio, "tickets.csv")
    assert dataset.format == "classification"
    assert dataset.rows[0].answer == "K1"
    assert studio.panes.training.recipe().data.columns == "text=Frage, label=Kunde"
    studio.open_path(str(source))
    wait_for(qtbot, studio, "numbers.jsonl")
    assert studio.state.recipe.data.columns == studio.panes.training.recipe().data.columns == ""


@pytest.mark.long
def test_columns_can_be_named_later_and_go_with_what_is_saved(
    studio: Studio, qtbot: QtBot, tickets: Path, tmp_path: Path
) -> None:
    studio.dataset.datasets.read_columns(str(tickets), "text=Frage")
    wait_for(qtbot, studio, "tickets.csv")
    menu = studio.panes.dataset.open_menu
    assert menu.columns.isVisible()
    menu.columns.trigger()
    qtbot.waitUntil(lambda: studio.dataset.columns.dialog is not None)
    dialog = studio.dataset.columns.dialog
    assert dialog is not None
    assert dialog.kinds.current == "text"
    qtbot.mouseClick(dialog.kinds.button("answers"), Qt.MouseButton.LeftButton)
    dialog.choices["answer"].choose("Antwort")
    qtbot.waitUntil(dialog.agree.isEnabled)
    qtbot.mouseClick(dialog.agree, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: studio.state.dataset is not None and studio.state.dataset.format == "prompt/completion",
    )
    studio.dataset.saving.save(tmp_path / "mine")
    rows = wait_for(qtbot, studio, "mine").rows
    assert {row.answer for row in rows} == {f"Hier ist {n}." for n in range(1, 31)}
    assert not menu.columns.isVisible()
    studio.dataset.steps.do(Cap(rows=20))
    qtbot.waitUntil(lambda: studio.state.dataset is not None and len(studio.state.dataset.rows) == 20)
    studio.dataset.steps.do(Cap(rows=10))
    studio.dataset.saving.save(tmp_path / "ten")
    assert len(wait_for(qtbot, studio, "ten").rows) == 10
    qtbot.waitUntil(lambda: studio.queue.idle)
    studio.dataset.history.remove(1)  # the rest is done again to the source, whose columns are still known
    assert len(wait_for(qtbot, studio, "tickets.csv").rows) == 20


def test_several_files_of_unknown_columns_are_asked_about_once(
    studio: Studio, qtbot: QtBot, tickets: Path, tmp_path: Path
) -> None:
    more = tmp_path / "more.csv"
    more.write_text(TICKETS)
    studio.dataset.opening.bring([tickets, more])
    qtbot.waitUntil(lambda: studio.dataset.columns.dialog is not None)
    dialog = studio.dataset.columns.dialog
    assert dialog is not None
    qtbot.waitUntil(dialog.agree.isEnabled)
    qtbot.mouseClick(dialog.agree, Qt.MouseButton.LeftButton)
    assert len(wait_for(qtbot, studio, "tickets and 1 more").rows) == 60


def test_files_dropped_together_become_one_dataset_and_come_back_by_the_file_menu(
    studio: Studio, qtbot: QtBot, source: Path, tmp_path: Path
) -> None:
    other = tmp_path / "more.jsonl"
    other.write_text('{"prompt": "Say 20", "completion": "It is 20."}\n')
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in (source, other)])
    how = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(studio.window, QDragEnterEvent(QPoint(400, 300), *how))
    QApplication.sendEvent(studio.window, QDropEvent(QPointF(400, 300), *how))
    assert len(wait_for(qtbot, studio, "numbers and 1 more").rows) == 10
    studio.open_path(str(source))
    wait_for(qtbot, studio, "numbers.jsonl")
    recent = studio.window.action("recent").menu()
    assert isinstance(recent, QMenu)
    entries = [action.text() for action in recent.actions() if action.text()]
    assert entries == ["numbers.jsonl", "numbers and 1 more", "Clear Menu"]
    recent.actions()[1].trigger()
    wait_for(qtbot, studio, "numbers and 1 more")
    away = source.rename(tmp_path / "away.jsonl")
    studio.window.menu_opening.emit()
    assert [action.text() for action in recent.actions() if action.text()] == entries[1:]
    away.rename(source)
    studio.window.menu_opening.emit()
    assert len(recent.actions()) == 4  # with the line above the last
    recent.actions()[-1].trigger()
    assert not recent.isEnabled()
    assert studio.dataset.opening.recent == ()


def test_the_same_files_brought_again_are_the_dataset_that_was_made_of_them(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    files = [write_rows(tmp_path / f"{name}.jsonl", 30) for name in ("one", "two")]
    made = Path(studio.dataset._paths.datasets)
    for _ in range(2):
        studio.open_paths(list(map(str, files)))
        wait_for(qtbot, studio, "one and 1 more")
        studio.dataset.datasets.give_up()
    assert [path.name for path in made.iterdir()] == ["one and 1 more"]
    write_rows(files[1], 20)
    studio.open_paths(list(map(str, files)))
    assert len(wait_for(qtbot, studio, "one and 1 more 2").rows) == 50
