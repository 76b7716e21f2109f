"""The whole way by mouse: from a machine without any model to a GGUF file that was read back."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from studio.app import export
from studio.app.studio import Studio
from studio.models.gguf.facts import read_gguf_facts
from studio.ui.panes.models.pane import ONLINE
from tests.app.test_model_hub import hub, keychain
from tests.conftest import write_rows
from tests.hub.models import SMOL

__all__ = ["hub", "keychain"]

pytestmark = pytest.mark.long


def test_a_model_is_found_downloaded_trained_and_exported_by_clicks(
    studio: Studio, hub: object, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_downloads", lambda: tmp_path / "downloads")

    def click(button: QAbstractButton) -> None:
        qtbot.waitUntil(lambda: button.isVisible() and button.isEnabled())
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    pane = studio.panes.models
    click(studio.window._sidebar._buttons["models"])
    click(pane.places.button(ONLINE))
    qtbot.keyClicks(pane.search, SMOL.partition("/")[2])
    qtbot.waitUntil(lambda: pane.online.chosen() is not None)
    click(pane._actions["download"])
    click(pane._actions["here"])
    click(pane._actions["train"])
    assert studio.window.current_pane() == "training"
    assert SMOL.partition("/")[2] in studio.panes.training.form._model.currentText()

    studio.open_path(str(write_rows(tmp_path / "rows.jsonl", 12)))  # as if it were dropped
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    studio.training.change({"loop.steps": 2, "watch.forgetting": False})
    click(studio.window._sidebar._buttons["training"])
    click(studio.panes.training._buttons["start"])
    qtbot.waitUntil(lambda: any(run.can_answer for run in studio.state.subjects.runs))
    qtbot.waitUntil(lambda: studio.queue.idle)

    click(studio.window._sidebar._buttons["runs"])
    (run,) = studio.state.subjects.runs
    studio.panes.runs.select(run.name)
    click(studio.panes.runs._actions["export"])
    sheet = studio.exporting.dialog
    assert sheet is not None
    click(sheet.targets.button("gguf"))
    click(sheet.agree)
    qtbot.waitUntil(lambda: sheet.reveal.isVisible())
    assert sheet.status.text().startswith("Read back and compared")
    (file,) = (tmp_path / "downloads").glob("*-gguf/*.gguf")
    assert read_gguf_facts(file).architecture == "qwen3"
    sheet.reject()
