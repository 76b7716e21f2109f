"""From an empty machine to a model that trains: found on a Hub on this machine, downloaded, chosen."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from studio.app.downloads import ModelDownloads
from studio.app.studio import Studio
from studio.jobs.models import ListModelsJob
from studio.jobs.online import SearchModelsJob, ShowOnlineJob
from studio.recipe.files import ready_recipes
from studio.ui.panes.models.downloads import FAILED, GATED, PAUSED, RUNNING
from studio.ui.panes.models.pane import LOCAL, ONLINE, ModelsPane
from studio.ui.widgets.states import EmptyState, FailedState
from tests.app.keychain import Keychain, own_keychain
from tests.hub.models import GATED as BARRED
from tests.hub.models import READABLE_BY, SMOL, TINY, model_of, some_models
from tests.hub.server import Hub, hub_server

QWEN = "Qwen/Qwen3-0.6B-Base"
"""What a ready recipe is made for."""


@pytest.fixture(autouse=True)
def keychain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keychain]:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "token"))
    with own_keychain() as keychain:
        yield keychain


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, tiny_model: Path, starter: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The large one of its models is the starter, of which half can be held back."""
    models = [*some_models(tiny_model, starter / "model"), model_of(QWEN, tiny_model)]
    with hub_server(Hub(models=models)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        monkeypatch.setattr(
            "studio.app.models.ListModelsJob",
            lambda paths, places, weigh: ListModelsJob(paths, places, weigh=False),
        )
        for job in (SearchModelsJob, ShowOnlineJob):  # what fits would be found out in another process
            monkeypatch.setattr(
                f"studio.app.online.{job.__name__}",
                lambda *asked, job=job, token, paths: job(*asked, token=token),
            )
        yield hub
        if hub.held is not None:
            hub.held.set()


def names_here(pane: ModelsPane) -> list[str]:
    return [facts.name for facts in pane.local.models()]


def state_of(studio: Studio, name: str) -> str:
    return studio.models.downloads.transfers[name].state if name in studio.models.downloads.transfers else ""


@pytest.mark.long
def test_from_an_empty_machine_to_a_model_that_is_trained_by_keyboard(
    studio: Studio, hub: Hub, qtbot: QtBot
) -> None:
    pane, window = studio.panes.models, studio.window
    window.action("pane:models").trigger()
    qtbot.waitUntil(lambda: names_here(pane) == ["starter"])
    assert not pane.local.shelf.isHidden()
    pane.places.button(ONLINE).setFocus()
    qtbot.keyClick(pane.places.button(ONLINE), Qt.Key.Key_Space)
    window.action("find").trigger()
    qtbot.keyClicks(pane.search, "tiny-qwen3-4bit")
    qtbot.keyClick(pane.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: pane.online.chosen() is not None)
    qtbot.waitUntil(lambda: "For tests." in pane.online.details.card.toPlainText())
    qtbot.keyClick(pane.online.table, Qt.Key.Key_Return)
    assert state_of(studio, TINY) == RUNNING
    qtbot.waitUntil(lambda: TINY in names_here(pane))
    assert studio.models.downloads.transfers == {}
    found = pane.online.chosen()
    assert found is not None
    assert found.here
    assert "is on this Mac" in window.notice("models").text()
    qtbot.keyClick(pane.online.table, Qt.Key.Key_Return)  # shows it on this Mac
    assert pane.place() == LOCAL
    chosen = pane.local.chosen()
    assert chosen is not None
    assert chosen.name == TINY
    qtbot.keyClick(pane.local.table, Qt.Key.Key_Return)
    assert window.current_pane() == "training"
    assert studio.state.recipe.model == chosen.place
    assert studio.panes.training.form._model.currentText() == "Tiny-Qwen3-4bit"


@pytest.mark.long
def test_a_ready_recipe_gets_its_model_and_chooses_it(studio: Studio, qtbot: QtBot) -> None:
    card, pane = studio.panes.training.recipe_card, studio.panes.models
    (ready,) = [each for each in ready_recipes() if each.recipe.model == QWEN]
    card.actions_shown()[ready.title].trigger()
    card.get.click()
    assert studio.window.current_pane() == "models"
    found = pane.online.chosen()
    assert found is not None
    assert found.facts.name == QWEN
    pane.perform("download")
    qtbot.waitUntil(lambda: QWEN in names_here(pane))
    qtbot.waitUntil(lambda: studio.state.recipe.model == studio.models.online.place_of(QWEN))
    assert studio.state.recipe.lora == ready.recipe.lora
    assert card.note() == ""


def test_a_download_pauses_is_there_after_a_restart_and_goes_on(
    studio: Studio, hub: Hub, qtbot: QtBot
) -> None:
    hub.held = threading.Event()
    pane = studio.panes.models
    studio.models.downloads.get(SMOL)
    studio.models.downloads.get(TINY)
    rows = pane.downloads.rows
    qtbot.waitUntil(lambda: studio.models.downloads.transfers[SMOL].done > 10**6)
    assert rows[TINY].state.text() == "Waiting"
    rows[TINY].pause.click()
    rows[SMOL].pause.click()
    qtbot.waitUntil(lambda: state_of(studio, SMOL) == PAUSED)
    assert rows[SMOL].amount.text().endswith(" MB")
    kept = json.loads(studio._paths.downloads.read_text(encoding="utf-8"))
    assert [each["name"] for each in kept["downloads"]] == [SMOL, TINY]
    again = ModelDownloads(studio.models.local._services, ModelsPane(studio._theme))
    assert [(each.name, each.state) for each in again.transfers.values()] == [(SMOL, PAUSED), (TINY, PAUSED)]
    again._card.window().deleteLater()
    hub.held.set()
    rows[SMOL].resume.click()
    qtbot.waitUntil(lambda: SMOL in names_here(pane))
    assert [asked for asked in hub.ranges if asked]  # it went on where it was
    rows[TINY].cancel.click()
    assert studio.models.downloads.transfers == {}
    assert json.loads(studio._paths.downloads.read_text(encoding="utf-8"))["downloads"] == []


@pytest.mark.long
def test_a_gated_model_leads_to_its_page_and_takes_a_token(
    studio: Studio, hub: Hub, keychain: Keychain, qtbot: QtBot
) -> None:
    pane = studio.panes.models
    studio.models.downloads.get(BARRED)
    qtbot.waitUntil(lambda: state_of(studio, BARRED) == GATED)
    row = pane.downloads.rows[BARRED]
    assert studio.models.downloads.transfers[BARRED].page.endswith(BARRED)
    row.access.token.setText(READABLE_BY)
    row.use_token.click()
    qtbot.waitUntil(lambda: BARRED in names_here(pane))
    assert READABLE_BY in keychain.kept.values()


@pytest.mark.long
def test_what_goes_wrong_is_said_and_can_be_tried_again(studio: Studio, hub: Hub, qtbot: QtBot) -> None:
    pane = studio.panes.models
    pane.show_place(ONLINE)
    pane.online.search("nothing like it")
    qtbot.waitUntil(lambda: isinstance(pane.online.state, EmptyState))
    hub.fault = (400, "")
    pane.online.search("tiny")
    qtbot.waitUntil(lambda: isinstance(pane.online.state, FailedState))
    studio.models.downloads.get(TINY)
    qtbot.waitUntil(lambda: state_of(studio, TINY) == FAILED)
    assert pane.downloads.rows[TINY].sentence.text()
    hub.fault = None
    pane.downloads.rows[TINY].resume.click()
    qtbot.waitUntil(lambda: TINY in names_here(pane))


def test_a_model_of_the_cache_is_deleted_after_a_question(studio: Studio, qtbot: QtBot) -> None:
    pane = studio.panes.models
    studio.models.downloads.get(TINY)
    qtbot.waitUntil(lambda: TINY in names_here(pane))
    studio.models.local.show(studio.models.online.place_of(TINY))
    qtbot.keyClick(pane.local.table, Qt.Key.Key_Delete)
    question = studio.models.changes.question
    assert question is not None
    assert question.heading.text() == "Delete Tiny-Qwen3-4bit?"
    assert " KB are free again at once" in question.text.text()
    question.agree.click()
    qtbot.waitUntil(lambda: names_here(pane) == ["starter"])
    assert "is deleted" in studio.window.notice("models").text()
