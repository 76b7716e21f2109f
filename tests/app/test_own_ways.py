"""Presets and prompts that a person keeps in the playground are there the next time."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from studio.app.studio import Studio
from studio.generate.presets import Presets
from studio.generate.prompt_library import PromptLibrary
from studio.ui.panes.playground.pane import PlaygroundPane


def set_value(pane: PlaygroundPane, name: str, value: float) -> None:
    pane.panel.control(name).set_value(value)
    pane.panel.control(name).edited.emit()


def test_a_way_of_drawing_is_saved_chosen_and_deleted(studio: Studio) -> None:
    pane, ways = studio.panes.playground, studio.playground.ways
    panel = pane.panel
    assert panel.presets.currentText() == "Balanced"
    assert not panel.save.isEnabled()
    set_value(pane, "temperature", 0.25)
    set_value(pane, "seed", 7)
    panel.save.click()
    dialog = ways.dialog
    assert dialog is not None
    assert not dialog.agree.isEnabled()
    for taken in ("creative", "The model's own"):
        dialog.name.setText(taken)
        dialog.on_agreed()
        assert "Take another" in dialog.problem.text()
    dialog.name.setText("Careful")
    dialog.on_agreed()
    assert panel.presets.currentText() == "Careful"
    panel.reset()
    panel.presets.setCurrentText("Careful")
    panel.presets.activated.emit(panel.presets.currentIndex())
    assert (panel.sampling().temperature, panel.sampling().seed) == (0.25, 0)
    kept = Presets(studio.playground._paths.presets)
    assert kept.find("careful").sampling.temperature == 0.25
    assert panel.delete.isVisibleTo(panel)
    panel.delete.click()
    assert not panel.delete.isVisibleTo(panel)
    assert "Careful" not in [each.name for each in kept.all()]
    assert panel.sampling().temperature == 0.25  # as set, so that it can be saved again


def test_prompts_are_kept_asked_and_forgotten(studio: Studio) -> None:
    pane = studio.panes.playground
    library = PromptLibrary(studio.playground._paths.prompts)
    for prompt in ("What is 7 plus 5?", "Tell me of Norway\n&c."):
        pane.set_prompt(prompt)
        pane.own.keep.trigger()
        QApplication.processEvents()
    assert library.all() == ("Tell me of Norway\n&c.", "What is 7 plus 5?")
    entry = next(each for each in pane.own.actions() if each.text().startswith("What"))
    pane.set_prompt("")
    entry.trigger()
    assert pane.ask.text() == "What is 7 plus 5?"
    pane.own.forget.actions()[0].trigger()
    QApplication.processEvents()
    assert library.all() == ("What is 7 plus 5?",)


@pytest.mark.parametrize("content", ["", "{", '{"a": 1}', '[1, null, "  "]'])
def test_a_damaged_library_is_an_empty_one_that_can_be_filled(tmp_path: Path, content: str) -> None:
    file = tmp_path / "home" / "prompts.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    library = PromptLibrary(file)
    assert library.all() == ()
    library.add("Hi")
    assert library.all() == ("Hi",)
