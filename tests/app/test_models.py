"""The models of this Mac in the window: found, added, trained with."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from studio.app.start import make_window
from studio.app.studio import Studio
from studio.jobs.models import ListModelsJob
from studio.paths import STARTER_MODEL, Paths, resource
from studio.settings import read_settings
from tests.conftest import write_rows


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Only long tests find out what fits, in a process of its own."""
    if request.node.get_closest_marker("long") is None:
        monkeypatch.setattr(
            "studio.app.models.ListModelsJob",
            lambda paths, places, weigh: ListModelsJob(paths, places, weigh=False),
        )


@pytest.fixture
def own_model(tmp_path: Path) -> Path:
    return Path(shutil.copytree(resource("starter/model"), tmp_path / "mine" / "small"))


def listed(studio: Studio, qtbot: QtBot) -> list[str]:
    """The models that the pane names, once it has looked for them."""
    qtbot.waitUntil(lambda: studio.queue.idle)
    return [facts.name for facts in studio.panes.models.local.models()]


def test_the_pane_lists_the_starter_on_an_empty_machine(studio: Studio, qtbot: QtBot) -> None:
    studio.window.action("pane:models").trigger()
    assert listed(studio, qtbot) == [STARTER_MODEL]
    local = studio.panes.models.local
    assert not local.shelf.isHidden()
    qtbot.waitUntil(lambda: "hidden_size" in local.details.config.toPlainText())


def test_a_dropped_model_is_listed_and_trained_with_by_keyboard(
    studio: Studio, own_model: Path, qtbot: QtBot
) -> None:
    studio.window.show_pane("models")
    studio.open_paths([str(own_model)])
    assert listed(studio, qtbot) == [STARTER_MODEL, "small"]
    pane = studio.panes.models
    chosen = pane.local.chosen()
    assert chosen is not None
    assert chosen.place == str(own_model)
    qtbot.keyClick(pane.local.table, Qt.Key.Key_Return)
    assert studio.window.current_pane() == "training"
    assert studio.state.recipe.model == str(own_model)
    assert str(own_model) in studio.panes.training.form.models()


def test_the_starter_is_chosen_by_its_name(studio: Studio, qtbot: QtBot) -> None:
    studio.window.show_pane("models")
    listed(studio, qtbot)
    studio.panes.models.perform("train")
    assert studio.state.recipe.model == STARTER_MODEL


def test_what_is_no_model_is_refused_before_it_is_listed(
    studio: Studio, tmp_path: Path, own_model: Path, qtbot: QtBot
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.gguf").write_text("no model")
    (own_model / "model.safetensors").unlink()
    studio.window.show_pane("models")
    notice = studio.window.notice("models")
    for place in (tmp_path / "empty", tmp_path / "text.gguf", own_model):
        studio.open_paths([str(place)])
        assert listed(studio, qtbot) == [STARTER_MODEL]
        assert notice.isVisible()
        assert place.name in notice.text()
    assert studio.models.local.places == ()
    assert studio.window.current_pane() == "models"


def test_a_folder_of_models_is_added_whole_and_taken_off_again(
    studio: Studio, own_model: Path, qtbot: QtBot
) -> None:
    shutil.copytree(own_model, own_model.parent / "other")
    studio.window.show_pane("models")
    studio.open_paths([str(own_model.parent)])
    assert listed(studio, qtbot) == [STARTER_MODEL, "other", "small"]
    assert studio.models.local.places == (str(own_model.parent),)


@pytest.mark.long
def test_what_fits_is_found_out_while_the_list_is_on_show(studio: Studio, qtbot: QtBot) -> None:
    studio.window.show_pane("models")
    listed(studio, qtbot)
    (starter,) = studio.panes.models.local.models()
    assert {use.use: use.fits for use in starter.uses}["lora"] == "fits"
    assert not studio.panes.models.local.details.uses.isHidden()


@pytest.mark.long
def test_added_models_are_there_in_the_next_session(
    studio: Studio, own_model: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    studio.models.local.add([str(own_model)])
    listed(studio, qtbot)
    studio.session.keep()
    settings = read_settings(Paths.under(tmp_path / "home").settings)
    assert settings.model_places == (str(own_model),)
    window = make_window(studio._theme, settings)
    again = Studio(Paths.under(tmp_path / "home"), studio._theme, settings, window)
    again.models.local.refresh(weigh=False)
    qtbot.waitUntil(lambda: again.queue.idle)
    assert str(own_model) in again.panes.training.form.models()
    window.close()
    window.deleteLater()


def test_a_model_is_quantized_in_the_window_and_listed(studio: Studio, qtbot: QtBot) -> None:
    studio.window.show_pane("models")
    listed(studio, qtbot)
    studio.panes.models.perform("convert")
    dialog = studio.models.changes.dialog
    assert dialog is not None
    dialog.bits.setCurrentIndex(dialog.bits.findData(4))
    dialog.bits.activated.emit(dialog.bits.currentIndex())
    assert dialog.form() == (4, 64, "affine", "model")
    assert dialog.name.text() == "starter-4bit"
    dialog.name.setText("../no")
    dialog.agree.click()
    assert "letters" in dialog.problem.text()
    dialog.name.setText("small-4bit")
    dialog.agree.click()
    qtbot.waitUntil(lambda: dialog.agree.isHidden() or dialog.agree.isEnabled())
    assert "Loss on ordinary text" in dialog.outcome.text(), dialog.problem.text()
    dialog.cancel.click()
    assert listed(studio, qtbot) == [STARTER_MODEL, "small-4bit"]
    chosen = studio.panes.models.local.chosen()
    assert chosen is not None
    assert chosen.source == "own"


def test_a_dataset_that_is_opened_over_the_models_is_still_a_dataset(
    studio: Studio, tmp_path: Path, qtbot: QtBot
) -> None:
    studio.window.show_pane("models")
    studio.open_paths([str(write_rows(tmp_path / "rows.jsonl", 8))])
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    assert studio.window.current_pane() == "dataset"


def test_a_model_without_any_run_is_talked_to(studio: Studio, own_model: Path, qtbot: QtBot) -> None:
    studio.models.local.add([str(own_model)])
    listed(studio, qtbot)
    studio.panes.models.perform("chat")
    assert studio.window.current_pane() == "playground"
    qtbot.waitUntil(lambda: studio.queue.idle)
    columns = studio.panes.playground.chat.columns
    assert [each.contestant.model for each in columns] == [str(own_model)]
