"""What is done with answers of the playground: kept in files, and no link opened unasked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from studio.app.studio import Studio
from studio.events import AnswerEnded
from studio.generate.contestant import Contestant


def test_an_answer_is_kept_as_a_row_and_a_link_is_asked_about(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    pane = studio.panes.playground
    pane.send_requested.disconnect()
    pane.add_contestant(Contestant(kind="server", server="http://localhost:1/v1", model="small"))
    pane.ask_alone("Capital of Norway?")
    (who,) = pane.chat.whos
    pane.show_event(AnswerEnded(who, "Oslo", 10, 1, 5.0, 0.1, "stop"))
    number = pane.columns.exchanges[0].exchange.number
    for action, field in (("golden", "ideal"), ("row", "completion")):
        file = tmp_path / f"{action}.jsonl"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, file=file, **__: (str(file), ""))
        pane.answer_acted.emit(action, number, who)
        assert json.loads(file.read_text()) == {"prompt": "Capital of Norway?", field: "Oslo"}
    pane.link_clicked.emit("file:///etc/passwd")
    assert studio.playground.sayings.dialog is None
    pane.link_clicked.emit("http://example.com/a")
    dialog = studio.playground.sayings.dialog
    assert dialog is not None
    assert opened == []
    dialog.agree.click()
    assert opened == ["http://example.com/a"]
