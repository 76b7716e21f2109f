"""A run is judged: by a server, by a model on this machine, by nobody; and beside the person's own votes."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from studio.catalogue import Phrase
from studio.cli.commands import run as studio
from studio.evaluate.golden import Golden, read_golden
from studio.evaluate.judging.controls import CONTROL
from studio.evaluate.judging.rubrics import SHIPPED
from studio.evaluate.measures import judge_pairs, judge_rubrics
from studio.evaluate.measures.judge_pairs import AGREEMENT, CONTROLLED, WIN_RATE, agreement_now
from studio.evaluate.options import EvaluationOptions
from studio.evaluate.registry import primary_of
from studio.evaluate.report.published import comparator
from studio.evaluate.store import EvaluationStore, Vote
from studio.events import FAILED, INCOMPATIBLE, MEASURED, NOT_RUN, TOO_FEW, Evaluated, Figure, Log, Score
from studio.jobs.evaluate import EvaluateJob
from studio.jobs.evaluations import KeepWordJob, WordsJob, WordsStored
from studio.models.cache import ModelCache
from studio.runs.evaluations import latest_evaluation
from studio.runs.folder import RunFolder
from studio.train.dataset_cache import DatasetCache
from tests.conftest import refused
from tests.evaluate.contestants import open_contestant, setting_of
from tests.evaluate.judging.stubs import shown
from tests.jobs.openai_server import Answer, Body, Served, openai_server
from tests.jobs.test_answers import train_ok

RUBRICS = judge_rubrics.KEY
MEASURES = (WIN_RATE, CONTROLLED, RUBRICS, AGREEMENT)
ROWS = 12


@pytest.fixture(scope="module")
def trained(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run that learned to answer "ok" to everything."""
    return train_ok(tiny_model, tmp_path_factory.mktemp("trained"))


@pytest.fixture
def run(trained: RunFolder, tmp_path: Path) -> RunFolder:
    copy = RunFolder(tmp_path / trained.name)
    shutil.copytree(trained.path, copy.path, ignore=shutil.ignore_patterns("evaluations"))
    return copy


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    file = tmp_path / "golden.jsonl"
    rows = ({"prompt": f"Question {n}", "ideal": f"ideal {n}"} for n in range(ROWS))
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def likes_ok(body: Body, number: int = 0) -> Answer:
    """A judge that prefers "ok" to whatever else, and knows which ideal answers which question."""
    text = body["messages"][0]["content"]
    if "<answer_A>" in text:
        first, second = shown(text)
        return f"It is shorter. [[{'A' if first == 'ok' else 'B' if second == 'ok' else 'C'}]]"
    answer = text.partition("<answer>\n")[2].partition("\n</answer>")[0]
    number = text.partition("Question ")[2].partition("\n")[0]
    return f"So be it. [[{4 if answer == 'ok' else 5 if answer == f'ideal {number}' else 2}]]"


def judged(run: RunFolder, golden: Path, **options: Any) -> tuple[dict[tuple[str, str], Score], list[Any]]:
    asked = EvaluationOptions(measures=(*MEASURES, "golden_exact"), **options)
    events = list(EvaluateJob(run, golden, options=asked).run_events(ModelCache()))
    result = next(event for event in events if isinstance(event, Evaluated))
    return {(score.measure, score.part): score for score in result.scores}, events


def by(server: Served) -> dict[str, str]:
    return {"judge": server.url, "judge_model": "qwen-judge"}


def why(score: Score) -> str:
    assert isinstance(score.reason, Phrase)
    return score.reason.code


def test_a_run_is_judged_by_a_server(run: RunFolder, golden: Path) -> None:
    with openai_server(likes_ok) as server:
        scores, events = judged(run, golden, **by(server))
    raw, controlled = scores[WIN_RATE, ""], scores[CONTROLLED, ""]
    assert (raw.state, raw.count, raw.of("tuned")) == (MEASURED, ROWS, 1.0)
    assert raw.direction(raw.differences[0]) == "better"
    assert controlled.state == MEASURED
    assert scores[WIN_RATE, "position_consistency"].of("tuned") == 1
    for key in SHIPPED:
        assert (scores[RUBRICS, key].of("base"), scores[RUBRICS, key].of("tuned")) == (2, 4)
    assert scores[RUBRICS, CONTROL].of("tuned") == 1
    figures = {event.key: event for event in events if isinstance(event, Figure)}
    assert figures["rubrics"].data["rows"][0][3] == 100
    assert len(figures["biases"].data["rows"]) == 7
    found = latest_evaluation(run)
    assert found is not None
    example = comparator(found)["examples"][0]
    assert example["score"] == -1
    one, other = example["individual_rater_scores"]
    assert (one["rating_label"], one["is_flipped"], other["is_flipped"]) == ("B is better", False, True)
    assert one["rationale"].startswith("It is shorter.")
    assert (scores[AGREEMENT, ""].state, why(scores[AGREEMENT, ""])) == (TOO_FEW, "judge.few_votes")
    told = [event.text for event in events if isinstance(event, Log)]
    assert any("is to be asked 24 times" in text for text in told)
    assert any(server.url in text for text in told)
    pairs, ratings, controls = 2 * ROWS, 2 * len(SHIPPED) * ROWS, 2 * ROWS
    assert len(server.asked) == pairs + ratings + controls


