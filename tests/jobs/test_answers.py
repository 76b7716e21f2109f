"""Evaluating and asking a trained run, on a tiny model that really learned something."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.errors import ModelError
from studio.events import AnswerEnded, Evaluated, GoldenAnswer, RunOpened
from studio.generate.sampling import GREEDY
from studio.jobs.answers import ChatJob, EvaluateJob
from studio.jobs.train import TrainJob
from studio.models.shelf import Shelf
from studio.runs.folder import RunFolder
from studio.runs.store import latest_evaluation, summarize
from studio.train.recipe import Recipe


@pytest.fixture(scope="module")
def run(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run that learned to answer "ok" to everything."""
    folder = tmp_path_factory.mktemp("trained")
    data = folder / "ok.jsonl"
    rows = [{"instruction": f"Question {n}", "output": "ok"} for n in range(40)]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe = Recipe().with_values(
        {"model": str(tiny_model), "data.path": str(data), "epochs": 12, "learning_rate": 0.02}
    )
    events = list(TrainJob(recipe, folder / "runs").run_events(Shelf()))
    return RunFolder(Path(next(e.folder for e in events if isinstance(e, RunOpened))))


def test_the_evaluation_sees_what_training_did_and_keeps_it(run: RunFolder) -> None:
    events = list(EvaluateJob(run).run_events(Shelf()))
    result = next(e for e in events if isinstance(e, Evaluated))
    asked = [e for e in events if isinstance(e, GoldenAnswer)]
    assert result.golden == "4 test examples that were never trained on"
    assert all(a.tuned == "ok" and a.tuned_right and not a.base_right for a in asked)
    assert (result.fixed, result.broken, result.both_right, result.both_wrong) == (4, 0, 0, 0)
    names = {m.name: m for m in result.measures}
    assert names.keys() == {"Exact match", "Word overlap", "Validation loss", "General text loss"}
    assert names["Validation loss"].verdict == "better"
    stored = latest_evaluation(run)
    assert stored is not None
    assert stored.result == result
    assert list(stored.answers) == sorted(asked, key=lambda a: a.index)
    assert summarize(run).tuned_exact == 1.0
    kept = sorted(run.evaluations.glob("*/answers.jsonl"))[-1].read_text().splitlines()
    assert len(kept) == 4


def test_a_chosen_golden_set_is_asked_instead(run: RunFolder, tmp_path: Path) -> None:
    golden = tmp_path / "mine.jsonl"
    golden.write_text('{"prompt": "Question 7", "ideal": "ok"}\n{"prompt": "Question 8", "ideal": "no"}\n')
    events = list(EvaluateJob(run, golden).run_events(Shelf()))
    result = next(e for e in events if isinstance(e, Evaluated))
    assert result.golden == "2 prompts from mine.jsonl"
    assert (result.fixed, result.both_wrong) == (1, 1)


def test_a_stopped_evaluation_keeps_nothing(run: RunFolder) -> None:
    before = len(list(run.evaluations.glob("*")))
    events = EvaluateJob(run).run_events(Shelf())
    next(e for e in events if isinstance(e, GoldenAnswer))
    events.close()
    assert len(list(run.evaluations.glob("*"))) == before


def test_base_and_tuned_answer_side_by_side(run: RunFolder) -> None:
    events = list(ChatJob(run, "Question 3", GREEDY).run_events(Shelf()))
    ended = {e.who: e for e in events if isinstance(e, AnswerEnded)}
    assert ended.keys() == {"base", "tuned"}
    assert (ended["tuned"].text, ended["tuned"].finish_reason) == ("ok", "stop")
    assert ended["base"].text != "ok"


def test_a_run_without_a_checkpoint_says_so(tiny_model: Path, toy_data: Path, tmp_path: Path) -> None:
    recipe = Recipe().with_values({"model": str(tiny_model), "data.path": str(toy_data)})
    events = TrainJob(recipe, tmp_path).run_events(Shelf())
    opened = next(e for e in events if isinstance(e, RunOpened))
    events.close()
    with pytest.raises(ModelError, match="holds no adapter yet"):
        list(ChatJob(RunFolder(Path(opened.folder)), "Hello", GREEDY).run_events(Shelf()))
