"""Evaluating and asking a trained run, on a tiny model that really learned something."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from studio.errors import ModelError, RunMissing
from studio.events import AnswerEnded, Evaluated, GoldenAnswer, RunOpened
from studio.generate.sampling import GREEDY
from studio.jobs.answers import ChatJob, EvaluateJob, _keep
from studio.jobs.train import TrainJob
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.runs.store import RunStore, latest_evaluation, summarize


@pytest.fixture(scope="module")
def run(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run that learned to answer "ok" to everything."""
    return train_ok(tiny_model, tmp_path_factory.mktemp("trained"))


def train_ok(model: Path, folder: Path) -> RunFolder:
    data = folder / "ok.jsonl"
    rows = [{"instruction": f"Question {n}", "output": "ok"} for n in range(60)]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe = Recipe().with_values(
        {"model": str(model), "data.path": str(data), "epochs": 12, "learning_rate": 0.02}
    )
    events = list(TrainJob(recipe, folder / "runs").run_events(ModelCache()))
    return RunFolder(Path(next(e.folder for e in events if isinstance(e, RunOpened))))


def test_the_evaluation_sees_what_training_did_and_keeps_it(run: RunFolder) -> None:
    events = list(EvaluateJob(run).run_events(ModelCache()))
    result = next(e for e in events if isinstance(e, Evaluated))
    asked = [e for e in events if isinstance(e, GoldenAnswer)]
    assert result.golden == "6 test examples that were never trained on"
    assert all(a.tuned == "ok" and a.tuned_right and not a.base_right for a in asked)
    assert (result.fixed, result.broken, result.both_right, result.both_wrong) == (6, 0, 0, 0)
    names = {m.name: m for m in result.measures}
    assert names.keys() == {"Exact match", "Word overlap", "Validation loss", "General text loss"}
    assert names["Validation loss"].verdict == "better"
    stored = latest_evaluation(run)
    assert stored is not None
    assert stored.result == result
    assert list(stored.answers) == sorted(asked, key=lambda a: a.index)
    assert summarize(run).tuned_exact == 1.0
    kept = sorted(run.evaluations.glob("*/answers.jsonl"))[-1].read_text().splitlines()
    assert len(kept) == 6


def test_a_chosen_golden_set_is_asked_instead(run: RunFolder, tmp_path: Path) -> None:
    golden = tmp_path / "mine.jsonl"
    golden.write_text('{"prompt": "Question 7", "ideal": "ok"}\n{"prompt": "Question 8", "ideal": "no"}\n')
    events = list(EvaluateJob(run, golden).run_events(ModelCache()))
    result = next(e for e in events if isinstance(e, Evaluated))
    assert result.golden == "2 prompts from mine.jsonl"
    assert (result.fixed, result.both_wrong) == (1, 1)


def test_a_stopped_evaluation_keeps_nothing(run: RunFolder) -> None:
    before = len(list(run.evaluations.glob("*")))
    events = EvaluateJob(run).run_events(ModelCache())
    next(e for e in events if isinstance(e, GoldenAnswer))
    events.close()
    assert len(list(run.evaluations.glob("*"))) == before


def test_an_evaluation_comes_back_whatever_the_models_wrote(run: RunFolder) -> None:
    events = list(EvaluateJob(run).run_events(ModelCache()))
    result = next(e for e in events if isinstance(e, Evaluated))
    odd = GoldenAnswer(0, "one\u2028two", "three\x85four", "\x0b\x1c", "\r\n", False, False)
    _keep(run, result, [odd])
    stored = latest_evaluation(run)
    assert stored is not None
    assert stored.answers == (odd,)


def test_base_and_tuned_answer_side_by_side(run: RunFolder) -> None:
    events = list(ChatJob(run, "Question 3", GREEDY).run_events(ModelCache()))
    ended = {e.who: e for e in events if isinstance(e, AnswerEnded)}
    assert ended.keys() == {"base", "tuned"}
    assert (ended["tuned"].text, ended["tuned"].finish_reason) == ("ok", "stop")
    assert ended["base"].text != "ok"


def test_an_answer_ends_with_its_turn_also_where_the_model_ends_texts_otherwise(
    tiny_model: Path, tmp_path: Path
) -> None:
    """As Qwen3-0.6B-Base: its end of text is not the <|im_end|> that its chat template teaches."""
    model = tmp_path / "base"
    shutil.copytree(tiny_model, model)
    for name, change in (
        ("tokenizer_config", {"eos_token": "<|endoftext|>"}),
        ("config", {"eos_token_id": 0}),
    ):
        file = model / f"{name}.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    run = train_ok(model, tmp_path)
    ended = [
        e for e in ChatJob(run, "Question 3", GREEDY).run_events(ModelCache()) if isinstance(e, AnswerEnded)
    ]
    assert [(e.text, e.finish_reason) for e in ended if e.who == "tuned"] == [("ok", "stop")]
    asked = [e for e in EvaluateJob(run).run_events(ModelCache()) if isinstance(e, GoldenAnswer)]
    assert all(a.tuned_right for a in asked)


def test_a_run_without_a_checkpoint_says_so(tiny_model: Path, toy_data: Path, tmp_path: Path) -> None:
    recipe = Recipe().with_values({"model": str(tiny_model), "data.path": str(toy_data)})
    events = TrainJob(recipe, tmp_path).run_events(ModelCache())
    opened = next(e for e in events if isinstance(e, RunOpened))
    events.close()
    with pytest.raises(ModelError, check=lambda error: error.code == "adapter.none"):
        list(ChatJob(RunFolder(Path(opened.folder)), "Hello", GREEDY).run_events(ModelCache()))


def test_an_evaluation_of_a_run_that_is_deleted_meanwhile_leaves_nothing(
    tiny_model: Path, tmp_path: Path
) -> None:
    deleted = train_ok(tiny_model, tmp_path)
    events = EvaluateJob(deleted).run_events(ModelCache())
    next(event for event in events if isinstance(event, GoldenAnswer))
    RunStore(deleted.path.parent).delete(deleted.name)
    with pytest.raises(RunMissing):
        list(events)
    assert not deleted.path.exists()
