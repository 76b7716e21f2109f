"""What is done with answers of the playground: kept in files, and no link opened unasked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from studio.app.studio import Studio
from studio.dataset.read.pairs import preference
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
        kept = studio.playground.sayings.kept
        assert kept is not None
        kept.fields[field].setPlainText("")
        assert not kept.agree.isEnabled()
        kept.fields[field].setPlainText("Oslo.")
        kept.agree.click()
        assert json.loads(file.read_text()) == {"prompt": "Capital of Norway?", field: "Oslo."}
    pane.link_clicked.emit("file:///etc/passwd")
    assert studio.playground.sayings.dialog is None
    pane.link_clicked.emit("http://example.com/a")
    dialog = studio.playground.sayings.dialog
    assert dialog is not None
    assert opened == []
    dialog.agree.click()
    assert opened == ["http://example.com/a"]


def test_a_vote_becomes_a_preference_pair_that_is_read_as_one(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane = studio.panes.playground
    pane.send_requested.disconnect()
    for name in ("small", "large"):
        pane.add_contestant(Contestant(kind="server", server="http://localhost:1/v1", model=name))
    pane.blind.trigger()
    file = tmp_path / "pairs.jsonl"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(file), ""))
    for system, prompt in (("", "Capital of Norway?"), ("Be brief.", "And of Italy?")):
        pane.system.field.setPlainText(system)
        pane.set_prompt(prompt)
        pane.send()
        for who, text in zip(pane.chat.whos, (f"{prompt} Yes.", f"{prompt} No."), strict=True):
            pane.show_event(AnswerEnded(who, text, 10, 1, 5.0, 0.1, "stop"))
        view = pane.columns.exchanges[-1]
        view.votes.choices.buttons["b"].click()
        view.votes.pair.click()
        kept = studio.playground.sayings.kept
        assert kept is not None
        assert kept.fields["chosen"].toPlainText() == list(view.exchange.answers.values())[1].text
        kept.fields["rejected"].setPlainText("Nobody knows.")
        kept.agree.click()
    first, second = (preference(1, json.loads(line)) for line in file.read_text().splitlines())
    assert first.rejected == second.rejected == "Nobody knows."
    assert [turn.role for turn in first.messages] == ["user", "assistant"]
    assert [turn.role for turn in second.messages] == ["system", "user", "assistant", "user", "assistant"]
    assert second.messages[0].content == "Be brief."
