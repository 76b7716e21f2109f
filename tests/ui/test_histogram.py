"""Token lengths as bars: no example is lost, bins are round, long tails are gathered."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pytestqt.qtbot import QtBot

from studio.ui.plots.histogram import Bins, LimitHistogram, bin_lengths, bin_shares, nice_step
from studio.ui.theme import Theme


@given(some.lists(some.integers(1, 200_000), min_size=1, max_size=300))
def test_every_example_is_in_one_bar_and_bars_are_few(lengths: list[int]) -> None:
    bins = bin_lengths(lengths, most=40)
    assert sum(bins.counts) == len(lengths)
    assert len(bins.counts) <= 42
    assert bins.start <= min(lengths)
    assert bins.open_ended or bins.end > max(lengths)


@pytest.mark.parametrize(
    ("span", "parts", "step"), [(10, 40, 1), (100, 40, 5), (81, 40, 5), (2000, 40, 50), (3, 5, 1)]
)
def test_steps_are_round(span: float, parts: int, step: int) -> None:
    assert nice_step(span, parts) == step


def test_a_long_tail_does_not_crush_the_rest() -> None:
    bins = bin_lengths([*range(50, 150), 20_000])
    assert bins.end < 300
    assert bins.counts[-1] == 1
    assert bins.label(len(bins.counts) - 1).endswith("and more")
    assert bin_lengths([*range(50, 150), 20_000], limit=512).end > 512
    assert bin_lengths([*range(50, 150), 20_000], limit=8192).end < 300


def test_equal_lengths_are_one_bar() -> None:
    assert bin_lengths([7] * 5) == Bins(7, 1, (5,))


def test_a_share_of_one_is_in_the_last_bar() -> None:
    bins = bin_shares([0.0, 0.5, 0.99, 1.0])
    assert bins.counts[-1] == 2
    assert sum(bins.counts) == 4
    assert bins.label(10, "%") == "50 to 54 %"


def test_the_histogram_tells_in_words_what_it_draws(qtbot: QtBot, theme: Theme) -> None:
    histogram = LimitHistogram(theme)
    qtbot.addWidget(histogram)
    histogram.set_lengths([10, 20, 70], limit=64)
    assert histogram.accessibleDescription() == "3 examples, 1 longer than the limit of 64 tokens"


@pytest.mark.parametrize(
    "lengths", [[], [1], [5] * 9, [random.Random(1).randrange(2000) for _ in range(500)]]
)
def test_the_histogram_draws_any_lengths(qtbot: QtBot, theme: Theme, lengths: list[int]) -> None:
    histogram = LimitHistogram(theme)
    qtbot.addWidget(histogram)
    histogram.set_lengths(lengths, limit=600)
    histogram.resize(300, 120)
    assert not histogram.grab().isNull()
