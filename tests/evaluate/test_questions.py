"""The files of questions that ship, and those of a person."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from studio.errors import DataError
from studio.evaluate.questions import read_choices, read_paraphrases
from studio.paths import resource

EVALUATION = resource("evaluation")


def trained_on(starter: Path) -> str:
    names = ("instructions.jsonl", "chat.jsonl", "preferences.jsonl")
    return "\n".join((starter / name).read_text(encoding="utf-8").casefold() for name in names)


def test_the_choices_that_ship_ask_for_facts_that_no_training_row_holds(starter: Path) -> None:
    questions, trained = read_choices(EVALUATION / "choices.jsonl"), trained_on(starter)
    assert len(questions) == len({each.question for each in questions}) == 175
    assert [each for each in questions if each.choices[each.answer].casefold() in trained] == []
    assert {len(each.choices) for each in questions} == {4}
    assert set(Counter(each.category for each in questions)) == {
        *("countries", "elements", "animals", "words", "sums")
    }


def test_the_place_of_the_right_choice_tells_nothing() -> None:
    places = Counter(each.answer for each in read_choices(EVALUATION / "choices.jsonl"))
    assert max(places.values()) < 1.25 * 175 / 4  # of always choosing one place


def test_the_paraphrases_that_ship_ask_for_one_thing_each(starter: Path) -> None:
    groups, trained = read_paraphrases(EVALUATION / "paraphrases.jsonl"), trained_on(starter)
    assert len(groups) == len({each.ideal for each in groups}) == 40
    assert [each for each in groups if each.ideal.casefold() in trained] == []
    assert len({question for each in groups for question in each.questions}) == 120


@pytest.mark.parametrize(
    "row",
    [
        {"question": "Which?", "choices": ["a", "b"], "answer": 2},
        {"question": "Which?", "choices": ["a", "b"], "answer": True},
        {"question": "Which?", "choices": ["a", "a"], "answer": 0},
        {"question": "Which?", "choices": ["a", 3], "answer": 0},
        {"question": "Which?", "choices": "ab", "answer": 0},
        {"question": " ", "choices": ["a", "b"], "answer": 0},
        {"choices": ["a", "b"], "answer": 0},
        ["Which?"],
    ],
)
def test_a_line_that_is_no_choice_is_named_with_what_it_must_be(row: object, tmp_path: Path) -> None:
    good = {"question": "Which?", "choices": ["a", "b"], "answer": 1}
    file = tmp_path / "mine.jsonl"
    file.write_text("\n".join(map(json.dumps, (good, row))), encoding="utf-8")
    with pytest.raises(DataError, match=r"Line 2 of .*mine.jsonl .*must be {\"question\"") as raised:
        read_choices(file)
    assert raised.value.code == "questions.no_row"


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "questions.missing"), (b"\n \n", "questions.empty"), (b"\xff\xfe\xff", "questions.unreadable")],
)
def test_a_file_without_questions_is_refused(content: bytes | None, code: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(DataError) as raised:
        read_choices(file)
    assert raised.value.code == code
