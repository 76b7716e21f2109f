"""The dataset at hand is saved, exported and uploaded from the window, over nothing without asking."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from studio.app.start import make_window
from studio.app.studio import Studio
from studio.dataset.read.load import read
from studio.dataset.record import Record
from studio.dataset.save.export import export
from studio.events import DatasetRead, Event, Progress
from studio.jobs.queue import QueueName
from studio.paths import Paths
from studio.settings import Settings
from studio.ui.theme import Theme
from tests.app.keychain import own_keychain
from tests.conftest import finish
from tests.dataset.hub.test_upload import Hub

ROWS = "".join(f'{{"prompt": "Say {n}", "completion": "It is {n}."}}\n' for n in range(1, 21))
EMPTY = '{"prompt": "Say 21", "completion": ""}\n'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "numbers.jsonl"
    path.write_text(ROWS + EMPTY)
    return path


@pytest.fixture(autouse=True)
def _own_keychain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "token"))
    with own_keychain():
        yield


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


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    hub = Hub()
    thread = Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", hub.address)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    yield hub
    hub.shutdown()
    hub.server_close()
    thread.join()


def wait_for(qtbot: QtBot, studio: Studio, name: str) -> DatasetRead:
    def there() -> bool:
        return studio.state.dataset is not None and studio.state.dataset.name == name

    qtbot.waitUntil(there)
    assert studio.state.dataset is not None
    return studio.state.dataset


def entry(studio: Studio, text: str) -> QAction:
    """The entry of the Save menu."""
    actions = studio.panes.dataset.save_menu.actions()
    return next(action for action in actions if action.text() == text)


def choose(studio: Studio, qtbot: QtBot, path: Path) -> None:
    """Type a path into the file dialog, and press Return."""
    chooser = studio.dataset.saving.chooser
    assert isinstance(chooser, QFileDialog)
    field = chooser.findChild(QLineEdit)
    assert field is not None
    field.setText(str(path))
    with qtbot.waitSignal(chooser.fileSelected):
        qtbot.keyClick(field, Qt.Key.Key_Return)


def notice(studio: Studio) -> str:
    return studio.window.notice().text()


def answer(studio: Studio, qtbot: QtBot, *, agrees: bool) -> None:
    """Press a button of the question."""
    question = studio.dataset.saving.question
    assert question is not None
    qtbot.mouseClick(question.agree if agrees else question.cancel, Qt.MouseButton.LeftButton)


def test_rows_as_they_were_edited_are_exported(studio: Studio, qtbot: QtBot, tmp_path: Path) -> None:
    studio.dataset.steps.edit(1, "answer", "One!")
    entry(studio, "Export as JSONL…").trigger()
    choose(studio, qtbot, tmp_path / "out")
    qtbot.waitUntil(lambda: "20 rows written" in notice(studio))
    assert read(tmp_path / "out.jsonl").records[0].answer == "One!"


def test_the_layout_of_mlx_lm_is_divided_and_replaced_only_after_a_question(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    out = tmp_path / "layout"
    out.mkdir()
    (out / "golden.jsonl").write_text("somebody's")
    entry(studio, "Export for mlx-lm…").trigger()
    choose(studio, qtbot, out)
    qtbot.waitUntil(lambda: "did not write there" in notice(studio))
    assert [path.name for path in out.iterdir()] == ["golden.jsonl"]
    (out / "golden.jsonl").unlink()
    finish(export([Record(1, text="x"), Record(2, text="y")], {1: "golden", 2: "train"}, out))
    studio.dataset.saving.export_layout(out)
    answer(studio, qtbot, agrees=False)
    assert [path.name for path in sorted(out.glob("[!.]*"))] == ["golden.jsonl", "train.jsonl"]
    studio.dataset.saving.export_layout(out)
    answer(studio, qtbot, agrees=True)
    qtbot.waitUntil(lambda: "20 rows written" in notice(studio))
    assert sorted(path.name for path in out.glob("[!.]*")) == ["test.jsonl", "train.jsonl", "valid.jsonl"]


def test_rows_that_cannot_train_are_exported_with_their_reasons(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    entry(studio, "Export the row that cannot train…").trigger()
    choose(studio, qtbot, tmp_path / "bad.jsonl")
    qtbot.waitUntil(lambda: "1 row written" in notice(studio))
    assert json.loads((tmp_path / "bad.jsonl").read_text())["line"] == 21


def test_a_saved_dataset_is_opened_and_replaced_only_after_a_question(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    entry(studio, "Save as dataset…").trigger()
    choose(studio, qtbot, tmp_path / "mine")
    wait_for(qtbot, studio, "mine")
    before = (tmp_path / "mine" / "dataset.json").read_text()
    studio.dataset.steps.toggle(2)
    studio.dataset.saving.save(tmp_path / "mine")
    qtbot.waitUntil(lambda: "a source is never touched" in notice(studio))
    studio.open_path(str(tmp_path / "numbers.jsonl"))
    wait_for(qtbot, studio, "numbers.jsonl")
    studio.dataset.steps.toggle(2)
    studio.dataset.saving.save(tmp_path / "mine")
    answer(studio, qtbot, agrees=False)
    assert (tmp_path / "mine" / "dataset.json").read_text() == before
    studio.dataset.saving.save(tmp_path / "mine")
    answer(studio, qtbot, agrees=True)
    qtbot.waitUntil(lambda: len(read(tmp_path / "mine").records) == 19)
    wait_for(qtbot, studio, "mine")
    assert not entry(studio, "Export the rows that cannot train…").isEnabled()


def test_a_place_that_cannot_be_written_is_a_sentence(studio: Studio, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    studio.dataset.saving.export(tmp_path / "file" / "out.jsonl")
    qtbot.waitUntil(lambda: "is a file, and a folder is needed there" in notice(studio))


@dataclass(frozen=True)
class WaitJob:
    """Keeps its thread until it is let go."""

    let_go: Flag
    title: str = "Waiting"

    def run_events(self, context: Any) -> Generator[Event]:
        yield Progress("Waiting", 0)
        self.let_go.wait(60)


def test_an_export_that_is_stopped_leaves_nothing(studio: Studio, qtbot: QtBot, tmp_path: Path) -> None:
    let_go = Flag()
    studio.queue.submit(WaitJob(let_go), QueueName.READING, lambda _: None, lambda _: None)
    studio.dataset.saving.export(tmp_path / "out.jsonl")
    task = studio.dataset.saving.task
    assert task is not None
    qtbot.waitUntil(task.isVisible)
    qtbot.mouseClick(task.cancel, Qt.MouseButton.LeftButton)
    let_go.set()
    qtbot.waitUntil(lambda: notice(studio) == "Stopped. Nothing was written.")
    assert [path.name for path in tmp_path.glob("*.jsonl")] == ["numbers.jsonl"]


def test_the_dataset_is_uploaded_with_a_token_and_its_address_can_be_copied(
    studio: Studio, qtbot: QtBot, hub: Hub
) -> None:
    studio.dataset.steps.toggle(1)
    entry(studio, "Upload to the Hub…").trigger()
    dialog = studio.dataset.uploading.dialog
    assert dialog is not None
    assert dialog.seen.current == "private"
    dialog.name.setText("numbers")
    qtbot.mouseClick(dialog.agree, Qt.MouseButton.LeftButton)
    assert "Name it as owner/dataset" in dialog.status.text()
    dialog.name.setText("ann/set")
    qtbot.mouseClick(dialog.agree, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.access.isVisible)
    assert "There is no token" in dialog.status.text()
    dialog.access.token.setText("hf_mine")
    qtbot.mouseClick(dialog.agree, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.copy.isVisible)
    qtbot.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == f"{hub.address}/datasets/ann/set"
    assert json.loads(hub.files["dataset.json"])["rows"] == {"": 19}
    assert {token for _, token in hub.asked} == {"Bearer hf_mine"}
