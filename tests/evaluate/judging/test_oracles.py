"""What is written out here is what statsmodels computes."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.api import GLM, families
from statsmodels.stats.inter_rater import cohens_kappa

from studio.evaluate.judging.agreement import OUTCOMES, agreement
from studio.evaluate.judging.length import length_controlled


@pytest.mark.parametrize("seed", range(4))
def test_length_control_is_logistic_regression(seed: int) -> None:
    """All that differs is the ridge, and a win and a loss more in the interval."""
    draw = np.random.default_rng(seed)
    longer = draw.normal(60, 100, 400)
    points = draw.choice([0.0, 0.5, 1.0], 400, p=(0.3, 0.2, 0.5))
    found = length_controlled(points, longer)
    design = np.column_stack([np.ones(400), np.tanh(longer / longer.std())])
    theirs = GLM(points, design, family=families.Binomial()).fit(cov_type="HC0")
    theta, phi = theirs.params
    assert found.rate == pytest.approx(1 / (1 + np.exp(-theta)), abs=1e-4)
    assert found.phi == pytest.approx(phi, abs=1e-3)
    low, high = (1 / (1 + np.exp(-end)) for end in theirs.conf_int()[0])
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-3)


@pytest.mark.parametrize("seed", range(4))
def test_kappa_is_cohens(seed: int) -> None:
    draw = np.random.default_rng(seed)
    person, other = draw.integers(0, 3, 40), draw.integers(0, 3, 40)
    judge = np.where(draw.random(40) < 0.5, person, other)
    table = np.zeros((3, 3))
    np.add.at(table, (judge, person), 1)
    found = agreement([OUTCOMES[each] for each in judge], [OUTCOMES[each] for each in person])
    theirs = cohens_kappa(table)
    assert found.kappa == pytest.approx(theirs.kappa)
    assert found.high - found.low == pytest.approx(theirs.kappa_upp - theirs.kappa_low, abs=0.1)
