"""An earlier checkpoint is proposed where it is as good and has forgotten less, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from studio.evaluate.kept.trade_off import CheckpointLosses, ReadRows, trade_off

TOKENS = 20.0


def losses(step: int, gain: float, cost: float, rows: int = 60, noise: float = 0.05) -> CheckpointLosses:
    """Rows of 20 tokens whose losses per token are about these."""
    random = np.random.default_rng([step, rows])
    common = np.random.default_rng(rows).normal(0, 0.5, (2, rows))  # rows are hard or easy for all alike
    own = random.normal(0, noise, (2, rows))
    shift = own - own.mean(axis=1, keepdims=True)
    return CheckpointLosses(step, *(TOKENS * (np.array([[gain], [cost]]) + common + shift)))


def read(base: CheckpointLosses) -> ReadRows:
    return ReadRows(np.full(len(base.gain), TOKENS), np.full(len(base.cost), TOKENS), base)


def test_of_checkpoints_within_the_noise_the_one_that_forgot_least_is_proposed() -> None:
    rows = read(losses(0, 3.0, 2.0))
    found = trade_off(
        [losses(100, 1.8, 2.1), losses(200, 1.005, 2.3), losses(300, 1.002, 2.6), losses(400, 1.0, 2.9)],
        rows,
        present=400,
    )
    assert (found.best, found.alike, found.suggested) == (400, (200, 300, 400), 200)
    assert found.spared is not None
    assert found.spared.value == pytest.approx(0.6)
    assert found.spared.low > 0.5


def test_the_present_one_stays_where_nothing_alike_has_clearly_forgotten_less() -> None:
    rows = read(losses(0, 3.0, 2.0))
    better = [losses(100, 1.2, 2.1), losses(200, 1.0, 2.9)]
    assert trade_off(better, rows, present=200).suggested is None  # 100 is another, not as good
    same_cost = [losses(100, 1.001, 2.901), losses(200, 1.0, 2.9)]
    assert trade_off(same_cost, rows, present=200).suggested is None
    hardly = [losses(100, 1.001, 2.85), losses(200, 1.0, 2.9)]  # spares five of ninety
    assert trade_off(hardly, rows, present=200).suggested is None
    least = [losses(100, 1.001, 2.3), losses(200, 1.0, 2.9)]
    assert trade_off(least, rows, present=100).suggested is None


def test_few_rows_make_no_checkpoints_alike() -> None:
    def of(rows: int, noise: float) -> tuple[int, ...]:
        each = [losses(100, 1.05, 2.1, rows, noise), losses(200, 1.0, 2.9, rows, noise)]
        return trade_off(each, read(losses(0, 3.0, 2.0, rows)), present=200).alike

    assert of(4, 0.05) == (200,)
    assert of(8, 0.5) == (200,)  # zero is in the interval, and so is a third of the gain
    assert of(200, 0.5) == (100, 200)


def test_where_nothing_was_gained_nothing_is_alike_but_equals() -> None:
    rows = read(losses(0, 1.0, 2.0))
    assert trade_off([losses(100, 1.2, 2.1), losses(200, 1.19, 2.9)], rows, present=200).alike == (200,)


def test_a_tiny_loss_that_is_sure_is_still_as_good_and_a_small_one_is_not() -> None:
    rows = read(losses(0, 3.0, 2.0))
    sure = [losses(100, 1.1, 2.1, noise=0.001), losses(200, 1.03, 2.2, noise=0.001)]
    sure.append(losses(300, 1.0, 2.9, noise=0.001))
    assert trade_off(sure, rows, present=300).alike == (200, 300)
