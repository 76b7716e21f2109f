"""A sweep in the real window: asked for in its sheet, stopped in the middle, resumed, compared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.app.start import make_window
from studio.app.studio import Studio
from studio.errors import RecipeError
from studio.paths import Paths
from studio.recipe.recipe import Recipe
from studio.recipe.sweep import Sweep
from studio.settings import Settings
from studio.ui.panes.training.sweep import SweepDialog
from studio.ui.theme import Theme


@pytest.fixture
def studio(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Studio]:
    theme = Theme(qapp)
    theme.apply(qapp)
    window = make_window(theme, Settings())
    window.show()
    studio = Studio(Paths.under(tmp_path / "home"), theme, Settings(), window)
    yield studio
    window.close()
    window.deleteLater()


def test_a_sweep_is_asked_for_stopped_and_resumed(
    studio: Studio, qtbot: QtBot, tiny_model: Path, toy_data: Path
) -> None:
    training = studio.panes.training
    recipe = Recipe().with_values({"model": str(tiny_model), "epochs": 1, "batch_size": 4, "rest": 0.5})
    training.apply_recipe(recipe, "tiny")
    studio.training.use_model(str(tiny_model))
    studio.dataset.datasets.open(str(toy_data))
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    dialog = training.ask_for_sweep()
    (row,) = dialog.rows()
    row.set_values("2, 3, 4")
    assert dialog.agree.text() == "Train 3 runs"
    qtbot.mouseClick(dialog.agree, Qt.MouseButton.LeftButton)

    qtbot.waitUntil(lambda: len(studio.store.summaries()) == 2)
    studio.training.stop()
    qtbot.waitUntil(lambda: not studio.training.busy)
    assert len(studio.store.summaries()) < 3
    training.resume_requested.emit()
    qtbot.waitUntil(lambda: not studio.training.busy)
    assert [run.state for run in studio.store.summaries()] == ["done"] * 3
    assert training.header.subtitle().startswith("3 of 3 runs are done.")


def test_a_grid_that_cannot_run_says_why_and_cannot_be_started(qtbot: QtBot) -> None:
    dialog = SweepDialog(Recipe())
    qtbot.addWidget(dialog)
    (row,) = dialog.rows()
    assert dialog.summary().startswith("Rank 8; Rank 16; Rank 32; Rank 64.")
    for values, told in (
        ("8, 8", "asked for twice"),
        ("8, many", "must be a whole number"),
        ("", "Give Rank values"),
    ):
        row.set_values(values)
        assert told in dialog.summary()
        assert not dialog.agree.isEnabled()
        with pytest.raises(RecipeError):
            dialog.sweep()
    row.set_values("8, 16")
    qtbot.mouseClick(dialog.add, Qt.MouseButton.LeftButton)
    assert dialog.agree.text() == "Train 8 runs"
    with qtbot.waitSignal(dialog.requested) as asked:
        qtbot.mouseClick(dialog.agree, Qt.MouseButton.LeftButton)
    (sweep,) = asked.args
    assert isinstance(sweep, Sweep)
    assert [path for path, _ in sweep.over] == ["lora.rank", "optimizer.learning_rate"]
    qtbot.mouseClick(dialog.rows()[1].remove, Qt.MouseButton.LeftButton)
    assert dialog.agree.text() == "Train 2 runs"
