"""Other ways than tuning: a better prompt, solved examples, passages to read first; and which to take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from studio.catalogue import Phrase
from studio.dataset.documents.passages import Passage
from studio.dataset.record import Message, Record
from studio.evaluate.approaches.grounding import cited, context_precision, faithfulness, statements
from studio.evaluate.approaches.prompting import asked_with, chosen_shots, usual_system
from studio.evaluate.approaches.putting import approach_of, equipped, put_items
from studio.evaluate.approaches.recommendation import ApproachResult, recommend
from studio.evaluate.approaches.retrieval import PassageIndex, passages_of_rows
from studio.evaluate.golden import NO_GOLDEN, Golden
from studio.evaluate.measure import Setting
from studio.evaluate.options import EvaluationOptions
from studio.evaluate.registry import BY_KEY
from studio.evaluate.store import EvaluationStore
from studio.evaluate.task import TaskItem, identified
from studio.events import NOT_RUN, Figure, Score
from studio.generate.contestant import Approach, contestant_of
from studio.models.cache import ModelCache
from tests.conftest import finish, refused
from tests.evaluate.benchmark_rows import CAPITALS
from tests.evaluate.contestants import open_contestant

MEASURE = BY_KEY["approaches"]
ANIMALS = (
    "A whale is a mammal.",
    "A trout is a fish.",
    "A toad is an amphibian.",
    "A newt is an amphibian, too.",
)


def row(number: int, question: str, answer: str, system: str = "") -> Record:
    asked = (Message("user", question), Message("assistant", answer))
    return Record(number, (Message("system", system), *asked) if system else asked)


def test_passages_are_ranked_by_bm25_as_its_formula_says() -> None:
    index = PassageIndex([Passage("animals.txt", f"line {n}", text) for n, text in enumerate(ANIMALS)])
    found = index.find("Which amphibian is a toad?", 3)
    assert [each.passage.place for each in found][:2] == ["line 2", "line 3"]
    assert [each.rank for each in found] == [1, 2, 3]
    lengths = [len(text.split()) for text in ANIMALS]  # every word is spaced here
    average = sum(lengths) / len(lengths)
    weight = 1 / (1 + 1.5 * (1 - 0.75 + 0.75 * lengths[2] / average))
    rarity = {"amphibian": 2, "is": 4, "a": 4, "toad": 1}
    parts = [math.log(1 + (4 - n + 0.5) / (n + 0.5)) for n in rarity.values()]
    assert found[0].score == pytest.approx(weight * sum(parts), rel=1e-5)
    assert index.find("zebra", 3) == ()


def test_rows_become_passages_with_their_place_and_without_system_messages() -> None:
    rows = [row(3, "What is a newt?", "An amphibian.", "Be kind."), Record(4, text="Plain text."), Record(5)]
    assert [(each.source, each.text) for each in passages_of_rows(rows, "d.jsonl")] == [
        ("d.jsonl, line 3", "What is a newt?\nAn amphibian."),
        ("d.jsonl, line 4", "Plain text."),
    ]


def test_a_question_is_put_behind_the_system_prompt_the_examples_and_its_passages() -> None:
    item = TaskItem((Message("system", "Be kind."), Message("user", "What is a newt?")), "An amphibian.")
    approach = Approach(name="all", system="Be brief.", shots=(("What is a trout?", "A fish."),))
    found = PassageIndex([Passage("a.txt", "page 1", "A newt is an amphibian.")]).find("newt", 1)
    turns = asked_with(item, approach, found).turns
    assert [(turn.role, turn.content) for turn in turns[:3]] == [
        ("system", "Be kind.\n\nBe brief."),
        ("user", "What is a trout?"),
        ("assistant", "A fish."),
    ]
    assert turns[3].content.endswith("\n\n[1] A newt is an amphibian.\n\nWhat is a newt?")
    assert asked_with(item, Approach()).turns == item.turns


def test_the_usual_system_prompt_is_that_of_the_rows_else_it_asks_for_answers_as_long() -> None:
    rows = [row(n, f"What is {n}?", "It is a number.") for n in range(5)]
    assert "about 4 words" in usual_system(rows)
    assert (
        usual_system(
            [
                *rows[:1],
                *(
                    replace(each, messages=(Message("system", "Be brief."), *each.messages))
                    for each in rows[1:]
                ),
            ]
        )
        == "Be brief."
    )
    assert usual_system([]) == ""


def test_examples_are_rows_near_the_questions_and_never_the_questions_themselves() -> None:
    rows = [
        row(n, f"What is the capital of {land}?", f"It is {city}.")
        for n, (land, city) in enumerate(CAPITALS.items())
    ]
    rows += [
        row(90, "How does a bee sound?", "A bee buzzes."),
        row(91, "How does an owl sound?", "It hoots."),
    ]
    questions = ["What is the capital of Japan?", "Name the capital of Norway."]
    shots = chosen_shots(rows, questions, 3)
    assert len(shots) == len({answer for _, answer in shots}) == 3
    assert all("capital" in question for question, _ in shots)
    assert questions[0] not in dict(shots)
    assert chosen_shots([], questions, 3) == chosen_shots(rows, questions, 0) == ()


def test_faithfulness_and_context_precision_are_those_of_their_definitions() -> None:
    passages = [
        "The capital of Japan is Tokyo.",
        "A newt is an amphibian.",
        "Tokyo is the capital of Japan, too.",
    ]
    assert statements("Tokyo [1]. Is it? The newt!\nYes.") == ["Tokyo .", "The newt!", "Yes."]
    assert faithfulness("The capital of Japan is Tokyo [1]. It has forty parks.", passages) == 0.5
    assert faithfulness("A newt is an amphibian.", passages) == 1.0
    assert faithfulness("A newt is not an amphibian.", passages) == 0.0
    assert faithfulness("", passages) is None
    # Relevant at ranks 1 and 3: (1/1 + 2/3) / 2.
    assert context_precision("The capital of Japan is Tokyo.", passages) == pytest.approx(5 / 6)
    assert context_precision("A toad croaks.", passages) == 0.0
    assert context_precision("", passages) is None
    assert cited("As [2] says, and [1], and [2] again, not [7].", 3) == (2, 1)


def results(**right: int) -> list[ApproachResult]:
    """Approaches that answer the first so many of 40 questions right."""
    made = [[1.0] * count + [0.0] * (40 - count) for count in right.values()]
    return [ApproachResult(key, key.title(), each, 20.0, 0.1) for key, each in zip(right, made, strict=True)]


def test_the_approach_of_least_effort_that_nothing_clearly_beats_is_recommended() -> None:
    clusters = [str(number) for number in range(40)]
    taken = recommend(results(base=10, prompt=31, tuned=33), clusters)
    assert (taken.key, taken.headline.code) == ("prompt", "approach.take")
    assert [each.code for each in taken.reasons] == [
        *("approach.best", "approach.beaten", "approach.as_good", "approach.cost")
    ]
    taken = recommend(results(base=10, prompt=12, tuned=33), clusters)
    assert taken.key == "tuned"
    assert [each.code for each in taken.reasons].count("approach.beaten") == 2
    taken = recommend(results(base=33, prompt=33, tuned=34), clusters)
    assert (taken.key, taken.headline.code) == ("base", "approach.stay")
    few = recommend(
        [replace(each, values=each.values[:4]) for each in results(base=1, tuned=4)], clusters[:4]
    )
    assert (few.key, few.headline.code) == ("", "approach.too_few")


def questions(ideals: Sequence[str] = ()) -> Golden:
    """Questions with these ideal answers, else with the true ones."""
    asked = [
        TaskItem((Message("user", f"What is the capital of {land}?"),), f"The capital of {land} is {city}.")
        for land, city in list(CAPITALS.items())[:8]
    ]
    given = [replace(each, ideal=ideal) for each, ideal in zip(asked, ideals, strict=False)]
    return Golden("capitals", identified(given or asked))


@pytest.fixture(scope="module")
def found(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """The measure over the starter and over one whose feed-forward layers say nothing.

    The ideal answers are those that the starter gives, and a document has the facts.
    """
    import mlx.core as mx

    folder, cache = tmp_path_factory.mktemp("approaches"), ModelCache()
    facts = folder / "facts.txt"
    facts.write_text("\n\n".join(f"The capital of {land} is {city}." for land, city in CAPITALS.items()))
    base, mute = (open_contestant(starter / "model", key, cache) for key in ("base", "tuned"))
    for layer in mute.module.layers:
        layer.mlp.down_proj.weight = mx.zeros_like(layer.mlp.down_proj.weight)
    items = questions().items
    asking_base = Setting((base,), EvaluationStore(tmp_path_factory.mktemp("plain")))
    told = finish(asking_base.answers("golden", items, limit=24))
    golden = questions([told[item.id]["base"][0].text for item in items])
    chosen = {"documents": [str(facts)], "system_prompt": "Answer politely."}
    options = EvaluationOptions.model_validate(chosen)
    return list(MEASURE.run(Setting((base, mute), EvaluationStore(folder), options, golden)))


def test_every_way_is_asked_the_same_questions_and_stands_in_one_table(found: list[object]) -> None:
    scores = {each.part: each for each in found if isinstance(each, Score)}
    ways = ["base", "base+system_prompt", "base+retrieval", "tuned", "tuned+retrieval"]
    for part in ("", "tokens", "seconds"):
        assert [each.contestant for each in scores[part].scores] == ways
        assert scores[part].count == 8
    assert [each.contestant for each in scores["faithfulness"].scores] == ways[2::2]
    assert [each.contestant for each in scores["context_precision"].scores] == ways[2:3]
    assert (scores["tokens"].of("base+retrieval") or 0) > 2 * (scores["tokens"].of("base") or 0)
    figures = {each.key: each for each in found if isinstance(each, Figure)}
    assert [line[0] for line in figures["table"].data["rows"]] == [
        *("Base", "Base, system prompt", "Base, retrieval", "Tuned", "Tuned, retrieval")
    ]
    assert figures["passages"].data["rows"][0][1].startswith("[1] facts.txt, ")


def test_a_tuned_model_that_forgot_the_answers_is_not_recommended(found: list[object]) -> None:
    scores = {each.part: each for each in found if isinstance(each, Score)}
    (moved,) = (each for each in scores[""].differences if each.contestant == "tuned")
    assert scores[""].direction(moved) == "worse"
    (advice,) = (each for each in found if isinstance(each, Figure) and each.key == "recommendation")
    assert isinstance(advice.title, Phrase)
    assert advice.title.code == "approach.stay"
    assert any("Tuned reaches" in line[0] for line in advice.data["rows"])


def test_without_questions_approaches_are_not_run(starter: Path, tmp_path: Path) -> None:
    contestant = open_contestant(starter / "model")
    (score,) = MEASURE.run(Setting((contestant,), EvaluationStore(tmp_path), golden=NO_GOLDEN))
    assert isinstance(score, Score)
    assert score.state == NOT_RUN


def test_passages_that_the_model_cannot_read_are_left_out_from_the_last(starter: Path) -> None:
    opened = open_contestant(starter / "model")
    limits = replace(opened.renderer.limits, context=120)
    opened.renderer.limits = limits
    index = PassageIndex(
        [Passage("a", str(n), f"The capital, page {n}: " + "a city and " * 10) for n in range(4)]
    )
    way = replace(
        opened, contestant=opened.contestant.model_copy(update={"approach": Approach(name="retrieval")})
    )
    (item,), (found,) = put_items(way, questions().items[:1], index, 3, 10)
    assert 0 < len(found) < 3
    assert len(way.renderer.prompt_ids(item.turns)) + 10 <= 120


def test_a_contestant_with_an_approach_is_asked_in_that_way_by_every_measure(
    starter: Path, tmp_path: Path
) -> None:
    opened = open_contestant(starter / "model")
    named = replace(opened, contestant=contestant_of("base+few_shot"))
    rows = [
        row(n, f"Name the capital of {land}.", f"It is {city}.")
        for n, (land, city) in enumerate(CAPITALS.items())
    ]
    options = EvaluationOptions.model_validate({"examples": 2})
    asked = questions()
    both = equipped((opened, named), options, rows, [item.prompt for item in asked.items])
    assert both[0] is opened
    assert len(both[1].contestant.approach.shots) == 2
    setting = Setting(both, EvaluationStore(tmp_path), options, asked)
    told = finish(setting.answers("golden", asked.items[:2], limit=8))
    assert {tuple(each) for each in told.values()} == {("base", "base+few_shot")}
    shown = [asked_with(item, both[1].contestant.approach) for item in asked.items[:2]]
    alone = Setting((opened,), EvaluationStore(tmp_path), options, asked)
    same = finish(alone.answers("shown", shown, limit=8))
    assert [told[item.id]["base+few_shot"][0].text for item in shown] == [
        same[i.id]["base"][0].text for i in shown
    ]
    with refused("approach.unknown", name="luck"):
        approach_of("luck", options, rows, [])