def test_a_judge_that_dies_in_the_middle_is_gone_on_with(run: RunFolder, golden: Path) -> None:
    """The measure is said to have failed, the others stand, and next time only the rest is asked."""
    dead = threading.Event()

    def answer(body: Body, number: int) -> Answer:
        if number == 13:
            dead.set()
        return (401, {}, {}) if dead.is_set() else likes_ok(body)

    with openai_server(answer) as server:
        first, _ = judged(run, golden, **by(server))
        assert (first[WIN_RATE, ""].state, why(first[WIN_RATE, ""])) == (FAILED, "server.key_refused")
        assert first["golden_exact", ""].state == MEASURED
        before = len(server.asked)
        dead.clear()
        second, _ = judged(run, golden, **by(server))
        asked = [body for body in server.asked[before:] if "<answer_A>" in body["messages"][0]["content"]]
    assert 2 * ROWS - 12 <= len(asked) <= 2 * ROWS - 8
    assert (second[WIN_RATE, ""].state, second[WIN_RATE, ""].of("tuned")) == (MEASURED, 1.0)


def test_an_evaluation_that_is_killed_while_a_judge_thinks_ends_with_the_same_table(
    run: RunFolder, golden: Path
) -> None:
    options = EvaluationOptions(measures=(WIN_RATE,), judge_rows=8)
    with openai_server(likes_ok) as server:
        options = options.model_copy(update=by(server))
        events = EvaluateJob(run, golden, options=options).run_events(ModelCache())
        for _ in events:
            if len(server.asked) >= 6:
                break
        events.close()
        rest = list(EvaluateJob(run, golden, options=options).run_events(ModelCache()))
        assert len(server.asked) <= 16 + 4  # the four that were waited for are asked again
        result = next(event for event in rest if isinstance(event, Evaluated))
        again = list(EvaluateJob(run, golden, options=options).run_events(ModelCache()))
        assert len(server.asked) <= 16 + 4
    assert next(event for event in again if isinstance(event, Evaluated)).scores == result.scores


def test_without_a_judge_nothing_is_said_to_be_measured(run: RunFolder, golden: Path) -> None:
    scores, _ = judged(run, golden)
    for key in MEASURES:
        assert (scores[key, ""].state, why(scores[key, ""])) == (NOT_RUN, "judge.none")


JUDGES = {
    "http://127.0.0.1:9/v1": "judge.no_model_name",
    "http://me:SECRET@127.0.0.1/v1": "server.no_address",
    "/nowhere/at/all": "model.missing",
}


@pytest.mark.parametrize("judge", JUDGES)
def test_a_judge_that_cannot_be_asked_is_refused_before_anything_is_opened(
    run: RunFolder, golden: Path, judge: str
) -> None:
    with refused(JUDGES[judge]) as raised:
        judged(run, golden, judge=judge)
    assert "SECRET" not in str(raised.value)
    assert not list(run.evaluations.glob("*"))


def test_the_headline_is_about_the_win_rate_at_equal_lengths_or_about_none() -> None:
    """A raw win rate says how much a judge likes length as well, so it stands beside the other one only."""
    options = EvaluationOptions(primary=CONTROLLED)
    assert primary_of(options, golden=True) == CONTROLLED
    with refused("evaluation.no_primary", name=WIN_RATE):
        primary_of(options.model_copy(update={"primary": WIN_RATE}), golden=True)


def test_the_persons_own_votes_stand_beside_the_judge(run: RunFolder, tmp_path: Path) -> None:
    golden = tmp_path / "many.jsonl"
    golden.write_text("".join(f'{{"prompt": "Question {n}", "ideal": "ideal {n}"}}\n' for n in range(30)))

    def answer(body: Body, number: int) -> Answer:
        asked = body["messages"][0]["content"]
        return "[[C]]" if any(f"Question {n}\n" in asked for n in range(5)) else likes_ok(body)

    with openai_server(answer) as server:
        options = EvaluationOptions(measures=(WIN_RATE,), **by(server))  # type: ignore[arg-type]
        list(EvaluateJob(run, golden, options=options).run_events(ModelCache()))
    found = latest_evaluation(run)
    assert found is not None
    assert found.result is not None
    store = EvaluationStore(Path(found.result.folder))
    (few,) = agreement_now(store, "base")
    assert few.state == TOO_FEW
    ids, _ = store.rows(WIN_RATE)
    assert len(ids) == 30
    for place, item in enumerate(ids):
        store.vote(Vote(item, "tuned", "base", "tie" if place < 8 else "a"))
    kappa, share, majority = agreement_now(store, "base")
    (brought,) = WordsJob(store.folder).run_events(DatasetCache())
    assert isinstance(brought, WordsStored)
    assert brought.agreement == (kappa, share, majority)
    last = KeepWordJob(store.folder, Vote(ids[0], "tuned", "base", "tie"))
    assert tuple(last.run_events(DatasetCache())) == brought.agreement  # it said the same before
    assert (kappa.state, kappa.count, share.of("tuned"), majority.of("tuned")) == (
        *(MEASURED, 30, 27 / 30),
        22 / 30,
    )
    assert kappa.of("tuned") == pytest.approx(0.7097, abs=1e-4)


