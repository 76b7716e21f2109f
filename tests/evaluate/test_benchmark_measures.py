"""Benchmarks and multiple choice as measures: a model that lost what they ask about is named by them."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import pytest

from studio.catalogue import Phrase
from studio.evaluate.benchmarks.choices import choice_likelihoods, choices_of
from studio.evaluate.measure import Measure, Setting
from studio.evaluate.measures import benchmarks
from studio.evaluate.options import EvaluationOptions
from studio.evaluate.registry import BY_KEY, chosen
from studio.evaluate.store import EvaluationStore
from studio.events import NOT_RUN, TOO_FEW, Event, Figure, Progress, Score
from studio.generate.contestant import OpenContestant
from studio.models.cache import ModelCache
from studio.paths import resource
from tests.conftest import finish
from tests.evaluate.benchmark_rows import ROWS, SHOTS, write_benchmark_rows
from tests.evaluate.contestants import open_contestant


@pytest.fixture(scope="module")
def contestants(starter: Path) -> dict[str, OpenContestant]:
    """The starter, the same again, and one whose feed-forward layers say nothing: facts are kept there."""
    cache = ModelCache()
    found = {
        key: replace(open_contestant(starter / "model", "tuned", cache), fingerprint=key)
        for key in ("same", "worse")
    }
    found["base"] = open_contestant(starter / "model", "base", cache)
    for layer in found["worse"].module.layers:
        layer.mlp.down_proj.weight = mx.zeros_like(layer.mlp.down_proj.weight)
    return found


def code_of(score: Score) -> str:
    assert isinstance(score.reason, Phrase)
    return score.reason.code


def taken(measure: Measure, setting: Setting) -> list[Event]:
    return list(measure.run(setting))


def scores_of(events: list[Event]) -> dict[str, Score]:
    return {each.part: each for each in events if isinstance(each, Score)}


def setting(contestants: dict[str, OpenContestant], tuned: str, folder: Path, **options: object) -> Setting:
    (folder / "evaluation").mkdir(exist_ok=True)
    both = (contestants["base"], contestants[tuned])
    store = EvaluationStore(folder / "evaluation")
    return Setting(both, store, EvaluationOptions.model_validate(options))


def verdicts(scores: dict[str, Score]) -> dict[str, str]:
    return {part: each.direction(each.differences[0]) for part, each in scores.items()}


@pytest.fixture(scope="module")
def some_choices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every eighth question of those in the box."""
    lines = (resource("evaluation") / "choices.jsonl").read_text(encoding="utf-8").splitlines()
    file = tmp_path_factory.mktemp("choices") / "choices.jsonl"
    file.write_text("\n".join(lines[::8]), encoding="utf-8")
    return file


@pytest.mark.long
def test_a_model_that_forgot_the_facts_is_named_by_multiple_choice_and_an_unchanged_one_is_not(
    contestants: dict[str, OpenContestant], some_choices: Path, tmp_path: Path
) -> None:
    asked = {"choices": str(some_choices)}
    same = scores_of(taken(BY_KEY["knowledge"], setting(contestants, "same", tmp_path, **asked)))
    assert all(each.differences[0].value == 0 for each in same.values())
    assert set(verdicts(same).values()) == {"unclear"}
    worse = scores_of(taken(BY_KEY["knowledge"], setting(contestants, "worse", tmp_path, **asked)))
    assert verdicts(worse)[""] == verdicts(worse)["by_length"] == "worse"
    assert worse[""].of("base") == 1.0
    assert {"countries", "elements"} <= worse.keys()


@pytest.mark.long
def test_multiple_choice_is_asked_once_however_often_it_is_used(
    contestants: dict[str, OpenContestant], some_choices: Path, tmp_path: Path
) -> None:
    first = setting(contestants, "same", tmp_path, choices=str(some_choices))
    questions = choices_of(first)
    found = finish(choice_likelihoods(first, questions))
    again = setting(contestants, "same", tmp_path, choices=str(some_choices))
    assert list(choice_likelihoods(again, questions)) == []
    assert finish(choice_likelihoods(again, questions)) == found
    assert [len(row) for row in found["base"]] == [len(each.choices) for each in questions]


