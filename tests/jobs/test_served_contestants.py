"""A model behind a server competes with a run: it answers, and has no value where weights are read."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from studio.catalogue import Phrase
from studio.cli.commands import run as studio
from studio.evaluate.measures.asking import with_floor
from studio.evaluate.options import EvaluationOptions
from studio.evaluate.scoring import scored
from studio.evaluate.store import EvaluationStore
from studio.events import FAILED, TOO_FEW, Answered, Evaluated, Log, RunOpened, Score
from studio.generate.contestant import contestant_of
from studio.generate.keys import KEY_VARIABLE, URL_VARIABLE
from studio.jobs.evaluate import EvaluateJob
from studio.jobs.rescore import RescoreJob
from studio.jobs.train import TrainJob
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from tests.conftest import refused
from tests.jobs.openai_server import Answer, Body, Served, openai_server

ROWS = 8
EXACT, LOSS = "golden_exact", "validation_loss"


@pytest.fixture(scope="module")
def trained(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run that has hardly learned anything."""
    folder = tmp_path_factory.mktemp("trained")
    data = folder / "some.jsonl"
    rows = [{"instruction": f"Question {n}", "output": "ok"} for n in range(20)]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe = Recipe().with_values({"model": str(tiny_model), "data.path": str(data), "epochs": 1})
    events = list(TrainJob(recipe, folder / "runs").run_events(ModelCache()))
    return RunFolder(Path(next(each.folder for each in events if isinstance(each, RunOpened))))


@pytest.fixture
def run(trained: RunFolder, tmp_path: Path) -> RunFolder:
    copy = RunFolder(tmp_path / "home" / "runs" / trained.name)
    shutil.copytree(trained.path, copy.path, ignore=shutil.ignore_patterns("evaluations"))
    return copy


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    return written(tmp_path, [{"prompt": f"Question {n}", "ideal": f"ideal {n}"} for n in range(ROWS)])


def written(folder: Path, rows: list[dict[str, Any]]) -> Path:
    file = folder / "golden.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def knows(body: Body, number: int = 0) -> Answer:
    """A model that knows every ideal answer."""
    return f"<think>Easy.</think>ideal {body['messages'][-1]['content'].split()[-1]}"


def key_of(url: str) -> str:
    return f"server:{url}#big"


def job_of(run: RunFolder, golden: Path, url: str, *measures: str) -> EvaluateJob:
    options = EvaluationOptions(suite="quick", measures=measures or (EXACT,))
    return EvaluateJob(run, golden, options=options, more=(contestant_of(key_of(url)),))


def evaluated(job: EvaluateJob | RescoreJob) -> tuple[dict[str, Score], list[Any]]:
    """The score of each measure as a whole, and all events."""
    events = list(job.run_events(ModelCache()))
    result = next(event for event in events if isinstance(event, Evaluated))
    return {each.measure: each for each in result.scores if not each.part}, events


def kept(run: RunFolder, url: str) -> set[str]:
    """The questions of which a server's answers are kept."""
    found = (EvaluationStore(each).answers_of("golden").items() for each in run.evaluations.glob("*"))
    texts = (answer.text for each in found for (_, who), (answer,) in each if who == key_of(url))
    return {text.replace("ideal", "Question") for text in texts}


def asked_once(server: Served) -> set[str]:
    counts = Counter(body["messages"][-1]["content"] for body in server.asked)
    return {question for question, count in counts.items() if count == 1}


def test_a_server_competes_where_only_answers_count(run: RunFolder, golden: Path) -> None:
    with openai_server(knows) as server:
        who = key_of(server.url)
        scores, events = evaluated(job_of(run, golden, server.url, EXACT, "failures", "refusals", LOSS))
        exact = scores[EXACT]
        assert (exact.of("base"), exact.of("tuned"), exact.of(who)) == (0, 0, 1)
        assert [each.contestant for each in exact.differences] == ["tuned", who]
        assert scores["failures"].of(who) == 0
        assert scores["refusals"].of(who) is not None
        assert [each.contestant for each in scores[LOSS].scores] == ["base", "tuned"]
        assert {(body["model"], body["temperature"]) for body in server.asked} == {("big", 0)}
        asked = [body["messages"] for body in server.asked]
        assert [{"role": "user", "content": "Question 0"}] in asked
        result = next(event for event in events if isinstance(event, Evaluated))
        assert result.contestants == (("base", "Base"), ("tuned", "Tuned"), (who, "big"))
        assert "big" not in str(result.headline)  # what it would cost to take it is not measured
        told = [event.text for event in events if isinstance(event, Log) and server.url in event.text]
        assert len(told) == 1
        answers = [event for event in events if isinstance(event, Answered) and event.task == "golden"]
        assert [each.answers[2].right for each in answers] == [True] * ROWS
        before = len(server.asked)
        again, _ = evaluated(RescoreJob(run, scorers="contains"))
        assert (again["golden_contains"].of(who), len(server.asked)) == (1, before)


