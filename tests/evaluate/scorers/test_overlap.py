"""Exact match and word overlap: those of SQuAD and MLQA, but that no wrong answer is called right."""

from __future__ import annotations

import random
import re
import string
import unicodedata

import pytest

from studio.evaluate.scorers.overlap import exact_match, word_overlap


def squad_words(text: str) -> list[str]:
    """The published normalization, step by step: lower, punctuation, articles, white space."""
    lowered = text.lower()
    letters = "".join(character for character in lowered if character not in set(string.punctuation))
    return [word for word in re.sub(r"\b(a|an|the)\b", " ", letters).split() if word]


def mlqa_words(text: str) -> list[str]:
    """MLQA's way with Chinese: no articles, all punctuation gone, every ideograph a word."""
    words, held = [], ""
    for character in text.lower():
        if "\u4e00" <= character <= "\u9fa5":
            words += [*held.split(), character]
            held = ""
        elif character not in string.punctuation and unicodedata.category(character)[0] != "P":
            held += character
    return [*words, *held.split()]


def f1(said: list[str], wanted: list[str]) -> float:
    """Harmonic mean of precision and recall over the words that can be paired."""
    left, paired = list(wanted), 0
    for word in said:
        if word in left:
            left.remove(word)
            paired += 1
    if not paired:
        return 0.0
    precision, recall = paired / len(said), paired / len(wanted)
    return 2 / (1 / precision + 1 / recall)


DRESSED = "the a an The AN Paris paris Paris, (Paris) U.S. us isn't isnt 1,000 1000 état - \u2013 $5 x-ray"
WORDS = DRESSED.split(" ")
CHINESE = "的 是 巴黎 首都 法国 。 \uff0c \uff01 Paris the GDP 3.5 “ ” A"
HAN = CHINESE.split(" ")


def drawn(source: random.Random, words: list[str], between: str) -> str:
    return between.join(source.choice(words) for _ in range(source.randint(1, 8)))


def test_english_scores_equal_squads_on_2000_pairs() -> None:
    source = random.Random(12)
    compared = 0
    for _ in range(2000):
        answer, ideal = drawn(source, WORDS, " "), drawn(source, WORDS, " ")
        said, wanted = squad_words(answer), squad_words(ideal)
        if said or wanted:  # where no word is left, the script's versions 1.1 and 2.0 differ
            compared += 1
            assert word_overlap(answer, ideal) == pytest.approx(f1(said, wanted)), (answer, ideal)
            assert exact_match(answer, ideal) == (said == wanted), (answer, ideal)
    assert compared > 1900


def test_chinese_scores_equal_mlqas_on_2000_pairs() -> None:
    source = random.Random(21)
    for _ in range(2000):
        answer, ideal = "的" + drawn(source, HAN, ""), drawn(source, HAN, " ")
        said, wanted = mlqa_words(answer), mlqa_words(ideal)
        assert word_overlap(answer, ideal) == pytest.approx(f1(said, wanted)), (answer, ideal)


WRONG = [
    ("👍", "👎"),
    ("+", "-"),
    ("-", "+"),
    ("?!", "..."),
    ("C++", "C#"),
    ("C", "C++"),
    ("F#", "F"),
    ("The language is C++.", "The language is C#."),
    ("5", "-5"),
    ("It is +3 degrees", "It is -3 degrees"),
    ("<5", ">5"),
    ("A+", "A-"),
    ("a", "the"),
    ("", "+"),
    ("", "the"),
    ("", "yes"),
    ("。", "\uff01"),
    ("≤", "≥"),
]


@pytest.mark.parametrize(("answer", "ideal"), WRONG)
def test_a_wrong_answer_without_words_or_with_another_sign_is_not_right(answer: str, ideal: str) -> None:
    for one, other in ((answer, ideal), (ideal, answer)):
        assert word_overlap(one, other) < 1
        assert not exact_match(one, other)
    if len(answer.split()) < 2:
        assert word_overlap(answer, ideal) == 0


RIGHT = [
    ("👍", "👍"),
    (" + ", "+"),
    ("C++.", "c++"),
    ("(-5)", "-5"),
    ("A.", "A"),
    ("the", "The"),
    ("", ""),
    ("Paris!", "paris"),
    ("the  capital is\nParis", "Capital is Paris."),
    ("x-ray", "X-ray"),
    ("巴黎。", "巴黎"),
]


@pytest.mark.parametrize(("answer", "ideal"), RIGHT)
def test_the_same_answer_in_other_dress_is_right(answer: str, ideal: str) -> None:
    assert exact_match(answer, ideal)
    assert word_overlap(answer, ideal) == 1


@pytest.mark.parametrize(
    ("answer", "ideal", "score"),
    [
        ("a b c d", "b c", 4 / 5),
        ("x x x", "x", 0.5),
        ("x", "y", 0.0),
        ("法国的首都是巴黎", "法国首都是巴黎", 14 / 15),
        ("フランスの首都はパリです", "フランスの首都はパリ", 20 / 22),
        ("เมืองหลวงคือปารีส", "เมืองหลวงคือปารีส!", 1.0),
        ("ປາຣີ", "ປາຣິ", 6 / 8),
        ("ទីក្រុង", "ទីក្រូង", 12 / 14),
        ("서울은 수도", "서울은 도시", 0.5),
        ("The language is C++", "The language is C#", 2 / 3),
    ],
)
def test_scripts_without_spaces_are_compared_by_character(answer: str, ideal: str, score: float) -> None:
    assert word_overlap(answer, ideal) == pytest.approx(score)