def test_answers_that_judge_and_scorer_see_differently_are_named(run: RunFolder, tmp_path: Path) -> None:
    golden = tmp_path / "half.jsonl"
    rows = [{"prompt": f"Question {n}", "ideal": "ok" if n % 2 else "no"} for n in range(8)]
    golden.write_text("".join(json.dumps(row) + "\n" for row in rows))

    def answer(body: Body, number: int) -> Answer:
        text = body["messages"][0]["content"]
        if "Question 3\n" not in text:
            return likes_ok(body)
        return f"[[{'B' if shown(text)[0] == 'ok' else 'A'}]]"

    with openai_server(answer) as server:
        options = EvaluationOptions(measures=(WIN_RATE,), **by(server))  # type: ignore[arg-type]
        list(EvaluateJob(run, golden, options=options).run_events(ModelCache()))
    found = latest_evaluation(run)
    assert found is not None
    (words,) = WordsJob(found.folder).run_events(DatasetCache())
    assert isinstance(words, WordsStored)
    asked = {event.id: event.prompt for event in found.answers}
    assert [(asked[item], who) for item, who in words.contradictions] == [("Question 3", "tuned")]


def test_a_models_folder_judges_also_the_one_that_competes(
    run: RunFolder, golden: Path, tiny_model: Path, starter: Path
) -> None:
    """What competes is judged by its bare weights, not by what was tuned; both give probabilities."""
    for folder in (tiny_model, starter / "model"):
        options = EvaluationOptions(measures=(WIN_RATE,), judge=str(folder), judge_rows=3)
        list(EvaluateJob(run, golden, options=options).run_events(ModelCache()))
        found = latest_evaluation(run)
        assert found is not None
        scores = {(score.measure, score.part): score for score in found.result.scores}
        assert scores[WIN_RATE, ""].state in (INCOMPATIBLE, TOO_FEW), "three pairs are no evidence"
        assert scores[WIN_RATE, "unparsable"].of("tuned") == 0
        assert scores[WIN_RATE, "unparsable"].count == 3


@pytest.mark.long
def test_the_starter_as_its_own_judge_has_no_verdict(starter: Path, tmp_path: Path) -> None:
    """It looks at the place and not at the answer, and is told so."""
    cache = ModelCache()
    base, tuned = (
        open_contestant(starter / "model", "base", cache),
        open_contestant(starter / "model", "tuned"),
    )
    _disturb(tuned.module)
    items = read_golden(starter / "golden.jsonl").items[:8]
    setting = setting_of((base, tuned), EvaluationStore(tmp_path), Golden("8 prompts", items))
    setting.options = EvaluationOptions(judge="base", judge_rows=8)
    measures = (*judge_pairs.MEASURES, *judge_rubrics.MEASURES)
    events = [event for measure in measures for event in measure.run(setting)]
    scores = {(event.measure, event.part): event for event in events if isinstance(event, Score)}
    for key in (WIN_RATE, CONTROLLED):
        score = scores[key, ""]
        assert (score.state, score.scores, why(score)) == (INCOMPATIBLE, (), "judge.inconsistent")
        assert "consistency too low" in str(score.reason)
    assert scores[WIN_RATE, "same_family"].of("tuned") == 1
    assert scores[RUBRICS, ""].state in (INCOMPATIBLE, TOO_FEW)
    assert scores[WIN_RATE, "first_slot"].of("tuned") in (0, 1)


def _disturb(module: Any) -> None:
    """Let the model answer otherwise."""
    draw = np.random.default_rng(0)
    weight = module.model.layers[1].mlp.down_proj.weight
    noise = mx.array(draw.normal(0, 0.05, weight.shape).astype(np.float32))
    module.model.layers[1].mlp.down_proj.weight = weight + noise


def test_the_command_line_takes_a_judge(
    run: RunFolder, golden: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    (home / "runs").mkdir(parents=True)
    shutil.move(run.path, home / "runs" / run.name)
    with openai_server(likes_ok) as server:
        line = ["--home", str(home), "evaluate", run.name, "--golden", str(golden), "--json"]
        line += ["--measures", WIN_RATE, "--judge", server.url, "--judge-model", "m", "--judge-rows", "10"]
        assert studio(line) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["scores"][0]["measure"] == WIN_RATE
    assert found["scores"][0]["count"] == 10
    assert found["scores"][0]["differences"][0]["direction"] == "better"
