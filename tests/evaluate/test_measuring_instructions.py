"""A contestant that follows fewer instructions is named, and one that follows as many is not."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from studio.evaluate.instructions.prompts import read_prompts
from studio.evaluate.options import EvaluationOptions
from studio.evaluate.store import EvaluationStore
from studio.evaluate.task import TaskItem
from studio.events import MEASURED, TOO_FEW, Answered, Figure
from studio.generate.contestant import OpenContestant
from studio.models.cache import ModelCache
from studio.paths import resource
from tests.evaluate.answer_tables import ToldSetting, direction, measure_of, scores_of, told
from tests.evaluate.contestants import open_contestant

POOL: list[str] = json.loads(
    (Path(__file__).parents[1] / "oracles" / "fixtures" / "instructions.json").read_text(encoding="utf-8")
)["answers"]
PROMPTS = {each.prompt: each for each in read_prompts(resource("evaluation/instructions.jsonl"))}


@pytest.fixture(scope="module")
def contestants(starter: Path) -> tuple[OpenContestant, ...]:
    cache = ModelCache()
    return tuple(open_contestant(starter / "model", key, cache) for key in ("base", "tuned"))


def setting(contestants: tuple[OpenContestant, ...], folder: Path, **says: object) -> ToldSetting:
    folder.mkdir(exist_ok=True)
    full = EvaluationOptions.model_validate({"suite": "full"})
    return ToldSetting(contestants, EvaluationStore(folder), full, says=told(**says))


def obeying(item: TaskItem) -> str:
    """One of the answers of the pool that follows the prompt, where there is one."""
    return _obeying(item.prompt)


@cache
def _obeying(prompt: str) -> str:
    kept = (text for text in POOL if all(each.kept_by(text) for each in PROMPTS[prompt].constraints))
    return next(kept, "I would rather not.")


def shouting(item: TaskItem) -> str:
    return f"HERE IT IS, AS YOU ASKED: {obeying(item).upper()}, AND MORE"


def polite(item: TaskItem) -> str:
    return f"Of course, here it is:\n{obeying(item)}"


@pytest.mark.parametrize(("measure", "count"), [("instructions", 150), ("single_instructions", 259)])
def test_one_that_stops_following_is_named_and_one_that_goes_on_is_not(
    measure: str, count: int, contestants: tuple[OpenContestant, ...], tmp_path: Path
) -> None:
    worse = scores_of(measure, setting(contestants, tmp_path / "a", base=obeying, tuned=shouting))
    same = scores_of(measure, setting(contestants, tmp_path / "b", base=obeying, tuned=obeying))
    assert {part: direction(score) for part, score in worse.items()} == {"": "worse", "loose": "worse"}
    assert {part: direction(score) for part, score in same.items()} == {"": "unclear", "loose": "unclear"}
    assert (worse[""].count, worse[""].state) == (count, MEASURED)
    assert worse[""].clusters == (150 if measure == "single_instructions" else 0)
    assert worse[""].of("base") == same[""].of("tuned") > 0.3  # type: ignore[operator]


def test_a_polite_first_line_breaks_instructions_strictly_and_not_loosely(
    contestants: tuple[OpenContestant, ...], tmp_path: Path
) -> None:
    found = scores_of("instructions", setting(contestants, tmp_path, base=obeying, tuned=polite))
    assert (direction(found[""]), direction(found["loose"])) == ("worse", "unclear")


def test_answers_are_announced_with_what_they_keep_and_the_kinds_are_drawn(
    contestants: tuple[OpenContestant, ...], tmp_path: Path
) -> None:
    given = setting(contestants, tmp_path, base=obeying, tuned=shouting)
    keys = ("instructions", "single_instructions")
    events = [event for key in keys for event in measure_of(key).run(given)]
    answered = [event for event in events if isinstance(event, Answered)]
    assert len(answered) == 150
    assert {event.change for event in answered} == {"broken", "both_right", "both_wrong"}
    assert all(each.score is not None and 0 <= each.score <= 1 for each in answered[0].answers)
    (figure,) = (event for event in events if isinstance(event, Figure))
    assert (len(figure.data["x"]), figure.kind_of_figure) == (25, "bars")
    by_kind = {
        each["name"]: dict(zip(figure.data["x"], each["values"], strict=True))
        for each in figure.data["series"]
    }
    assert by_kind["Base"]["No commas"] > by_kind["Tuned"]["No commas"] == 0
    assert len(given.store.rows("instructions")[0]) == 150


def test_where_nobody_follows_anything_a_loss_could_not_be_seen_and_that_is_said(
    contestants: tuple[OpenContestant, ...], tmp_path: Path
) -> None:
    def mumbling(item: TaskItem) -> str:
        return "Everybody wondered about 7 elephants. " * 20

    found = scores_of("unseen_instructions", setting(contestants, tmp_path, base=mumbling, tuned=mumbling))
    assert (found[""].state, found[""].of("tuned")) == (TOO_FEW, 1 / 40)  # it has numbers enough
    assert getattr(found[""].reason, "code", "") == "score.floor"


def test_a_smaller_suite_asks_fewer_prompts_that_the_larger_ones_ask_too(
    contestants: tuple[OpenContestant, ...], tmp_path: Path
) -> None:
    asked = {}
    for suite in ("quick", "standard", "full"):
        given = setting(contestants, tmp_path / suite, base=obeying, tuned=obeying)
        given.options = EvaluationOptions.model_validate({"suite": suite})
        list(measure_of("instructions").run(given))
        asked[suite] = given.store.rows("instructions")[0]
    assert [len(ids) for ids in asked.values()] == [15, 50, 150]
    assert set(asked["quick"]) < set(asked["standard"]) < set(asked["full"])


def test_a_gain_from_the_floor_is_measured(contestants: tuple[OpenContestant, ...], tmp_path: Path) -> None:
    found = scores_of("instructions", setting(contestants, tmp_path, base=lambda _: "No, A.", tuned=obeying))
    assert (found[""].state, direction(found[""])) == (MEASURED, "better")