def test_how_high_a_server_is_does_not_say_that_nothing_was_lost_here() -> None:
    who = key_of("http://localhost/v1")
    found = with_floor(scored(EXACT, {"base": [0] * 20, "tuned": [0] * 20, who: [1] * 20}))
    assert (found.state, found.of(who)) == (TOO_FEW, 1)


def test_an_evaluation_killed_while_a_server_answers_asks_nothing_twice(run: RunFolder, golden: Path) -> None:
    with openai_server(knows) as server:
        job = job_of(run, golden, server.url)
        events = job.run_events(ModelCache())
        while len(kept(run, server.url)) < 3:
            next(events)
        events.close()
        before = kept(run, server.url)
        scores, _ = evaluated(job)
        assert before <= asked_once(server)
    assert scores[EXACT].of(key_of(server.url)) == 1


def test_a_server_that_dies_fails_the_measure_and_is_gone_on_with(run: RunFolder, golden: Path) -> None:
    """What needs no answers stands, what was answered is kept, and the next evaluation asks the rest."""
    lives = False

    def answer(body: Body, number: int) -> Answer:
        return knows(body) if lives or number <= 4 else (401, {}, {})

    with openai_server(answer) as server:
        job = job_of(run, golden, server.url, EXACT, "golden_overlap", LOSS)
        first, _ = evaluated(job)
        assert [first[key].state for key in (EXACT, "golden_overlap")] == [FAILED, FAILED]
        assert first[LOSS].of("tuned") is not None
        assert isinstance(first[EXACT].reason, Phrase)
        assert first[EXACT].reason.code == "server.key_refused"
        assert len(server.asked) <= 8  # the second measure does not ask what is gone
        before, lives = kept(run, server.url), True
        assert 1 <= len(before) <= 4
        second, _ = evaluated(job)
        assert before <= asked_once(server)
    assert second[EXACT].of(key_of(server.url)) == 1


def test_the_key_is_sent_and_written_nowhere(
    run: RunFolder, golden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with openai_server(knows) as server:
        monkeypatch.setenv(KEY_VARIABLE, "sk-SECRET")
        monkeypatch.setenv(URL_VARIABLE, server.url)
        evaluated(job_of(run, golden, server.url))
    assert set(server.keys) == {"Bearer sk-SECRET"}
    files = [path for path in run.path.rglob("*") if path.is_file() and "evaluations" in path.parts]
    assert files
    assert not [path for path in files if b"SECRET" in path.read_bytes()]


def test_a_question_that_a_server_refuses_is_answered_with_nothing(run: RunFolder, golden: Path) -> None:
    def answer(body: Body, number: int) -> Answer:
        refused_one = body["messages"][-1]["content"] == "Question 1"
        return (400, {"error": {"message": "against the rules"}}, {}) if refused_one else knows(body)

    with openai_server(answer) as server:
        who = key_of(server.url)
        scores, events = evaluated(job_of(run, golden, server.url, EXACT, "golden_overlap"))
        assert scores[EXACT].of(who) == pytest.approx(1 - 1 / ROWS)
        assert len(server.asked) == ROWS  # neither is asked again by the next measure
        (empty,) = [
            given
            for event in events
            if isinstance(event, Answered)
            for given in event.answers
            if given.contestant == who and not given.text
        ]
        assert (empty.right, empty.finish_reason) == (False, "refused")


def test_questions_with_tools_are_not_sent_and_that_is_said_once(run: RunFolder, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"prompt": f"Question {n}", "ideal": f"ideal {n}"} for n in range(ROWS)]
    rows[0]["tools"] = [{"type": "function", "function": {"name": "look", "parameters": {}}}]
    with openai_server(knows) as server:
        scores, events = evaluated(job_of(run, written(tmp_path, rows), server.url, EXACT, "golden_overlap"))
        assert not server.asked
    assert [each.contestant for each in scores[EXACT].scores] == ["base", "tuned"]
    assert len([event for event in events if isinstance(event, Log) and "tools or calls" in event.text]) == 1


def test_a_server_that_cannot_be_asked_is_refused_before_anything_is_opened(
    run: RunFolder, golden: Path
) -> None:
    for key, code in (
        ("server:http://me:SECRET@127.0.0.1/v1#big", "server.no_address"),
        ("server:http://127.0.0.1:9/v1", "contestant.no_model_name"),
    ):
        job = EvaluateJob(run, golden, more=(contestant_of(key),))
        with refused(code) as raised:
            list(job.run_events(ModelCache()))
        assert "SECRET" not in str(raised.value)
    assert not list(run.evaluations.glob("*"))


def test_the_command_line_shows_a_dash_where_a_server_has_no_value(
    run: RunFolder, golden: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with openai_server(knows) as server:
        line = ["--home", str(run.path.parents[1]), "evaluate", run.name, "--golden", str(golden)]
        assert studio([*line, "--with", key_of(server.url), "--measures", EXACT, "--measures", LOSS]) == 0
    shown = capsys.readouterr().out.splitlines()
    exact = next(row for row in shown if "Exact match" in row and row.rstrip().endswith("big"))
    assert "100 %" in exact
    assert any("—" in row and row.rstrip().endswith("big") for row in shown)
