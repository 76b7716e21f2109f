"""The learning rate of a run: exact at its ends, and never wasted on zero."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from studio.recipe.loop_fields import Optimizer
from studio.train.schedule import learning_rate


def rates(steps: int, **fields: Any) -> list[float]:
    optimizer = Optimizer(**fields)
    return [learning_rate(optimizer, 2.0, step, steps) for step in range(1, steps + 1)]


def test_the_warmup_is_a_line_that_ends_exactly_at_the_peak() -> None:
    assert rates(100, warmup=0.05)[:5] == pytest.approx([0.4, 0.8, 1.2, 1.6, 2.0])
    assert rates(100, warmup=0.05)[4] == 2.0
    assert rates(100, warmup=0.05)[5] < 2.0


def test_a_share_that_is_no_whole_number_of_steps_rounds_up() -> None:
    assert rates(30, warmup=0.05)[:2] == [1.0, 2.0]


def test_warmup_steps_come_before_the_share_and_end_with_the_run() -> None:
    assert rates(10, warmup=0.9, warmup_steps=2)[:2] == [1.0, 2.0]
    assert rates(4, warmup_steps=1000) == [0.5, 1.0, 1.5, 2.0]


def test_without_warmup_the_first_step_is_just_below_the_peak() -> None:
    assert rates(9, warmup=0, schedule="linear") == pytest.approx(
        [2.0 * left / 10 for left in range(9, 0, -1)]
    )


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_the_rate_falls_at_every_step_towards_the_floor_and_is_never_zero(schedule: str) -> None:
    for floor in (0.0, 0.1):
        falling = rates(200, schedule=schedule, floor=floor)[10:]
        assert all(later < earlier for earlier, later in pairwise(falling))
        assert 2.0 * floor < falling[-1] < 2.0 * floor + 0.02


def test_the_cosine_is_half_way_down_in_the_middle() -> None:
    assert rates(19, warmup=0, floor=0.1)[9] == pytest.approx(2.0 * 0.55)
    assert rates(3, warmup=0)[0] == pytest.approx(1 + 2**-0.5)


def test_the_constant_schedule_stays_at_the_peak_whatever_the_floor() -> None:
    assert rates(10, schedule="constant", warmup_steps=2, floor=0.5) == [1.0] + [2.0] * 9


def test_a_floor_of_one_never_falls() -> None:
    assert rates(10, warmup=0, floor=1.0) == [2.0] * 10


def test_a_run_of_one_step_makes_a_step() -> None:
    assert rates(1) == [2.0]
    assert rates(1, warmup=0)[0] > 0
