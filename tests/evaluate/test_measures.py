"""Measures and verdicts: right by hand, and honest about what they do not know."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from studio.errors import DataError
from studio.evaluate.compare import EXACT, GENERAL, VALIDATION, judge
from studio.evaluate.golden import read_golden
from studio.evaluate.measures import compare_means, compare_rates
from studio.events import Measure
from tests.conftest import refused


def test_the_interval_of_a_difference_covers_the_truth_about_95_times_in_100() -> None:
    random = np.random.default_rng(4)
    covered = 0
    for _ in range(200):
        base = (random.random(100) < 0.4).astype(float)
        tuned = (random.random(100) < 0.6).astype(float)
        measure = compare_means("x", base.tolist(), tuned.tolist())
        covered += measure.low <= 0.2 <= measure.high
    assert 0.88 <= covered / 200 <= 0.99


def test_a_loss_is_weighted_by_tokens() -> None:
    measure = compare_rates("loss", [10.0, 1.0], [5.0, 1.0], [10.0, 1.0])
    assert (measure.base, measure.tuned) == (pytest.approx(1.0), pytest.approx(6 / 11))


def test_equal_models_are_never_called_better() -> None:
    headline, verdict = judge([compare_means(EXACT, [1.0, 0.0] * 50, [1.0, 0.0] * 50)])
    assert headline == "No clear difference"
    assert "no clear difference (50 % and 50 %)" in verdict


def test_a_handful_of_answers_proves_nothing() -> None:
    few = compare_means(EXACT, [0.0] * 5, [1.0] * 5)
    assert few.verdict == "too few"  # the interval leaves zero out, so it is not "no clear difference"
    assert judge([few]) == (
        "Too few to tell",
        "Exact match: too few to tell (0 % and 100 %, only 5 examples; it takes 6 or more).",
    )
    assert judge([compare_means(EXACT, [0.0, 1.0], [1.0, 0.0])]) == (
        "No clear difference",
        "Exact match: no clear difference (50 % and 50 %, only 2 examples).",
    )
    assert compare_means(EXACT, [0.0] * 6, [1.0] * 6).verdict == "better"


def measure(name: str, base: float, tuned: float, low: float, high: float) -> Measure:
    share = name == EXACT
    return Measure(
        name, base, tuned, low, high, "higher" if share else "lower", "share" if share else "nats", 100
    )


def test_the_headline_gives_the_count_and_the_cost() -> None:
    better = measure(EXACT, 0.04, 0.87, 0.75, 0.9)
    assert judge([better])[0] == "Better: 87 of 100 right, up from 4"
    assert judge([better, measure(GENERAL, 3.0, 3.4, 0.2, 0.6)])[0].startswith(
        "Better, at some cost: 87 of 100"
    )
    assert judge([measure(EXACT, 0.9, 0.2, -0.8, -0.6)])[0] == "Worse: 20 of 100 right, down from 90"
    assert judge([measure(VALIDATION, 2.0, 0.5, -1.7, -1.2)])[0] == "Better: validation loss 2.00 → 0.50"


def test_a_golden_line_that_is_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "golden.jsonl"
    file.write_text(json.dumps({"prompt": "a", "ideal": "b"}) + "\n\n" + json.dumps({"prompt": "a"}) + "\n")
    with refused("golden.no_pair", DataError, line=3, file=file):
        read_golden(file)
    file.write_text(
        json.dumps({"prompt": "one\u2028two", "ideal": "b"}, ensure_ascii=False), encoding="utf-8"
    )
    assert read_golden(file).items[0].prompt == "one\u2028two"
    file.write_text("")
    with pytest.raises(DataError, check=lambda error: error.code == "golden.empty"):
        read_golden(file)
    with pytest.raises(DataError, check=lambda error: error.code == "golden.missing"):
        read_golden(tmp_path / "none.jsonl")


@pytest.mark.parametrize("count", range(1, 9))
def test_an_interval_without_zero_is_a_difference_or_of_too_few(count: int) -> None:
    rose = compare_means(EXACT, [0.0] * count, [1.0] * count)
    assert rose.low > 0
    assert rose.verdict == ("better" if count >= 6 else "too few")
    fell = measure(VALIDATION, 1.0, 2.0, 0.5, 1.5)
    headline, sentence = judge([rose, fell])
    assert headline.startswith("Better" if count >= 6 else "Worse: validation loss")
    assert "no clear difference" not in sentence


def test_half_a_character_in_a_golden_set_is_replaced_and_two_halves_are_joined(tmp_path: Path) -> None:
    file = tmp_path / "golden.jsonl"
    file.write_text('{"prompt": "a\\ud83d\\ude00 \\ud83d?", "ideal": "\\udc00"}\n')
    (item,) = read_golden(file).items
    assert (item.prompt, item.ideal) == ("a😀 \ufffd?", "\ufffd")
