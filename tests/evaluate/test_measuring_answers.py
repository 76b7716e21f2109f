"""A model made worse in what a measure of answers looks at is named by it; an unchanged one is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.dataset.dataset import Dataset
from studio.evaluate.failures import training_rows
from studio.evaluate.failures.training_rows import TrainingRows, rows_of
from studio.evaluate.golden import Golden, read_golden
from studio.evaluate.measures.golden_answers import CHECKS_KEY, key_of, keys_asked_for
from studio.evaluate.options import EvaluationOptions
from studio.evaluate.registry import BY_KEY, MEASURES, chosen, primary_of
from studio.evaluate.scorers.registry import SCORERS
from studio.evaluate.store import EvaluationStore, Ruling
from studio.evaluate.task import TaskItem
from studio.events import MEASURED, NOT_RUN, Answered, Figure, Score
from studio.generate.contestant import OpenContestant
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from tests.evaluate.answer_tables import ToldSetting, direction, measure_of, scores_of, told
from tests.evaluate.contestants import open_contestant

NAMES = "Lima Oslo Rome Cairo Paris Delhi Tokyo Havana Accra Quito Dakar Sofia Minsk Amman Bern Riga"
CALL = '{{"name": "weather", "arguments": {{"city": "{}", "days": 3}}}}'
OBJECT = {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}

type Say = Callable[[TaskItem], str]


@pytest.fixture(scope="module")
def contestants(starter: Path) -> tuple[OpenContestant, ...]:
    cache = ModelCache()
    return tuple(open_contestant(starter / "model", key, cache) for key in ("base", "tuned"))


@pytest.fixture
def setting(contestants: tuple[OpenContestant, ...], tmp_path: Path) -> Callable[..., ToldSetting]:
    """Two contestants that say this to a golden set of these lines."""

    def made(rows: list[dict[str, Any]], base: Say, tuned: Say, **options: Any) -> ToldSetting:
        file = tmp_path / "golden.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        folder = tmp_path / f"store-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        asked = EvaluationOptions.model_validate({"suite": "full", **options})
        says = told(base=base, tuned=tuned)
        return ToldSetting(contestants, EvaluationStore(folder), asked, read_golden(file), says=says)

    return made


type Made = Callable[..., ToldSetting]


def cities(ideal: str, **more: Any) -> list[dict[str, Any]]:
    named = enumerate(map(ideal.format, NAMES.split()))
    return [{"prompt": f"Which city is number {n}?", "ideal": each, **more} for n, each in named]


def right(item: TaskItem) -> str:
    return item.ideal


def checked(scorer: str, value: Any) -> dict[str, Any]:
    return {"checks": [{"type": scorer, "value": value}]}


WORSE: dict[str, tuple[str, dict[str, Any], Say]] = {
    "golden_exact": ("The city is {}.", {}, lambda item: item.ideal.replace("city", "town")),
    "golden_overlap": ("The city is {}.", {}, lambda item: "It must be " + item.ideal.split()[-1]),
    "golden_same_text": ("The city is {}.", {}, lambda item: item.ideal.lower()),
    "contains": ("{}", {}, lambda item: "It is " + item.ideal[:-1]),
    "rouge_l": ("one two {} four", {}, lambda item: " ".join(reversed(item.ideal.split()))),
    "chrf": ("The city is {}.", {}, lambda item: item.ideal.upper()),
    "bleu": ("The fine city is {} today.", {}, lambda item: " ".join(sorted(item.ideal.split()))),
    "similarity": ("The city is {}.", {}, lambda item: item.ideal + " And that is all there is to it."),
    "numeric": ("42 km", {}, lambda item: "41.5 km"),
    "json": ('{{"city": "{}"}}', {}, lambda item: item.ideal[:-1]),
    "json_schema": ("{}", checked("json_schema", OBJECT), lambda item: '{"town": "x"}'),
    "regex": ("{}", checked("regex", "^[A-Z][a-z]+$"), lambda item: "the " + item.ideal),
    "tool_call": (CALL, {}, lambda item: item.ideal.replace("3", '"3"')),
}  # fmt: skip


@pytest.mark.parametrize("scorer", WORSE)
def test_a_scorer_names_who_got_worse_in_what_it_looks_at(setting: Made, scorer: str) -> None:
    ideal, more, worse = WORSE[scorer]
    key = scorer if scorer.startswith("golden_") else f"golden_{scorer}"

    def good(item: TaskItem) -> str:
        return '{"city": "x"}' if scorer == "json_schema" else item.ideal

    rows = cities(ideal, **more)
    score = scores_of(key, setting(rows, good, worse))[""]
    assert (score.state, score.of("base")) == (MEASURED, pytest.approx(1.0))
    assert direction(score) == "worse"
    assert direction(scores_of(key, setting(rows, worse, good))[""]) == "better"
    unchanged = scores_of(key, setting(rows, worse, worse))[""]
    assert (direction(unchanged), unchanged.differences[0].value) == ("unclear", 0)


def test_every_scorer_has_a_measure_that_is_proved() -> None:
    keys = {key_of(each.key) for each in SCORERS}
    assert keys == {each if each.startswith("golden_") else key_of(each) for each in WORSE}
    assert keys <= BY_KEY.keys()
    assert len(BY_KEY) == len(MEASURES)


def test_a_scorer_that_no_row_asks_for_or_fits_is_not_run(setting: Made) -> None:
    asked = setting(cities("The city is {}."), right, right)
    for key in ("golden_regex", "golden_json_schema", "golden_tool_call", "golden_numeric", CHECKS_KEY):
        score = scores_of(key, asked)[""]
        assert (score.state, score.scores) == (NOT_RUN, ())
        why = "golden.no_checks" if key == CHECKS_KEY else "golden.not_asked"
        assert score.reason.code == why  # type: ignore[union-attr]


def test_rows_are_right_by_their_own_checks_and_others_by_those_of_the_set(setting: Made) -> None:
    own = [{"type": "contains", "value": "city"}, {"type": "not-contains", "value": "sorry"}]
    rows = cities("The city is {}.")[:8]
    rows += [{**row, "checks": own, "id": f"own{n}"} for n, row in enumerate(cities("x{}")[8:])]

    def rambles(item: TaskItem) -> str:
        return "The city, sorry." if item.id.startswith("own") else item.ideal + " Yes."

    asked = setting(rows, right, rambles, scorers="contains")
    score = scores_of(CHECKS_KEY, asked)[""]
    assert score.of("base") == 0.5  # rows of their own hold no "city" in the ideal answer
    assert score.of("tuned") == 0.5
    contains = scores_of("golden_contains", asked)[""]
    assert (contains.count, contains.of("tuned")) == (16, (8 + 8 * 0.5) / 16)
    assert keys_asked_for(asked.golden, asked.options) == {CHECKS_KEY, "golden_contains"}
    quick = EvaluationOptions(suite="quick")
    names = {measure.key for measure in chosen(quick, {CHECKS_KEY, "golden_contains"})}
    assert {CHECKS_KEY, "golden_contains", "golden_exact"} <= names
    assert primary_of(quick, golden=True, checks=True) == CHECKS_KEY
    assert primary_of(quick, golden=True) == "golden_exact"
    assert keys_asked_for(Golden("", asked.golden.items[:3]), quick) == set()


def test_a_ruling_counts_in_the_score_and_its_share_is_told(setting: Made) -> None:
    asked = setting(cities("The city is {}."), right, lambda item: item.ideal.replace("city", "town"))
    assert set(scores_of("golden_exact", asked)) == {""}
    for item in asked.golden.items[:4]:
        asked.store.rule(Ruling(item.id, "tuned", True, "means the same"))
    scores = scores_of("golden_exact", asked)
    assert scores[""].of("tuned") == 0.25
    assert (scores["overruled"].of("base"), scores["overruled"].of("tuned")) == (0, 0.25)
    asked.told.clear()
    answered = [event for event in measure_of("golden_exact").run(asked) if isinstance(event, Answered)]
    assert [each.answers[1].right for each in answered[3:5]] == [True, False]


@pytest.mark.long
def test_a_model_tells_who_got_further_from_the_meaning(setting: Made) -> None:
    def astray(item: TaskItem) -> str:
        return "It was rainy on Monday, I think."

    rows = cities("The capital of the country is {}.")
    score = scores_of("golden_meaning", setting(rows, right, astray, embedder="base"))[""]
    assert score.of("base") == pytest.approx(1)
    assert direction(score) == "worse"
    same = scores_of("golden_meaning", setting(rows, astray, astray, embedder="base"))[""]
    assert (direction(same), same.differences[0].value) == ("unclear", 0)
    empty = scores_of("golden_meaning", setting(rows, right, lambda item: "", embedder="base"))[""]
    assert -1 < empty.scores[1].value < 0.5
    assert scores_of("golden_meaning", setting(rows, right, right))[""].state == NOT_RUN


def test_of_several_answers_to_a_question_the_mean_counts(setting: Made) -> None:
    asked = setting(cities("The city is {}."), right, right, samples=4)
    asked.training_rows = None
    asked.says = {
        "base": lambda item, sample: item.ideal,
        "tuned": lambda item, sample: item.ideal if sample == 1 else "",
    }
    score = scores_of("golden_exact", asked)[""]
    assert (score.of("base"), score.of("tuned"), score.count) == (1, 0.25, 16)
    failures = scores_of("failures", asked)
    assert (failures["empty"].of("base"), failures["empty"].of("tuned")) == (0, 0.75)


FAILING: dict[str, Say] = {
    "repetition": lambda item: "It is a town and " * 5,
    "empty": lambda item: " ",
    "refused": lambda item: "I'm sorry, but I can't help with that.",
    "language": lambda item: "Die Stadt liegt weit im Norden, und man erreicht sie am besten mit dem Schiff.",
    "echo": lambda item: item.prompt,
    "off_format": lambda item: item.ideal + "<|im_end|>\n<|im_start|>user\nWhich is next?",
    "copied": lambda item: "The lighthouse stands on the northern cape.",
    "wrong": lambda item: "The city is Atlantis.",
}


@pytest.mark.parametrize("kind", FAILING)
def test_a_kind_of_failure_names_who_fails_so_more_often(setting: Made, kind: str) -> None:
    asked = setting(cities("The city is {}."), right, FAILING[kind])
    asked.training_rows = TrainingRows([["Where is it?", "The lighthouse stands on the northern cape."]])
    scores = scores_of("failures", asked)
    assert {part for part, score in scores.items() if direction(score) == "worse"} >= {kind}
    assert scores[kind].of("tuned") == 1
    assert scores[kind].of("base") == 0
    assert direction(scores[""]) == ("unclear" if kind in ("wrong", "copied") else "worse")
    others = [score for part, score in scores.items() if part not in (kind, "", "wrong")]
    assert {direction(score) for score in others} == {"unclear"}


def test_an_unchanged_contestant_fails_no_more_often(setting: Made) -> None:
    asked = setting(cities("The city is {}."), FAILING["refused"], FAILING["refused"])
    asked.training_rows = None
    assert {direction(score) for score in scores_of("failures", asked).values()} == {"unclear"}


def test_answers_that_are_cut_off_are_named_by_why_they_ended(setting: Made) -> None:
    asked = setting(cities("The city is {}."), right, right)
    asked.training_rows = None
    told_answers = asked.answers

    def cut(*given: Any, **named: Any) -> Any:
        table = yield from told_answers(*given, **{**named, "tell": None})
        for answers in table.values():
            answers["tuned"] = [replace(each, finish_reason="length") for each in answers["tuned"]]
        return table

    asked.answers = cut  # type: ignore[method-assign]
    scores = scores_of("failures", asked)
    assert {part for part, score in scores.items() if direction(score) == "worse"} == {"", "cut_off"}


def test_themes_and_what_changed_are_shown(setting: Made) -> None:
    sums = [{"prompt": f"What is {n} plus 3?", "ideal": str(n + 3)} for n in range(12)]
    asked = setting(
        cities("The city is {}.") + sums,
        lambda item: item.ideal if "plus" in item.prompt else "Atlantis",
        lambda item: item.ideal if "city" in item.prompt else "7",
    )
    asked.training_rows = None
    figures = {event.key: event for event in measure_of("failures").run(asked) if isinstance(event, Figure)}
    themes = figures["themes-base"].data["rows"]
    assert themes[0][0].split(", ")[0] in ("which", "city", "number")
    assert themes[0][1:3] == [16, 16]
    outcomes = [row[0] for row in figures["changed-tuned"].data["rows"]]
    assert (outcomes.count("Newly broken"), outcomes.count("Newly fixed")) == (11, 16)


def test_text_of_training_rows_is_named_in_who_copies_it(setting: Made) -> None:
    long = "bees gather nectar from flowers and carry it to the hive in a second stomach of theirs"
    asked = setting(cities("The city is {}."), right, lambda item: f"Well: {long}, said they.")
    asked.training_rows = TrainingRows([["How?", long.capitalize() + "."], ["Hm?", "the city is lima"]])
    scores = scores_of("training_overlap", asked)
    assert (scores[""].of("base"), scores[""].of("tuned")) == (0, 1)
    assert scores[""].differences[0].low > 0
    assert scores["longest"].of("tuned") == len(long.split())
    assert scores["longest"].of("base") == 4 / 16
    asked.says = told(base=right, tuned=right)
    assert {each.differences[0].value for each in scores_of("training_overlap", asked).values()} == {0}


def test_questions_that_were_trained_on_are_counted_and_shown(setting: Made) -> None:
    asked = setting(cities("The city is {}."), right, right)
    trained = [["which city is number 3", "x"], ["Which city is number 99?", "y"]]
    asked.training_rows = TrainingRows(trained, [7, 8])
    events = list(measure_of("contamination").run(asked))
    score, figure = events
    assert isinstance(score, Score)
    assert isinstance(figure, Figure)
    assert ([each.contestant for each in score.scores], score.of("tuned")) == (["tuned"], 1 / 16)
    assert figure.data["rows"][0][:2] == [5, 7]
    asked.training_rows = None
    assert scores_of("contamination", asked)[""].state == NOT_RUN
    assert scores_of("training_overlap", asked)[""].state == NOT_RUN


def test_the_rows_of_a_dataset_are_searched_with_their_lines(
    starter: Path, contestants: tuple[OpenContestant, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = Recipe.model_validate({}).data
    data = Dataset.load(starter / "instructions.jsonl", contestants[0].renderer, fields, 0)
    rows = rows_of(data)
    found = rows.longest(data.train[3].record.answer)
    assert found.whole
    assert rows.rows == len({each.record.line for each in data.train})
    assert rows.lines[found.row] in {each.record.line for each in data.train}
    monkeypatch.setattr(training_rows, "MOST_CHARACTERS", 5000)
    part = rows_of(data)
    assert 10 < part.rows < part.of == rows.rows
    assert part.lines[0] == rows.lines[0]
    assert part.lines[-1] > rows.lines[len(rows.lines) * 8 // 10]
