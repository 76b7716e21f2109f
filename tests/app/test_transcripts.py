"""What was said in the playground is written out whole, with who said it, as a person chose."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog

from studio.app.studio import Studio
from studio.events import AnswerEnded, AnswersBegin
from studio.generate.contestant import Contestant


def asked(studio: Studio) -> None:
    """Two columns, asked twice in one conversation and once in another."""
    pane = studio.panes.playground
    pane.send_requested.disconnect()
    for name in ("small", "large"):
        pane.add_contestant(Contestant(kind="server", server="http://localhost:1/v1", model=name))
    for system, prompt in (("Be brief.", "Norway?"), ("Be kind.", "Italy?"), ("", "One more?")):
        pane.system.field.setPlainText(system)
        if prompt == "One more?":
            pane.alone.setChecked(True)
        pane.set_prompt(prompt)
        pane.send()
        for who, name in zip(pane.chat.whos, ("small", "large"), strict=True):
            pane.show_event(AnswersBegin(name, "", 0, who, name.capitalize(), 9, 7))
            pane.show_event(AnswerEnded(who, f"{prompt} says {name}", 10, 1, 5.0, 0.1, "stop"))
        pane.show_idle()


def test_a_conversation_is_exported_with_all_its_turns(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane = studio.panes.playground
    assert not pane.export.isEnabled()
    asked(studio)
    for name in ("told.json", "told"):
        monkeypatch.setattr(
            QFileDialog, "getSaveFileName", lambda *_, name=name, **__: (str(tmp_path / name), "")
        )
        pane.export.trigger()
    document = json.loads((tmp_path / "told.json").read_text())
    said = [
        (each["title"], [turn["content"] for turn in each["messages"]]) for each in document["conversations"]
    ]
    assert said == [
        ("Small", ["Be kind.", "Norway?", "Norway? says small", "Italy?", "Italy? says small"]),
        ("Large", ["Be kind.", "Norway?", "Norway? says large", "Italy?", "Italy? says large"]),
        ("Small", ["One more?", "One more? says small"]),
        ("Large", ["One more?", "One more? says large"]),
    ]
    assert {each["seed"] for each in document["conversations"]} == {7}
    markdown = (tmp_path / "told.md").read_text()
    assert markdown.count("## Small") == 2
    assert "Italy? says large" in markdown


def test_names_that_are_hidden_are_not_written_and_a_full_disk_is_told_of(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(studio)
    pane = studio.panes.playground
    pane.blind.trigger()
    assert not pane.export.isEnabled()
    pane.blind.trigger()
    nowhere = tmp_path / "file" / "told.md"
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(nowhere), ""))
    told: list[str] = []
    monkeypatch.setattr(studio.window, "show_notice", lambda words, *_, **__: told.append(words))
    pane.export.trigger()
    assert "told.md" in told[0] or "file" in told[0]
    assert "Written" not in told[0]
