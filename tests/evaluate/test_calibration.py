"""Calibration is measured as its definitions say, and one that is too sure of itself is named."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
import pytest

from studio.evaluate.epistemics.calibration import (
    bins_of,
    calibration_error,
    choosing,
    error_if_perfect,
)
from studio.evaluate.measures import calibration
from studio.evaluate.options import EvaluationOptions
from studio.evaluate.questions import read_choices
from studio.evaluate.store import EvaluationStore
from studio.events import MEASURED, Event, Figure, Progress, Score
from studio.generate.contestant import OpenContestant
from studio.models.cache import ModelCache
from studio.paths import resource
from tests.evaluate.answer_tables import direction, measure_of, scores_of
from tests.evaluate.contestants import open_contestant, setting_of

QUESTIONS = read_choices(resource("evaluation/choices.jsonl"))


@pytest.fixture(scope="module")
def contestants(starter: Path) -> tuple[OpenContestant, ...]:
    cache = ModelCache()
    return tuple(open_contestant(starter / "model", key, cache) for key in ("base", "tuned"))


def honest(sharpness: float) -> list[list[float]]:
    """log p of every choice by one that is right as often as it says where its sharpness is 1."""
    random, likely = np.random.default_rng(5), []
    for question in QUESTIONS:
        beliefs = np.log(random.dirichlet(np.ones(4)))
        truth = random.choice(4, p=np.exp(beliefs))
        beliefs[[truth, question.answer]] = beliefs[[question.answer, truth]]
        likely.append((sharpness * beliefs - 20).tolist())
    return likely


@pytest.fixture
def measured(
    contestants: tuple[OpenContestant, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., list[Event]]:
    """What the measure announces where the contestants find the choices so likely."""

    def events(**likely: list[list[float]]) -> list[Event]:
        def told(*_: object) -> Generator[Event, None, dict[str, list[list[float]]]]:
            yield Progress("told", 1, 1)
            return likely

        monkeypatch.setattr(calibration, "choice_likelihoods", told)
        return list(measure_of("calibration").run(setting_of(contestants, EvaluationStore(tmp_path))))

    return events


def by_part(events: list[Event]) -> dict[str, Score]:
    return {event.part: event for event in events if isinstance(event, Score)}


def test_scores_of_a_question_are_those_of_their_definitions() -> None:
    found = choosing([np.log([0.5, 0.3, 0.2]).tolist(), [-700.0, -701.0]], [1, 0])
    assert found.probabilities[0] == pytest.approx([0.5, 0.3, 0.2])
    assert found.brier[0] == pytest.approx(0.5**2 + 0.7**2 + 0.2**2)
    assert found.log_loss[0] == pytest.approx(-np.log(0.3))
    assert found.probabilities[1] == pytest.approx([1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1))])
    assert (found.right, found.confidence[0]) == ([False, True], pytest.approx(0.5))
    assert np.isfinite(choosing([[0.0, -5000.0]], [1]).log_loss[0])


def test_the_calibration_error_is_that_of_bins_of_equal_mass() -> None:
    confidence, right = [0.9, 0.5, 0.7, 0.6], [True, False, True, True]
    assert [bin.count for bin in bins_of(confidence, right, 2)] == [2, 2]
    assert calibration_error(confidence, right, 2) == pytest.approx(
        0.5 * abs(0.55 - 0.5) + 0.5 * abs(0.8 - 1.0)
    )
    assert sum(bin.count for bin in bins_of([0.5] * 3, [True] * 3)) == 3


def test_few_questions_have_a_calibration_error_even_when_perfectly_calibrated() -> None:
    random = np.random.default_rng(1)
    for count in (50, 2000):
        sure = random.uniform(0.4, 1, count)
        mean, low, high = error_if_perfect(sure.tolist())
        drawn = [calibration_error(sure.tolist(), (random.random(count) < sure).tolist()) for _ in range(200)]
        assert mean == pytest.approx(np.mean(drawn), rel=0.1)
        assert low < mean < high
    assert mean < 0.03


def test_one_that_is_too_sure_of_itself_is_named_though_it_is_right_as_often(
    measured: Callable[..., list[Event]], tmp_path: Path
) -> None:
    base, tuned = honest(1.0), honest(6.0)
    found = by_part(measured(base=base, tuned=tuned))
    assert [max(range(4), key=each.__getitem__) for each in base] == [
        max(range(4), key=each.__getitem__) for each in tuned
    ]
    assert (direction(found[""]), direction(found["log_loss"])) == ("worse", "worse")
    errors, perfect = found["error"], {each.contestant: each for each in found["error_if_perfect"].scores}
    assert errors.of("tuned") > 2 * perfect["tuned"].high  # type: ignore[operator]
    assert errors.of("base") < perfect["base"].high  # type: ignore[operator]
    assert (found[""].count, found[""].state) == (175, MEASURED)
    assert len(EvaluationStore(tmp_path).rows("calibration")[1]["tuned"]) == 175


def test_one_that_is_as_sure_as_before_is_not_named(measured: Callable[..., list[Event]]) -> None:
    found = by_part(measured(base=honest(1.0), tuned=honest(1.0)))
    assert {direction(found[part]) for part in ("", "log_loss")} == {"unclear"}


def test_the_bins_are_drawn_and_listed(measured: Callable[..., list[Event]]) -> None:
    events = measured(base=honest(1.0), tuned=honest(6.0))
    figures = {each.key: each for each in events if isinstance(each, Figure)}
    assert [each["name"] for each in figures["reliability"].data["series"]] == [
        *("Base", "Tuned", "Perfect calibration")
    ]
    rows = figures["bins"].data["rows"]
    assert len(rows) == 20
    assert sum(row[1] for row in rows) == 350


def test_the_starter_is_as_sure_of_its_facts_as_it_is_right(
    contestants: tuple[OpenContestant, ...], tmp_path: Path
) -> None:
    file = tmp_path / "mine.jsonl"
    shipped = resource("evaluation/choices.jsonl").read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join(shipped[::8]), encoding="utf-8")
    given = setting_of(contestants[:1], EvaluationStore(tmp_path))
    given.options = EvaluationOptions.model_validate({"choices": str(file)})
    found = scores_of("calibration", given)
    assert (found[""].count, found[""].state) == (22, MEASURED)
    assert found[""].of("base") < 0.2  # type: ignore[operator] # of one that knows nothing: 0.75
