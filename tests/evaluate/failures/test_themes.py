"""Planted themes of wrong answers are found and named by their words; rows are told newly right or wrong."""

from __future__ import annotations

import pytest

from studio.evaluate.failures.changes import changes
from studio.evaluate.failures.themes import themes

COUNTRIES = ["Peru", "Chile", "Kenya", "Spain", "Italy", "Norway", "Japan", "Egypt", "Cuba", "Ghana"]


def test_what_is_wrong_most_often_is_named_by_its_words() -> None:
    capitals = [f"What is the capital of {country}?" for country in COUNTRIES]
    symbols = [f"Tell me the chemical symbol for element {n}." for n in range(10)]
    sums = [f"What is {n} plus 3?" for n in range(10)]
    texts = capitals + symbols + sums
    wrong = [n < 8 for n in range(10)] + [n < 4 for n in range(10)] + [False] * 10
    found = themes(texts, wrong)
    assert found[0].words[0] == "capital"
    assert (found[0].rows, found[0].asked) == (tuple(range(8)), 10)
    assert found[0].often == pytest.approx(8 / 10 / (4 / 20))
    assert found[1].rows == (10, 11, 12, 13)
    assert set(found[1].words) <= {"chemical", "element", "for", "symbol", "tell"}
    assert len(found) == 2


def test_what_is_wrong_everywhere_alike_makes_no_theme() -> None:
    assert themes([f"question number {n} of many" for n in range(20)], [True, False] * 10) == []
    assert themes([], []) == []
    assert themes(["only one", "and another"], [True, True]) == []


def test_scripts_without_spaces_have_themes() -> None:
    texts = [f"{city}的首都是哪里" for city in "甲乙丙丁戊"] + [
        f"{number}加三等于几" for number in "一二四五六七"
    ]
    found = themes(texts, [True] * 5 + [False] * 6)
    assert found[0].rows == (0, 1, 2, 3, 4)
    assert set(found[0].words[0]) <= set("的首都是哪里")
    assert found[0].often == 0  # no other row is wrong


def test_rows_are_told_apart_by_what_became_of_them() -> None:
    found = changes(["a", "b", "c", "d", "e"], [0, 1, 1, 0, None], [1, 0, 1, 0, 1])
    assert (found.fixed, found.broken, found.both_right, found.both_wrong) == (("a",), ("b",), ("c",), ("d",))
    assert found.compared == 4
