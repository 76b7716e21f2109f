"""Answers are given once and scored at will: by other scorers, and as a person rules, with no model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from studio.cli.commands import run as command
from studio.errors import DataError, RunError
from studio.evaluate.evaluation import evaluate
from studio.evaluate.failures.training_rows import TrainingRows
from studio.evaluate.golden import read_golden
from studio.evaluate.options import EvaluationOptions
from studio.evaluate.registry import chosen
from studio.evaluate.rescoring import keep_golden
from studio.evaluate.store import EvaluationStore, Ruling
from studio.events import INCOMPATIBLE, MEASURED, TOO_FEW, Answered, Evaluated, Event, Progress, Score
from studio.jobs.rescore import OWN, SAME, RescoreJob
from studio.models.cache import ModelCache
from studio.runs.evaluations import evaluations_of, read_evaluation
from studio.runs.folder import RunFolder
from tests.conftest import refused
from tests.evaluate.answer_tables import ToldSetting, told
from tests.evaluate.contestants import open_contestant
from tests.evaluate.judging.stubs import shown
from tests.jobs.openai_server import Body, openai_server

MEASURES = ("golden_exact", "golden_overlap", "failures", "contamination")


@pytest.fixture
def run(starter: Path, tmp_path: Path) -> RunFolder:
    """A run whose model is gone; it was asked eight questions, said "ok" to all, and was right once."""
    run = RunFolder(tmp_path / "a-run")
    run.evaluations.mkdir(parents=True)
    (run.path / "run.json").write_text('{"recipe": {}}')
    file = tmp_path / "golden.jsonl"
    rows = [{"prompt": f"Question {n}", "ideal": "ok then" if n else "ok", "id": f"q{n}"} for n in range(8)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    golden = read_golden(file)
    cache = ModelCache()
    opened = tuple(open_contestant(starter / "model", key, cache) for key in ("base", "tuned"))
    options = EvaluationOptions(measures=MEASURES)
    plan = {
        "contestants": [{"kind": "base", "key": "base"}, {"kind": "tuned", "fingerprint": "f"}],
        "options": options.model_dump(mode="json"),
    }
    store = EvaluationStore.opened(run, plan)
    keep_golden(store, golden)
    says = told(base=lambda item: "I was in the kitchen.", tuned=lambda item: "ok")
    setting = Answering(opened, store, options, golden, run=run, says=says)
    setting.training_rows = TrainingRows([["Question 3", "ok"]])
    list(evaluate(setting, chosen(options), "golden_exact"))
    file.unlink()
    return run


@dataclass(eq=False)
class Answering(ToldSetting):
    """Keeps what is told, as real answers are kept."""

    def answers(self, task: str, items: Any, **asked: Any) -> Any:  # type: ignore[override]
        table = yield from super().answers(task, items, **asked)
        for item, given in table.items():
            for who, (answer,) in given.items():
                self.store.keep_answer(task, item, who, "how", 0, answer)
        return table


def likes_ok(body: Body, number: int) -> str:
    """A judge to whom "ok" is worth most, and who rates everything alike."""
    if "<answer_A>" not in body["messages"][0]["content"]:
        return "[[4]]"
    first, second = shown(body["messages"][0]["content"])
    return f"[[{'A' if first == 'ok' else 'B' if second == 'ok' else 'C'}]]"


def test_another_judge_is_asked_about_the_answers_that_are_there(run: RunFolder) -> None:
    """No model is loaded: its folder is not even known. The votes are compared with the judge of now."""
    with openai_server(likes_ok) as one:
        job = RescoreJob(run, judge=one.url, judge_model="qwen")
        events = list(job.run_events())
    result = next(event for event in events if isinstance(event, Evaluated))
    found = {(score.measure, score.part): score for score in result.scores}
    assert found["judge_win_rate", ""].of("tuned") == 1
    assert found["judge_win_rate", "same_family"].state == TOO_FEW
    assert found["judge_rubrics", ""].state == INCOMPATIBLE
    assert found["golden_exact", ""].state == MEASURED
    first = len(one.asked)

    def never(body: Body, number: int) -> str:
        return "[[A]]"

    with openai_server(never) as other:
        events = list(RescoreJob(run, judge=other.url, judge_model="qwen").run_events())
        assert len(other.asked) >= 16
    result = next(event for event in events if isinstance(event, Evaluated))
    found = {(score.measure, score.part): score for score in result.scores}
    assert (found["judge_win_rate", ""].state, found["judge_agreement", ""].state) == (INCOMPATIBLE, TOO_FEW)
    assert EvaluationStore(Path(result.folder)).rows("judge_win_rate") == ([], {})
    assert len(one.asked) == first


def rescored(run: RunFolder, scorers: str = SAME) -> tuple[Evaluated, list[Event]]:
    events = list(RescoreJob(run, scorers).run_events())
    assert not any(isinstance(event, Progress) for event in events)
    return next(event for event in events if isinstance(event, Evaluated)), events


def reached(result: Evaluated) -> Mapping[tuple[str, str], float | None]:
    return {(score.measure, score.part): score.of("tuned") for score in result.scores}


def test_answers_are_scored_by_another_scorer_without_a_model(run: RunFolder) -> None:
    (first,) = evaluations_of(run)
    before = read_evaluation(first)
    assert before is not None
    result, events = rescored(run, "f1")
    assert reached(before.result)["golden_exact", ""] == 1 / 8
    assert reached(result)["golden_checks", ""] == 1.0  # an F1 of two thirds passes
    assert result.primary == "golden_checks"
    assert reached(result).items() >= reached(before.result).items() - {(("failures", "wrong"), 7 / 8)}
    assert reached(result)["failures", "wrong"] == 0
    answered = {event.id: event for event in events if isinstance(event, Answered)}
    assert all(event.answers[1].right for event in answered.values())
    assert {event.id: event.answers[1].text for event in before.answers} == {
        item: event.answers[1].text for item, event in answered.items()
    }
    newest, _ = evaluations_of(run)
    stored = read_evaluation(newest)
    assert stored is not None
    assert (stored.result, stored.plan["rescored"]) == (result, first.name)


def test_the_same_scorers_come_to_the_same_table(run: RunFolder) -> None:
    before = read_evaluation(evaluations_of(run)[0])
    assert before is not None
    result, _ = rescored(run)
    assert reached(result) == reached(before.result)
    assert str(result.headline) == str(before.result.headline)
    again, _ = rescored(run)  # of what was rescored itself
    assert reached(again) == reached(result)


def test_what_was_scored_otherwise_is_scored_so_again_unless_other_scorers_are_named(run: RunFolder) -> None:
    by_words = rescored(run, "f1")[0]
    same, own = rescored(run)[0], rescored(run, OWN)[0]
    assert (same.primary, reached(same)) == ("golden_checks", reached(by_words))
    assert (own.primary, reached(own)["failures", "wrong"]) == ("golden_exact", 7 / 8)


def test_a_ruling_made_since_counts_and_is_counted(run: RunFolder) -> None:
    store = EvaluationStore(evaluations_of(run)[0])
    for item in ("q1", "q2"):
        store.rule(Ruling(item, "tuned", True, "as good"))
    table = reached(rescored(run)[0])
    assert table["golden_exact", ""] == 3 / 8
    assert table["golden_exact", "overruled"] == 2 / 8
    assert table["failures", "wrong"] == 5 / 8


def test_a_rescoring_that_was_killed_goes_on(run: RunFolder) -> None:
    events = RescoreJob(run, "f1").run_events()
    for event in events:
        if isinstance(event, Score):
            break
    events.close()
    assert len(evaluations_of(run)) == 1
    result, _ = rescored(run, "f1")
    assert reached(result)["golden_checks", ""] == 1.0
    assert len([path for path in run.evaluations.iterdir() if path.is_dir()]) == 2


def test_what_cannot_be_scored_anew_is_said(run: RunFolder, tmp_path: Path) -> None:
    with refused("scorer.not_for_all", DataError, names="magic"):
        rescored(run, "magic")
    (first,) = evaluations_of(run)
    (first / "given.jsonl").unlink()
    (first / "golden.json").rename(tmp_path / "golden.json")
    with refused("rescore.no_golden", RunError, folder=first.name):
        rescored(run)
    (tmp_path / "golden.json").rename(first / "golden.json")
    result, _ = rescored(run)
    assert {s.state for s in result.scores if s.measure == "golden_exact"} == {"failed"}
    shutil.rmtree(run.evaluations)
    with refused("rescore.none", RunError, run=run.name):
        rescored(run)


def test_the_command_scores_anew(run: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    home = run.path.parent / "home"
    shutil.copytree(run.path, home / "runs" / run.name)
    assert command(["--home", str(home), "--json", "evaluate", run.name, "--rescore", "contains"]) == 0
    document = json.loads(capsys.readouterr().out)
    scores = {(each["measure"], each["part"]): each for each in document["scores"]}
    assert scores["golden_contains", ""]["scores"][1]["value"] == 1 / 8
    assert ("contamination", "") in scores
