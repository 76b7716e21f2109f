"""A failure is told in full, and a click on what helps changes the recipe or does it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from studio.app.studio import Studio
from studio.catalogue import Phrase, phrase
from studio.events import Ended
from studio.jobs.job import Failed
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder

OUT_OF_MEMORY = phrase(
    "engine.with_way_on",
    reason=phrase("engine.out_of_memory"),
    way_on=phrase("engine.resume", step=200),
)


@pytest.fixture(autouse=True)
def _no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forecasts of the form are none of this, and take their time."""
    monkeypatch.setattr("studio.app.form.Forecasting.count", lambda self: None)


def fail(studio: Studio, said: Phrase) -> list[str]:
    """A run fails; what is offered."""
    studio.training._opened = True
    studio.training._end(Failed(said, ""))
    return [button.text() for button in studio.panes.training.failure.buttons]


def click(studio: Studio, qtbot: QtBot, title: str) -> None:
    (button,) = [each for each in studio.panes.training.failure.buttons if each.text() == title]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_click_changes_the_recipe_and_the_failure_leaves(studio: Studio, qtbot: QtBot) -> None:
    pane = studio.panes.training
    studio.window.show_pane("training")
    titles = fail(studio, OUT_OF_MEMORY)
    assert titles == ["Use gradient checkpointing", "Compute 1,024 tokens at once", "Use 4-bit weights"]
    assert pane.failure.text() == str(OUT_OF_MEMORY)
    assert pane.failure.text() not in pane.header.accessibleDescription()
    click(studio, qtbot, "Use gradient checkpointing")
    assert pane.recipe().loop.checkpointing
    assert studio.state.recipe.loop.checkpointing
    assert pane.failure.text() == ""


def test_each_other_place_is_gone_to(studio: Studio, qtbot: QtBot) -> None:
    fail(studio, phrase("weights.empty", file="a"))
    click(studio, qtbot, "Open Models")
    assert studio.window.current_pane() == "models"
    studio.window.show_pane("training")
    studio.training._tell_failure(Failed(phrase("hub.not_given", name="a/b"), ""))
    notice = studio.window.notice("training")
    assert notice.action.text() == "Sign in to Hugging Face"
    notice.action.click()
    dialog = studio.dataset.downloading.dialog
    assert dialog is not None
    dialog.close()


def test_a_run_that_failed_long_ago_tells_why_and_what_helps(studio: Studio, qtbot: QtBot) -> None:
    recipe = Recipe().with_values({"data.path": "a.jsonl"}).model_dump()
    run = RunFolder.create(studio.store.folder, "broken", {"recipe": recipe, "fingerprint": ""})
    run.append(Ended("failed", phrase("train.beyond_float16", what=phrase("train.first_loss"))))
    studio.training.choose(run.name)
    failure = studio.panes.training.failure
    qtbot.waitUntil(lambda: bool(failure.text()))
    assert [button.text() for button in failure.buttons] == ["Compute in bfloat16", "Compute in float32"]
    studio.training.choose("")
    assert failure.text() == ""


def test_a_paused_run_is_stopped_and_old_checkpoints_make_room(studio: Studio, qtbot: QtBot) -> None:
    run = RunFolder.create(studio.store.folder, "long", {"recipe": Recipe().model_dump(), "fingerprint": ""})
    for step in (1, 2, 3, 4):
        folder = run.path / "checkpoints" / f"step-{step:06d}"
        folder.mkdir(parents=True)
        (folder / "adapters.safetensors").write_bytes(bytes(1000))
        (folder / "position.json").write_text('{"best_step": 2}', encoding="utf-8")
    paused = phrase("disk.paused", free=900, saved=phrase("disk.paused_saved", step=4))
    titles = fail(studio, paused)
    assert titles == ["Delete downloads", "Delete old checkpoints", "Resume"]
    assert studio.panes.training.state() == "stopped"
    click(studio, qtbot, "Delete old checkpoints")
    question = studio.remedying.question
    assert question is not None
    assert "Delete 2 checkpoints (2.0 KB)?" in [each.text() for each in question.findChildren(QLabel)]
    question.accept()
    assert [folder.name for folder in run.checkpoints()] == ["step-000002", "step-000004"]
    run.append(Ended("stopped", paused))
    studio.training.choose(run.name)
    qtbot.waitUntil(lambda: studio.panes.training.failure.text() == str(paused))
    click(studio, qtbot, "Delete old checkpoints")
    assert "no old checkpoints" in studio.window.notice().text()


def test_a_token_is_asked_for_where_it_is_used(studio: Studio) -> None:
    page = "https://huggingface.co/a/b"
    studio.training._tell_failure(Failed(phrase("hub.gated", name="a/b", page=page), ""))
    studio.window.notice("training").action.click()
    assert studio.window.current_pane() == "models"
    assert (studio.panes.models.place(), studio.panes.models.search.text()) == ("online", "a/b")
    assert studio.dataset.downloading.dialog is None
    page = "https://huggingface.co/datasets/a/b"
    studio.window.show_pane("training")
    studio.training._tell_failure(Failed(phrase("hub.gated", name="a/b", page=page), ""))
    studio.window.notice("training").action.click()
    dialog = studio.dataset.downloading.dialog
    assert dialog is not None
    dialog.close()


def test_details_are_copied_and_never_sent(studio: Studio, qtbot: QtBot, tmp_path: Path) -> None:
    fail(studio, OUT_OF_MEMORY)
    studio.panes.training.failure.copy_requested.emit()
    copied = QApplication.clipboard().text()
    assert copied.startswith("Tuning Studio ")
    assert "mlx " in copied
    report = tmp_path / "report.txt"
    report.write_text("Where it stood", encoding="utf-8")
    studio.session.say_crashed(report)
    announcement = studio.window.announcement
    assert (announcement.isVisible(), announcement.action.text()) == (True, "Copy Details")
    announcement.action.click()
    assert QApplication.clipboard().text() == "Where it stood"
    assert not announcement.isVisible()
