"""Evaluating and asking a trained run, on a tiny model that really learned something."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from studio.errors import ModelError, RunMissing
from studio.evaluate.options import EvaluationOptions
from studio.evaluate.store import EvaluationStore
from studio.events import Answered, AnswerEnded, Evaluated, Event, GivenAnswer, RunOpened, Score
from studio.generate.contestant import one_prompt
from studio.generate.sampling import GREEDY
from studio.jobs.answers import ChatJob
from studio.jobs.evaluate import EvaluateJob
from studio.jobs.rescore import RescoreJob
from studio.jobs.train import TrainJob
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.runs.evaluations import evaluations_of, latest_evaluation
from studio.runs.folder import RunFolder
from studio.runs.store import RunStore, summarize

QUICK = EvaluationOptions(measures=("golden_exact", "golden_overlap", "validation_loss", "general_text"))
GOLDEN = EvaluationOptions(measures=("golden_exact",))
LOSS = EvaluationOptions(measures=("validation_loss",))


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
    events = list(EvaluateJob(run, options=QUICK).run_events(ModelCache()))
    result = next(e for e in events if isinstance(e, Evaluated))
    asked = [e for e in events if isinstance(e, Answered)]
    assert result.golden == "6 test examples that were never trained on"
    assert {a.answers[-1].text for a in asked} == {"ok"}
    assert [a.change for a in asked] == ["fixed"] * 6
    assert {score.measure for score in result.scores} >= {"golden_exact", "validation_loss", "general_text"}
    loss = result.score("validation_loss")
    assert loss is not None
    assert loss.direction(loss.differences[0]) == "better"
    stored = latest_evaluation(run)
    assert stored is not None
    assert stored.result == result
    assert list(stored.answers) == asked
    assert summarize(run).tuned_exact == 1.0


def test_what_was_evaluated_is_scored_anew_without_opening_the_model(run: RunFolder, tmp_path: Path) -> None:
    copy = RunFolder(tmp_path / run.name)
    shutil.copytree(run.path, copy.path)
    first = next(
        e for e in EvaluateJob(copy, options=QUICK).run_events(ModelCache()) if isinstance(e, Evaluated)
    )
    again = next(e for e in RescoreJob(copy).run_events() if isinstance(e, Evaluated))
    assert (again.scores, again.contestants, again.golden) == (first.scores, first.contestants, first.golden)


def test_a_chosen_golden_set_is_asked_instead(run: RunFolder, tmp_path: Path) -> None:
    golden = tmp_path / "mine.jsonl"
    golden.write_text('{"prompt": "Question 7", "ideal": "ok"}\n{"prompt": "Question 8", "ideal": "no"}\n')
    events = list(EvaluateJob(run, golden, options=QUICK).run_events(ModelCache()))
    result = next(e for e in events if isinstance(e, Evaluated))
    assert result.golden == "2 prompts from mine.jsonl"
    told = sorted((e for e in events if isinstance(e, Answered)), key=lambda e: e.index)
    assert [e.change for e in told] == ["fixed", "both_wrong"]


@pytest.mark.parametrize("until", [Answered, Score])
def test_an_evaluation_that_was_killed_goes_on_and_ends_with_the_same_table(
    run: RunFolder, tmp_path: Path, until: type[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = RunFolder(tmp_path / run.name)
    shutil.copytree(run.path, copy.path, ignore=shutil.ignore_patterns("evaluations"))
    whole = list(EvaluateJob(copy, options=QUICK).run_events(ModelCache()))
    shutil.rmtree(copy.evaluations)

    events = EvaluateJob(copy, options=QUICK).run_events(ModelCache())
    next(e for e in events if isinstance(e, until))
    events.close()
    assert evaluations_of(copy) == []
    asked: list[str] = []
    keep = EvaluationStore.keep_answer
    monkeypatch.setattr(
        EvaluationStore,
        "keep_answer",
        lambda self, task, *rest: (asked.append(task), keep(self, task, *rest)),
    )
    again = list(EvaluateJob(copy, options=QUICK).run_events(ModelCache()))

    assert [replace(e, seconds=0.0, folder="") for e in again if isinstance(e, Evaluated)] == [
        replace(e, seconds=0.0, folder="") for e in whole if isinstance(e, Evaluated)
    ]
    assert len(list(copy.evaluations.iterdir())) == 1
    assert len(asked) < 12  # of six questions to two models, those that were answered are not asked again


def test_an_evaluation_comes_back_whatever_the_models_wrote(run: RunFolder, tmp_path: Path) -> None:
    copy = RunFolder(tmp_path / run.name)
    shutil.copytree(run.path, copy.path, ignore=shutil.ignore_patterns("evaluations"))
    result = next(
        e for e in EvaluateJob(copy, options=LOSS).run_events(ModelCache()) if isinstance(e, Evaluated)
    )
    store = EvaluationStore(evaluations_of(copy)[0])
    given = GivenAnswer("base", "\x0b\x1c", right=False), GivenAnswer("tuned", "\r\n", right=False)
    odd = Answered("golden", "0", "one\u2028two", "three\x85four", given)
    store.begin("golden_exact")
    store.keep("golden_exact", odd)
    store.finish("golden_exact")
    stored = latest_evaluation(copy)
    assert stored is not None
    assert (stored.answers, stored.result) == ((odd,), result)


def test_an_evaluation_that_is_asked_for_again_is_another(run: RunFolder) -> None:
    before = len(evaluations_of(run))
    for _ in range(2):
        list(EvaluateJob(run, options=LOSS).run_events(ModelCache()))
    assert len(evaluations_of(run)) == before + 2


def test_base_and_tuned_answer_side_by_side(run: RunFolder) -> None:
    events = list(ChatJob(run, one_prompt("Question 3"), GREEDY).run_events(ModelCache()))
    ended = {e.who: e for e in events if isinstance(e, AnswerEnded)}
    assert ended.keys() == {"base", "tuned"}
    assert (ended["tuned"].text, ended["tuned"].finish_reason) == ("ok", "stop")
    assert ended["base"].text != "ok"


@pytest.mark.long
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
    asking = ChatJob(run, one_prompt("Question 3"), GREEDY)
    ended = [e for e in asking.run_events(ModelCache()) if isinstance(e, AnswerEnded)]
    assert [(e.text, e.finish_reason) for e in ended if e.who == "tuned"] == [("ok", "stop")]
    asked = [e for e in EvaluateJob(run, options=GOLDEN).run_events(ModelCache()) if isinstance(e, Answered)]
    assert all(a.answers[-1].right for a in asked)


def test_a_run_without_a_checkpoint_says_so(tiny_model: Path, toy_data: Path, tmp_path: Path) -> None:
    recipe = Recipe().with_values({"model": str(tiny_model), "data.path": str(toy_data)})
    events = TrainJob(recipe, tmp_path).run_events(ModelCache())
    opened = next(e for e in events if isinstance(e, RunOpened))
    events.close()
    with pytest.raises(ModelError, check=lambda error: error.code == "adapter.none"):
        list(ChatJob(RunFolder(Path(opened.folder)), one_prompt("Hello"), GREEDY).run_events(ModelCache()))


@pytest.mark.long
def test_an_evaluation_of_a_run_that_is_deleted_meanwhile_leaves_nothing(
    tiny_model: Path, tmp_path: Path
) -> None:
    deleted = train_ok(tiny_model, tmp_path)
    events = EvaluateJob(deleted).run_events(ModelCache())
    next(event for event in events if isinstance(event, Answered))
    RunStore(deleted.path.parent).delete(deleted.name)
    with pytest.raises(RunMissing):
        list(events)
    assert not deleted.path.exists()


def test_a_list_of_runs_sees_what_an_evaluation_found_that_was_begun_before_it_looked(
    run: RunFolder, tmp_path: Path
) -> None:
    copy = RunFolder(tmp_path / run.name)
    shutil.copytree(run.path, copy.path, ignore=shutil.ignore_patterns("evaluations"))
    store = RunStore(tmp_path)
    events = EvaluateJob(copy, options=GOLDEN).run_events(ModelCache())
    next(e for e in events if isinstance(e, Answered))
    assert [each.tuned_exact for each in store.summaries()] == [None]
    list(events)
    assert [each.tuned_exact for each in store.summaries()] == [1.0]
