"""Two evaluations beside each other: paired by what was asked, with the rows that got worse."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from studio.errors import RunError
from studio.evaluate.registry import BY_KEY
from studio.evaluate.scoring import scored
from studio.evaluate.side_by_side import THAT, THIS, OneSide, beside, lay_beside
from studio.evaluate.store import EvaluationStore
from studio.events import NOT_RUN, Answered, Evaluated, GivenAnswer
from studio.jobs.side_by_side import LaidBeside, SideBySideJob
from studio.runs.folder import RunFolder


def numbered(values: Mapping[int, float]) -> dict[str, float]:
    return {f"q{number}": value for number, value in values.items()}


def test_rows_are_paired_by_what_they_are_and_not_by_their_place() -> None:
    this = OneSide(numbered({number: float(number % 2) for number in range(20)}))
    that = OneSide(numbered({number: float(number % 2) for number in reversed(range(5, 25))}))
    found = beside("exact", this, that, unit="share", better="higher")
    (difference,) = found.score.differences
    assert (difference.contestant, difference.value, difference.p) == (THIS, 0, 1)
    assert (found.score.count, found.alone, found.worse, found.better) == (15, 10, (), ())


def test_the_rows_that_got_worse_are_listed_the_worst_first() -> None:
    that = OneSide(numbered({1: 1.0, 2: 1.0, 3: 1.0, **dict.fromkeys(range(4, 12), 1.0)}))
    this = OneSide({**that.values, "q1": 0.5, "q2": 2.0, "q3": 1.2})
    found = beside("loss", this, that, unit="nats", better="lower")
    assert (found.worse, found.better) == (("q2", "q3"), ("q1",))
    assert beside("size", this, that, unit="nats", better="neither").worse == ()


def test_losses_weigh_by_their_tokens_and_clusters_count_once() -> None:
    weights = numbered({number: 10.0 if number % 2 else 1.0 for number in range(40)})
    clusters = {each: str(place // 4) for place, each in enumerate(weights)}
    that = OneSide(dict.fromkeys(weights, 2.0), weights, clusters)
    this = OneSide(
        {each: 1.0 if weight == 10 else 2.0 for each, weight in weights.items()}, weights, clusters
    )
    score = beside("loss", this, that, unit="nats", better="lower").score
    assert (score.of(THIS), score.of(THAT), score.clusters) == (pytest.approx(1 + 1 / 11), 2, 10)
    other = OneSide(this.values, {**weights, "q0": 2.0}, clusters)  # read by another tokenizer
    assert beside("loss", other, that, unit="nats", better="lower").score.of(THIS) == pytest.approx(1.5)


def test_evaluations_without_a_common_row_say_so() -> None:
    found = beside("exact", OneSide({"a": 1.0}), OneSide({"b": 1.0}), unit="share", better="higher")
    assert (found.score.state, found.score.differences, found.alone) == (NOT_RUN, (), 2)


def evaluated(
    run: RunFolder, name: str, tuned: list[float], asked: Mapping[int, str] | None = None
) -> EvaluationStore:
    """An evaluation as it is kept: a golden set of as many questions, of which these are right."""
    folder = run.evaluations / name
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text("{}", encoding="utf-8")
    store, ids = EvaluationStore(folder), [f"q{number}" for number in range(len(tuned))]
    store.begin("golden_exact")
    for number, (each, right) in enumerate(zip(ids, tuned, strict=True)):
        prompt = (asked or {}).get(number, f"What is {number}?")
        given = (GivenAnswer("base", "no", right=False), GivenAnswer("tuned", "so", right=bool(right)))
        store.keep("golden_exact", Answered("golden", each, prompt, "so", given, index=number))
    values = {"base": [0.0] * len(tuned), "tuned": tuned}
    score = scored("golden_exact", values)
    store.keep("golden_exact", score)
    store.keep_rows("golden_exact", "", ids, values)
    store.finish("golden_exact")
    contestants = (("base", "Base"), ("tuned", "Tuned"))
    store.complete(Evaluated(run.name, "a golden set", "", (), (score,), "golden_exact", contestants, 1.0))
    return store


def test_a_question_that_was_changed_under_its_id_is_left_out(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "one")
    this = evaluated(run, "1", [1.0] * 10)
    that = evaluated(run, "2", [0.0] * 10, {3: "Something else?"})
    (found,) = lay_beside(this, "tuned", that, "tuned", BY_KEY)
    assert (found.score.count, "q3" in found.better) == (9, False)


def test_two_runs_are_laid_side_by_side_from_what_was_kept(tmp_path: Path) -> None:
    early, late = RunFolder(tmp_path / "early"), RunFolder(tmp_path / "late")
    evaluated(early, "1", [0.0] * 40)
    newest = evaluated(early, "2", [1.0] * 10 + [0.0] * 30)
    evaluated(late, "1", [0.0] * 2 + [1.0] * 38)
    (laid,) = SideBySideJob(late, early).run_events()
    assert isinstance(laid, LaidBeside)
    assert str(laid.headline) == "Better: 38 of 40 right, up from 10"
    assert laid.contestants == ((THAT, "early: Tuned"), (THIS, "late: Tuned"))
    assert laid.folders[0] == str(newest.folder)
    assert (laid.rows[0].worse, len(laid.rows[0].better)) == (("q0", "q1"), 30)
    assert dict(laid.asked) == {"q0": "What is 0?", "q1": "What is 1?"}


def test_a_run_is_laid_beside_its_own_evaluation_before(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "one")
    evaluated(run, "1", [0.0] * 40)
    evaluated(run, "2", [1.0] * 40)
    (laid,) = SideBySideJob(run, run).run_events()
    assert isinstance(laid, LaidBeside)
    assert str(laid.headline).startswith("Better: 40 of 40 right, up from 0")


def test_a_run_that_was_never_evaluated_is_named(tmp_path: Path) -> None:
    one, other = RunFolder(tmp_path / "one"), RunFolder(tmp_path / "other")
    evaluated(one, "1", [1.0] * 10)
    job = SideBySideJob(one, other)
    for attempt in (job.check, lambda: list(job.run_events())):
        with pytest.raises(RunError, match="studio evaluate other") as raised:
            attempt()
        assert raised.value.code == "evaluation.none_yet"
    evaluated(other, "1", [1.0] * 10, {number: "Else?" for number in range(10)})
    with pytest.raises(RunError, match="same golden set"):
        list(job.run_events())
