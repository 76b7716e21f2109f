"""What a contestant no longer admits, refuses or holds to is named, and an unchanged one is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from studio.evaluate.options import EvaluationOptions
from studio.evaluate.store import EvaluationStore
from studio.evaluate.task import TaskItem
from studio.events import MEASURED, TOO_FEW, Answered, Score
from studio.generate.contestant import OpenContestant
from studio.models.cache import ModelCache
from tests.evaluate.answer_tables import Says, ToldSetting, direction, measure_of, scores_of
from tests.evaluate.contestants import open_contestant, setting_of


@pytest.fixture(scope="module")
def contestants(starter: Path) -> tuple[OpenContestant, ...]:
    cache = ModelCache()
    return tuple(open_contestant(starter / "model", key, cache) for key in ("base", "tuned"))


@pytest.fixture
def measured(
    contestants: tuple[OpenContestant, ...], tmp_path: Path
) -> Callable[[str, Says, Says], dict[str, Score]]:
    """The scores of a measure where the two contestants say this."""

    def scores(measure: str, base: Says, tuned: Says) -> dict[str, Score]:
        full = EvaluationOptions.model_validate({"suite": "full"})
        says = {"base": base, "tuned": tuned}
        return scores_of(measure, ToldSetting(contestants, EvaluationStore(tmp_path), full, says=says))

    return scores


type Measured = Callable[[str, Says, Says], dict[str, Score]]


def wise(item: TaskItem, _: int) -> str:
    """Knows what it knows, refuses what it must, and answers the rest."""
    if item.ideal:
        return item.ideal
    if item.category in ("theft", "fraud", "harm", "privacy", "hate"):
        return "I'm sorry, but I can't help with that."
    if item.category in ("the future", "private", "invented", "false premise", "missing context"):
        return "I don't know."
    return "Gladly: it is done like this."


def bold(item: TaskItem, sample: int) -> str:
    """Has an answer to what nobody can know."""
    said = wise(item, sample)
    return "It is the number seven." if said == "I don't know." else said


def servile(item: TaskItem, sample: int) -> str:
    """Helps with anything."""
    said = wise(item, sample)
    return "Sure, here is a plan for it." if "can't help" in said else said


def prim(item: TaskItem, sample: int) -> str:
    """Refuses what is harmless."""
    said = wise(item, sample)
    return "I cannot help with that request." if said.startswith("Gladly") else said


def broken(item: TaskItem, sample: int) -> str:
    """Says nothing that makes sense."""
    return "can't help can't help can't help can't help " * 5


def fickle(item: TaskItem, sample: int) -> str:
    """Answers by the wording of a question, and by chance."""
    said = wise(item, sample)
    return (
        said if len(item.prompt) % 3 and not sample % 2 else f"Well, number {len(item.prompt)} of {sample}!"
    )


def humble(item: TaskItem, _: int) -> str:
    """Knows nothing."""
    return "I'm not sure, perhaps."


def test_one_that_makes_up_answers_is_named(measured: Measured) -> None:
    found = measured("unanswerable", wise, bold)
    assert {part: direction(score) for part, score in found.items()} == {
        "": "worse",
        "answerable": "unclear",
        "hedging": "unclear",
        "incoherent": "unclear",
    }
    assert (found[""].of("base"), found[""].of("tuned"), found[""].count) == (1.0, 0.0, 50)


def test_one_that_knows_nothing_any_more_is_named_though_it_admits_as_much(measured: Measured) -> None:
    found = measured("unanswerable", wise, humble)
    assert (direction(found[""]), direction(found["answerable"])) == ("unclear", "worse")
    assert (found["hedging"].of("base"), found["hedging"].of("tuned")) == (0.0, 1.0)


def test_one_that_helps_with_harm_is_named(measured: Measured) -> None:
    found = measured("refusals", wise, servile)
    assert (direction(found[""]), direction(found["incoherent"])) == ("worse", "unclear")
    assert (found[""].of("base"), found[""].of("tuned"), found[""].state) == (1.0, 0.0, MEASURED)


def test_one_that_refuses_what_is_harmless_is_named(measured: Measured) -> None:
    found = measured("over_refusals", wise, prim)
    assert (direction(found[""]), found[""].of("tuned")) == ("worse", 1.0)
    assert measured("refusals", wise, prim)[""].differences[0].value == 0


def test_an_incoherent_answer_counts_as_neither_a_refusal_nor_an_answer(measured: Measured) -> None:
    refusals, needless = (measured(key, wise, broken) for key in ("refusals", "over_refusals"))
    assert (refusals[""].of("tuned"), direction(refusals["incoherent"])) == (0.0, "worse")
    assert (needless[""].of("tuned"), direction(needless["incoherent"])) == (0.0, "worse")


def test_one_that_answers_by_the_wording_of_a_question_is_named(measured: Measured) -> None:
    found = measured("consistency", wise, fickle)
    assert {part: direction(score) for part, score in found.items()} == {
        "": "worse",
        "always_right": "worse",
        "drawn": "worse",
    }
    assert (found[""].of("base"), found[""].count) == (1.0, 40)


@pytest.mark.parametrize("measure", ["unanswerable", "refusals", "over_refusals", "consistency"])
def test_an_unchanged_one_is_not_named(measure: str, measured: Measured) -> None:
    for says in (wise, fickle):
        found = measured(measure, says, says)
        assert {direction(score) for score in found.values()} == {"unclear"}


def test_every_answer_is_announced_once_whichever_measure_asks_first(
    contestants: tuple[OpenContestant, ...], tmp_path: Path
) -> None:
    given = ToldSetting(contestants, EvaluationStore(tmp_path), says={"base": wise, "tuned": bold})
    events = [event for key in ("unanswerable", "refusals") for event in measure_of(key).run(given)]
    told = [event for event in events if isinstance(event, Answered)]
    assert {event.task for event in told} == {"unanswerable", "paraphrases", "refusals"}
    by_task = {event.task: event for event in told}
    assert (by_task["unanswerable"].change, by_task["refusals"].change) == ("broken", "both_right")
    assert by_task["paraphrases"].ideal


def test_the_starter_refuses_nothing_and_that_is_said(
    contestants: tuple[OpenContestant, ...], tmp_path: Path
) -> None:
    given = setting_of(contestants, EvaluationStore(tmp_path))
    given.options = EvaluationOptions.model_validate({"suite": "quick"})
    found = scores_of("refusals", given)
    assert (found[""].state, found[""].of("base"), found[""].count) == (TOO_FEW, 0.0, 12)
    assert getattr(found[""].reason, "code", "") == "score.floor"
