"""The longest run shared with the training rows is found as a slow search finds it."""

from __future__ import annotations

import random

from studio.evaluate.failures.training_rows import SHARED, TrainingRows, overlapping
from studio.evaluate.scorers.scorer import words


def slow(text: str, rows: list[list[str]]) -> int:
    """The most words in a row that a text shares with any of the texts, tried one by one."""
    there, longest = words(text), 0
    for other in (words(each) for row in rows for each in row):
        for begin in range(len(there)):
            for start in range(len(other)):
                length = 0
                while (
                    begin + length < len(there)
                    and start + length < len(other)
                    and there[begin + length] == other[start + length]
                ):
                    length += 1
                longest = max(longest, length)
    return longest if longest >= 4 else 0


def test_it_is_as_long_as_a_slow_search_says() -> None:
    source = random.Random(5)
    rows = [[" ".join(source.choices("abcd", k=source.randint(1, 40)))] for _ in range(12)]
    index = TrainingRows(rows)
    for _ in range(60):
        text = " ".join(source.choices("abcd", k=source.randint(0, 30)))
        found = index.longest(text)
        assert found.length == slow(text, rows), text
        if found.length:
            assert found.text in " ".join(words(rows[found.row][0]))
            assert found.text in text


def test_a_run_ends_where_a_text_ends_and_the_row_is_named() -> None:
    index = TrainingRows([["one two three", "four five six seven"], ["Seven eight, nine TEN!"], []])
    assert index.longest("one two three four five").length == 0
    found = index.longest("he said: seven, eight nine ten eleven")
    assert (found.length, found.row, found.text, found.whole) == (4, 1, "seven eight nine ten", False)
    assert index.longest("") == index.longest("one two three") == TrainingRows([]).longest("a b c d e f")


def test_a_question_that_a_training_row_holds_is_contamination() -> None:
    long = "how many days does the council have to answer a letter of complaint from a citizen"
    rows = TrainingRows(
        [["What is the capital of Peru?", "Lima."], [f"We ask {long} of the town."], ["今天天气怎么样啊"]]
    )
    questions = [
        "what is the capital of peru",
        "What is the capital of Chile?",
        f"Please say: {' '.join(long.split()[:SHARED])}?",
        f"Please say: {' '.join(long.split()[: SHARED - 1])}?",
        "今天天气怎么样啊!",
    ]
    assert [place for place, _ in overlapping(questions, rows)] == [0, 2, 4]


def test_a_large_index_with_one_common_phrase_answers_at_once() -> None:
    """Ten thousand rows; what looks at every place of a phrase for every word would fail by the timeout."""
    rows = [
        [f"the capital of the country is town {n % 50} and so on for ever and ever and a day"]
        for n in range(10_000)
    ]
    index = TrainingRows(rows)
    for number in range(30):
        found = index.longest(f"the capital of the country is town {number} and so on " * 30)
        assert (found.length, found.row) == (11, number)
