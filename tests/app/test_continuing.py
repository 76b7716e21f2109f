"""In the window a run goes on from another, is compared with it, and a recipe in stages is carried out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from studio.app.studio import Studio
from studio.jobs.train import TrainJob
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.ui.dialogs.dialog import Dialog
from tests.conftest import write_rows

QUICK = {"watch.forgetting": False, "loop.steps": 2, "batch_size": 4, "lora.rank": 2}


@pytest.fixture
def recipe(tiny_model: Path, toy_data: Path) -> Recipe:
    return Recipe().with_values({**QUICK, "model": str(tiny_model), "data.path": str(toy_data)})


def facts(studio: Studio) -> dict[str, str]:
    from studio.ui.panes.runs.details import facts

    run = next(run for run in studio.store.summaries() if run.name == studio.panes.runs.chosen())
    return dict(facts(run))


@pytest.mark.long
def test_a_run_is_continued_with_other_data_and_compared_with_its_parent(
    studio: Studio, recipe: Recipe, tmp_path: Path, qtbot: QtBot
) -> None:
    quantized = recipe.with_values({"base.quantize": "8-bit", "base.group_size": "32"})
    list(TrainJob(quantized, studio.store.folder, "first").run_events(ModelCache()))
    studio.training.change({**QUICK, "lora.rank": 3})
    studio.dataset.datasets.open(str(write_rows(tmp_path / "more.jsonl", 40)))
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    studio.runs.refresh()
    qtbot.waitUntil(lambda: bool(studio.panes.runs._model.rows))
    studio.window.show_pane("runs")
    studio.panes.runs.select("first")
    studio.window.action("run:from").trigger()

    assert studio.window.current_pane() == "training"
    asked = studio.panes.training.recipe()
    assert asked.base.adapter == "first"
    assert (asked.model, asked.base.quantize, asked.lora.rank) == (recipe.model, "8-bit", 3)
    qtbot.waitUntil(studio.panes.training.can_start)  # with its dataset read for this model
    assert not studio.window.notice("training").text()
    studio.training.change({"base.adapter": "nobody"})
    assert "no run and no folder called nobody" in studio.window.notice("training").text()
    studio.training.change({"base.adapter": "first"})
    qtbot.waitUntil(lambda: studio.window.notice("training").isHidden())
    studio.window.action("start").trigger()
    assert studio.training.busy
    qtbot.waitUntil(lambda: not studio.training.busy)

    name = studio.state.subjects.name("training")
    run = studio.store.find(name)
    assert run.manifest()["parent"] == "first"
    assert run.manifest()["recipe"]["data"]["path"] == str(tmp_path / "more.jsonl")
    qtbot.waitUntil(lambda: studio.state.subjects.run("evaluation") is not None)
    pane = studio.panes.evaluation
    studio.window.show_pane("evaluation")
    studio.evaluation.choose(name)
    against = pane.setup.contestants.against
    assert not against.isHidden()
    against.setCurrentIndex(1)
    studio.panes.evaluation.setup.suites.choose("quick")
    studio.evaluation.start()
    qtbot.waitUntil(lambda: studio.evaluation.request.busy)
    qtbot.waitUntil(lambda: not studio.evaluation.request.busy)
    assert "against first, its parent" in pane.results.verdict.facts.text()
    assert pane.results.model.titles()[1:3] == ["Parent", "Tuned"]
    studio.evaluation.choose("first")
    assert against.isHidden(), "it goes on from none"
    studio.panes.runs.select(name)
    assert facts(studio)["Goes on from"] == "first"


def test_a_recipe_in_stages_is_opened_asked_about_and_trained(
    studio: Studio, recipe: Recipe, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "texts.jsonl").write_text("\n".join(json.dumps({"text": f"{n} is {n}."}) for n in range(40)))
    file = tmp_path / "owls.toml"
    file.write_text(
        f'model = "{recipe.model}"\nloop.steps = 2\nwatch.forgetting = false\n'
        '[[stage]]\nname = "read"\nobjective = "text"\ndata.path = "texts.jsonl"\n'
        f'[[stage]]\nname = "answer"\ndata.path = "{recipe.data.path}"\n'
    )
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    studio.panes.training.recipe_card.actions_shown()["Open recipe…"].trigger()
    question = studio.window.findChild(Dialog)
    assert question is not None
    words = "\n".join(label.text() for label in question.findChildren(QLabel))
    assert "Train the 2 stages of owls?" in words
    assert "read: texts.jsonl\nanswer: toy.jsonl" in words
    question.agree.click()
    qtbot.waitUntil(lambda: studio.training.busy)
    qtbot.waitUntil(lambda: not studio.training.busy)

    runs = {run.name: run for run in studio.store.summaries()}
    assert {name: (run.state, run.stage) for name, run in runs.items()} == {
        "owls-read": ("done", "1 of 2"),
        "owls-answer": ("done", "2 of 2"),
    }
    assert studio.panes.training.header.subtitle().startswith("2 of 2 stages are done.")
    studio.runs.refresh()
    qtbot.waitUntil(lambda: len(studio.panes.runs._model.rows) == 2)
    studio.panes.runs.select("owls-answer")
    assert facts(studio)["Stage"] == "2 of 2 of owls"
    assert studio.panes.runs.names_of_sweep("owls") == ["owls-answer", "owls-read"]
