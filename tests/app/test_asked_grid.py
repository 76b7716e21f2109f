"""Many prompts asked in the window: of whom, from where, and what is left of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from studio.app.studio import Studio
from studio.generate.contestant import Contestant
from studio.paths import STARTER_MODEL, model_folder

STARTER = Contestant(kind="model", model=str(model_folder(STARTER_MODEL)), name="Starter")


def test_prompts_are_asked_of_a_model_and_the_answers_exported(
    studio: Studio, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane, asked = studio.panes.playground, studio.playground.grid
    pane.add_contestant(STARTER)
    for name, value in (("temperature", 0.0), ("max_tokens", 4)):
        pane.panel.control(name).set_value(value)
        pane.panel.control(name).edited.emit()
    pane.grid.trigger()
    dialog = asked.dialog
    assert dialog is not None
    assert not dialog.agree.isEnabled()
    dialog.typed.setPlainText("Hi\n\n  Say the number 7  \n")
    dialog.agree.click()
    qtbot.waitUntil(lambda: dialog.export.isEnabled(), timeout=30_000)
    assert [each.answers for each in dialog.statistics.rows] == [2]
    file = tmp_path / "grid.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(file), ""))
    dialog.export.click()
    document = json.loads(file.read_text())
    assert [row["prompt"] for row in document["rows"]] == ["Hi", "Say the number 7"]
    assert document["rows"][1]["answers"][STARTER.key]["text"] == dialog.answers.rows[1][1]
    dialog.cancel.click()
    pane.grid.trigger()
    again = asked.dialog
    assert again is not None
    assert again.answers.rows == dialog.answers.rows  # closing it loses nothing
    again.again.click()
    again.typed.setPlainText("Tell me a story\n" * 200)
    again.agree.click()
    qtbot.waitUntil(lambda: bool(again.progress.status.text()) and len(again.answers.rows) == 200)
    again.cancel.click()
    qtbot.waitUntil(lambda: not asked.request.busy)
    assert again.problem.text().startswith("Stopped")
    assert again.statistics.rows[0].answers < 200


def test_a_model_that_is_gone_fails_in_words_and_nothing_hangs(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    studio.panes.playground.add_contestant(Contestant(kind="model", model=str(tmp_path / "gone")))
    studio.panes.playground.grid.trigger()
    dialog = studio.playground.grid.dialog
    assert dialog is not None
    dialog.typed.setPlainText("Hi")
    dialog.agree.click()
    qtbot.waitUntil(lambda: bool(dialog.problem.text()))
    assert "gone" in dialog.problem.text()
    assert not dialog.export.isEnabled()
    dialog.again.click()
    assert dialog.prompts() == ("Hi",)
