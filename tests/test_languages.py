"""A second language is a file: what is filled into the template is what command line and window say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from studio.catalogue import CLAUSES, phrase, phrases
from studio.cli.commands import run
from studio.events import Advice, Ended, Forecasted, Problem, from_json, to_json
from studio.forecast import forecast as foreseeing
from studio.jobs.job import Failed, said_of_death
from studio.language import spoken
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.ui.panes.training.pane import TrainingPane
from studio.ui.tables.problems import ProblemGroup, ProblemList, as_sentence
from studio.ui.theme import Theme
from tests.languages import compile_bracketed, wanted

DIVERGED = phrase(
    "train.diverged",
    steps=3,
    last=9,
    where=phrase("train.no_checkpoint"),
    advice=phrase("train.lower_rate", rate=3e-4),
)
SET_RANK = phrase(
    "forecast.set",
    changes=phrase("forecast.change", title="Rank", value=phrase("forecast.on")),
    peak="9.1 GB",
)


@pytest.fixture
def brackets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The language that says everything in brackets is spoken."""
    compile_bracketed(tmp_path / "languages" / "xx")
    monkeypatch.setenv("LANGUAGE", "xx")
    monkeypatch.setattr(phrases, "speech", lambda: spoken(folder=tmp_path / "languages"))


def test_every_clause_is_in_the_template_to_be_translated() -> None:
    assert {each.context: each.one for each in wanted() if each.context} == CLAUSES
    assert {each.said for each in wanted()} == {""}


@pytest.mark.usefixtures("brackets")
def test_every_clause_is_said_in_the_language_of_the_environment() -> None:
    for code, clause in CLAUSES.items():
        assert phrases.speech().pgettext(code, clause) == f"⟨{clause}⟩"


@pytest.mark.long
@pytest.mark.usefixtures("brackets")
def test_the_command_line_speaks_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(*arguments: object) -> Any:
        run([*map(str, arguments), "--home", str(tmp_path / "home"), "--json"])
        document: Any = json.loads(capsys.readouterr().out)
        return document

    rows = tmp_path / "rows.jsonl"
    good = [json.dumps({"prompt": f"Say {n}.", "completion": f"{n}."}) for n in range(9)]
    rows.write_text("\n".join([*good, json.dumps({"prompt": "Say 9.", "completion": ""})]))
    (problem,) = said("data", rows)["problems"]
    assert problem["reason"] == '⟨⟨"completion"⟩ is empty⟩'
    made = RunFolder.create(tmp_path / "home" / "runs", "broken", {"recipe": Recipe().model_dump()})
    made.append(Ended("failed", DIVERGED))
    (listed,) = said("runs")
    assert (
        "⟨There is no checkpoint yet.⟩ ⟨Lower the learning rate from 0.0003 and train again.⟩⟩"
        in listed["message"]
    )
    monkeypatch.setattr(foreseeing, "machine_limit", lambda: 40 * 2**20)
    foreseen = said("forecast", "starter", "--set", "max_length=512")
    assert foreseen["changes"]
    assert all(change.startswith("⟨Set ⟨") for change in foreseen["changes"])
    assert (
        said("forecast", "starter", "--set", "rank=0")["error"] == "⟨⟨Rank (lora.rank)⟩ must be at least 1.⟩"
    )


@pytest.mark.usefixtures("brackets")
def test_the_window_speaks_it(qapp: QApplication, qtbot: QtBot) -> None:
    theme = Theme(qapp)
    pane, problems = TrainingPane(theme), ProblemList(theme)
    qtbot.addWidget(pane)
    qtbot.addWidget(problems)
    what = Problem(3, phrase("row.empty", what=phrase("field", name="answer"))).reason
    problems.set_groups([ProblemGroup(as_sentence(what), "error", (3,))])
    assert '⟨⟨"answer"⟩ is empty⟩' in texts(problems)
    fitting = Forecasted("starter", 1, 2, 1, 1, 1, 1, 1, 5, 9, True, False, 0.0, 1.0)
    pane.show_forecast(replace(fitting, fits=False, peak=12, changes=(SET_RANK,)))
    assert "⟨Set ⟨Rank to ⟨on⟩⟩: 9.1 GB.⟩" in pane.forecast.changes()
    pane.show_event(
        Advice(9, "rate too high", phrase("curve.skips", count=3, last=9), phrase("remedy.rate_too_high"))
    )
    (advice,) = pane.advice.sentences()
    assert advice.startswith("⟨3 updates had")
    assert "⟨Lower the Learning rate to a third" in advice
    pane.show_state("failed", Failed(said_of_death(-9, "", None), "").summary)
    assert any(text.startswith("⟨The engine was ended from outside") for text in texts(pane))


def test_what_was_written_in_words_stays_as_it_was_written() -> None:
    """Earlier releases kept sentences where there are codes now."""
    old = Advice(9, "overfitting", "Validation loss rose.", "Train fewer Epochs (loop.epochs).")
    assert from_json(to_json(old)) == old
    ended = from_json('{"kind": "Ended", "outcome": "failed", "summary": "The disk is full."}')
    assert ended == Ended("failed", "The disk is full.")
    assert from_json(to_json(Ended("failed", DIVERGED))) == Ended("failed", DIVERGED)


def texts(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel)]
