"""A dataset comes from the Hub through its dialog, from a real server on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.app.start import make_window
from studio.app.studio import Studio
from studio.catalogue import phrase
from studio.paths import Paths
from studio.settings import Settings
from studio.ui.dialogs.hub import HubDialog
from studio.ui.theme import Theme
from tests.app.keychain import Keychain, own_keychain
from tests.hub.server import Hub, hub_server

README = b"""---
configs:
- config_name: short
  data_files: [{split: train, path: train.jsonl}, {split: test, path: test.jsonl}]
- config_name: long
  data_files: [{split: train, path: big.jsonl}]
---
"""


def rows(count: int, padding: int = 0) -> bytes:
    found = ({"prompt": f"Say {n}", "completion": f"It is {n}.", "note": "-" * padding} for n in range(count))
    return "".join(f"{json.dumps(row)}\n" for row in found).encode()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    files = {
        "README.md": README,
        "train.jsonl": rows(30),
        "test.jsonl": rows(20),
        "big.jsonl": rows(900, 12_500),
    }
    with hub_server(Hub("user/toys", files)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        yield hub


@pytest.fixture(autouse=True)
def keychain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keychain]:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "token"))
    with own_keychain() as keychain:
        yield keychain


@pytest.fixture
def studio(qapp: QApplication, tmp_path: Path) -> Iterator[Studio]:
    theme = Theme(qapp)
    theme.apply(qapp)
    window = make_window(theme, Settings())
    window.show()
    yield Studio(Paths.under(tmp_path / "home"), theme, Settings(), window)
    window.close()
    window.deleteLater()


def asked(studio: Studio, qtbot: QtBot, name: str) -> HubDialog:
    """The dialog from the menu, with a name typed."""
    menu = studio.panes.dataset.open_menu
    next(action for action in menu.actions() if action.text() == "From the Hub…").trigger()
    dialog = studio.dataset.downloading.dialog
    assert dialog is not None
    dialog.name.clear()
    qtbot.keyClicks(dialog.name, name)
    return dialog


@pytest.mark.long
def test_subsets_and_splits_are_chosen_from_what_there_is_and_rows_arrive(
    studio: Studio, qtbot: QtBot, hub: Hub
) -> None:
    dialog = asked(studio, qtbot, "https://huggingface.co/datasets/user/toys")
    qtbot.keyClick(dialog.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dialog.split.count() == 2)
    assert [dialog.subset.itemText(place) for place in range(dialog.subset.count())] == ["short", "long"]
    assert dialog.split.itemText(0).startswith("train   1.")
    dialog.split.setCurrentIndex(1)
    dialog.rows.setText("many")
    qtbot.mouseClick(dialog.agree, Qt.MouseButton.LeftButton)
    assert dialog.problem.text() == str(phrase("hub.no_range", text="many"))
    dialog.rows.setText("12")
    qtbot.keyClick(dialog.rows, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    assert studio.state.dataset is not None
    assert len(studio.state.dataset.rows) == 12
    assert studio.dataset.downloading.dialog is None


@pytest.mark.long
def test_a_download_is_stopped_and_goes_on_where_it_was(studio: Studio, qtbot: QtBot, hub: Hub) -> None:
    hub.held = threading.Event()
    dialog = asked(studio, qtbot, "huggingface.co/datasets/user/toys/viewer/long/train")
    qtbot.mouseClick(dialog.agree, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "MB downloaded" in dialog.progress.status.text() and hub.half.is_set())
    qtbot.waitUntil(lambda: dialog.progress.bar.value() >= 5)
    qtbot.mouseClick(dialog.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.agree.text() == "Resume")
    assert dialog.progress.status.text().endswith("What was fetched is kept.")
    hub.held.set()
    qtbot.mouseClick(dialog.agree, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    assert int(hub.ranges[0].removeprefix("bytes=").removesuffix("-")) >= 5 * 10**6


@pytest.mark.long
def test_a_gated_dataset_leads_to_its_page_and_asks_for_a_token(
    studio: Studio, qtbot: QtBot, hub: Hub, keychain: Keychain
) -> None:
    hub.fault = (403, "GatedRepo")
    dialog = asked(studio, qtbot, "user/toys")
    qtbot.mouseClick(dialog.look, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.access.isVisible)
    page = f"{hub.url}/datasets/user/toys"
    assert dialog.problem.text() == str(phrase("hub.gated", name="user/toys", page=page))
    hub.fault = None
    dialog.access.token.setText("hf_mine")
    qtbot.mouseClick(dialog.look, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.subset.count() == 2)
    assert "hf_mine" in hub.tokens
    assert list(keychain.kept.values()) == ["hf_mine"]
    assert not dialog.problem.isVisible()


def test_what_is_no_name_and_no_network_are_sentences(
    studio: Studio, qtbot: QtBot, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = asked(studio, qtbot, "two words")
    qtbot.mouseClick(dialog.look, Qt.MouseButton.LeftButton)
    assert "Not a dataset name" in dialog.problem.text()
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    dialog.name.setText("user/toys")
    qtbot.mouseClick(dialog.look, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "cannot be reached" in dialog.problem.text())
    assert not dialog.access.isVisible()
