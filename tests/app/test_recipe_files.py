"""Recipes in files, opened and saved from the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from studio.app.start import make_window
from studio.app.studio import Studio
from studio.paths import Paths
from studio.recipe.files import read_recipe, ready_recipes
from studio.settings import Settings
from studio.ui.theme import Theme


@pytest.fixture
def studio(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Studio:
    theme = Theme(qapp)
    theme.apply(qapp)
    window = make_window(theme, Settings())
    qtbot.addWidget(window, before_close_func=lambda _: None)
    return Studio(Paths.under(tmp_path / "home"), theme, Settings(), window)


def choose(monkeypatch: pytest.MonkeyPatch, dialog: str, file: Path) -> None:
    """Let the person choose `file` in the dialog that opens next."""
    monkeypatch.setattr(QFileDialog, dialog, lambda *_: (str(file), ""))


def test_a_recipe_is_saved_and_opened_again(
    studio: Studio, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, pane = tmp_path / "mine.toml", studio.panes.training
    choose(monkeypatch, "getSaveFileName", file)
    pane.set_recipe(pane.recipe().with_values({"rank": 4, "patience": 3}))
    pane.recipe_card.actions_shown()["Save recipe…"].trigger()
    assert read_recipe(file) == pane.recipe()
    pane.recipe_card.actions_shown()["Back to the defaults"].trigger()
    choose(monkeypatch, "getOpenFileName", file)
    pane.recipe_card.actions_shown()["Open recipe…"].trigger()
    assert pane.recipe() == read_recipe(file)
    assert pane.recipe_card.name() == "mine"
    qtbot.waitUntil(lambda: studio.state.recipe == pane.recipe())


def test_a_file_that_is_no_recipe_is_told_and_changes_nothing(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, pane = tmp_path / "bad.toml", studio.panes.training
    file.write_text("[lora]\nrnak = 4\n", encoding="utf-8")
    choose(monkeypatch, "getOpenFileName", file)
    before = pane.recipe()
    pane.recipe_card.actions_shown()["Open recipe…"].trigger()
    assert "lora.rank" in studio.window.notice("training").text()
    assert pane.recipe() == before


def test_the_window_offers_the_recipes_that_ship_with_it(studio: Studio) -> None:
    assert {ready.title for ready in ready_recipes()} <= set(
        studio.panes.training.recipe_card.actions_shown()
    )


def test_a_ready_recipe_chooses_its_model_where_another_program_keeps_it(
    studio: Studio, tmp_path: Path, tiny_model: Path
) -> None:
    card, qwen = studio.panes.training.recipe_card, "Qwen/Qwen3-0.6B-Base"
    (ready,) = [each for each in ready_recipes() if each.recipe.model == qwen]
    card.actions_shown()[ready.title].trigger()
    assert studio.panes.training.recipe().model == "starter"
    assert card.note().startswith(f"Made for {qwen}, which is not on this Mac.")
    kept = tmp_path / ".cache/huggingface/hub/models--Qwen--Qwen3-0.6B-Base/snapshots/0a1b"
    kept.parent.mkdir(parents=True)
    kept.symlink_to(tiny_model, target_is_directory=True)
    card.actions_shown()[ready.title].trigger()
    assert studio.panes.training.recipe().model == str(kept)
    assert studio.panes.training.recipe().lora == ready.recipe.lora
    assert card.note() == ""