def test_without_a_name_or_without_the_harness_benchmarks_say_why_they_were_not_run(
    contestants: dict[str, OpenContestant], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (score,) = taken(BY_KEY["benchmarks"], setting(contestants, "same", tmp_path))
    assert (score.state, code_of(score)) == (NOT_RUN, "benchmark.none_named")
    monkeypatch.setattr(benchmarks, "installed", lambda: False)
    (score,) = taken(BY_KEY["benchmarks"], setting(contestants, "same", tmp_path, tasks=["mmlu"]))
    assert (score.state, code_of(score)) == (NOT_RUN, "benchmark.not_installed")
    assert sys.executable in str(score.reason)


def test_naming_a_benchmark_is_asking_for_it() -> None:
    named = EvaluationOptions.model_validate({"suite": "quick", "tasks": ["mmlu, gsm8k", "own.yaml"]})
    assert named.tasks == ("mmlu", "gsm8k", "own.yaml")
    assert BY_KEY["benchmarks"] in chosen(named)
    assert BY_KEY["benchmarks"] not in chosen(EvaluationOptions.model_validate({"suite": "quick"}))


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_benchmark_rows(tmp_path_factory.mktemp("benchmarks") / "rows")


@pytest.mark.long
def test_a_model_that_lost_what_a_benchmark_asks_is_named_by_it_and_an_unchanged_one_is_not(
    contestants: dict[str, OpenContestant], rows: Path, tmp_path: Path
) -> None:
    pytest.importorskip("lm_eval", reason="`make test-long` installs it")
    asked = {"tasks": ("arc_easy,hellaswag", "winogrande"), "shots": SHOTS, "benchmark_rows": str(rows)}
    same = taken(BY_KEY["benchmarks"], setting(contestants, "same", tmp_path, **asked))
    found = scores_of(same)
    assert set(found) == {
        "arc_easy acc",
        "arc_easy acc_norm",
        "hellaswag acc",
        "hellaswag acc_norm",
        "winogrande acc",
    }
    assert set(verdicts(found).values()) == {"unclear"}
    (table,) = (each for each in same if isinstance(each, Figure))
    assert table.data["rows"][0][:7] == ["arc_easy", "acc", "", SHOTS, "plain", "1.0", ROWS]
    worse = scores_of(taken(BY_KEY["benchmarks"], setting(contestants, "worse", tmp_path, **asked)))
    assert verdicts(worse)["arc_easy acc_norm"] == verdicts(worse)["hellaswag acc_norm"] == "worse"
    kept, values = setting(contestants, "worse", tmp_path).store.rows("benchmarks", "arc_easy acc_norm")
    assert kept[0] == "arc_easy/0"
    assert sum(values["tuned"]) / ROWS == worse["arc_easy acc_norm"].of("tuned")


@pytest.mark.long
def test_a_benchmark_that_cannot_be_asked_is_not_run_and_the_others_are(
    contestants: dict[str, OpenContestant], rows: Path, tmp_path: Path
) -> None:
    pytest.importorskip("lm_eval", reason="`make test-long` installs it")
    asked = {"tasks": ("mmlu_astronomy,mmlu_world_religions,gsm8k",), "shots": 1, "limit": 2}
    events = taken(
        BY_KEY["benchmarks"], setting(contestants, "same", tmp_path, benchmark_rows=str(rows), **asked)
    )
    found = scores_of(events)
    assert found["mmlu_astronomy"].state == NOT_RUN
    assert code_of(found["mmlu_astronomy"]) == "benchmark.no_rows"
    assert {part: each.state for part, each in found.items() if part != "mmlu_astronomy"} == dict.fromkeys(
        ("mmlu_world_religions acc", "gsm8k exact_match strict-match", "gsm8k exact_match flexible-extract"),
        TOO_FEW,
    )
    assert all(each.count == 2 for each in found.values() if each.scores)


@pytest.mark.long
def test_benchmarks_that_were_killed_go_on_and_end_with_the_same_scores(
    contestants: dict[str, OpenContestant], rows: Path, tmp_path: Path
) -> None:
    pytest.importorskip("lm_eval", reason="`make test-long` installs it")
    asked = {"tasks": ("arc_easy,gsm8k",), "shots": SHOTS, "benchmark_rows": str(rows), "limit": 6}
    (tmp_path / "whole").mkdir()
    whole = [
        *scores_of(
            taken(BY_KEY["benchmarks"], setting(contestants, "worse", tmp_path / "whole", **asked))
        ).values()
    ]
    steps = BY_KEY["benchmarks"].run(setting(contestants, "worse", tmp_path, **asked))
    counted = sum(
        1 for _ in BY_KEY["benchmarks"].run(setting(contestants, "worse", tmp_path / "whole", **asked))
    )
    for event in steps:
        if isinstance(event, Progress) and event.total and event.done > event.total // 2:
            break
    steps.close()
    books = list((tmp_path / "evaluation" / "benchmarks").glob("*.jsonl"))
    before = sum(len(book.read_text().splitlines()) for book in books)
    assert before
    rest = taken(BY_KEY["benchmarks"], setting(contestants, "worse", tmp_path, **asked))
    assert [*scores_of(rest).values()] == whole
    assert counted <= len(rest)
    for book in books:
        keys = [json.loads(line)["key"] for line in book.read_text().splitlines()]
        assert len(keys) == len(set(keys))  # nothing was asked twice
