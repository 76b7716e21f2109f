"""Intervals and tests are those of the literature: held to scipy, statsmodels, and formulas written out."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.api import OLS, WLS
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.proportion import proportion_confint

from studio.evaluate import statistics
from studio.evaluate.distributions import normal_quantile, sign_p, t_p, t_quantile
from studio.evaluate.power import detectable_share, detectable_spread, rows_to_settle
from studio.evaluate.scoring import scored
from studio.events import MEASURED, NOT_RUN, TOO_FEW, from_json, to_json


@pytest.mark.parametrize("freedom", [1, 2.5, 4, 9, 29.7, 99, 1e4])
def test_students_t_is_that_of_scipy(freedom: float) -> None:
    for t in (-40.0, -3.1, -0.2, 0.0, 1e-6, 0.7, 1.96, 12.0):
        assert t_p(t, freedom) == pytest.approx(2 * stats.t.sf(abs(t), freedom), rel=1e-9)
    for level in (0.001, 0.025, 0.3, 0.5, 0.8, 0.975, 0.9995):
        assert t_quantile(level, freedom) == pytest.approx(stats.t.ppf(level, freedom), rel=1e-9, abs=1e-12)


def test_the_normal_distribution_is_that_of_scipy() -> None:
    assert normal_quantile(0.975) == pytest.approx(stats.norm.ppf(0.975), rel=1e-12)
    assert normal_quantile(0.01) == pytest.approx(stats.norm.ppf(0.01), rel=1e-12)


@pytest.mark.parametrize(("up", "down"), [(0, 0), (6, 0), (5, 0), (7, 2), (12, 30), (100, 81), (900, 700)])
def test_the_exact_test_of_changed_answers_is_mcnemars(up: int, down: int) -> None:
    assert sign_p(up, down) == pytest.approx(mcnemar([[3, up], [down, 5]], exact=True).pvalue, rel=1e-9)
    if up + down:
        assert sign_p(up, down) == pytest.approx(stats.binomtest(up, up + down).pvalue, rel=1e-9)


def test_a_paired_difference_has_the_t_interval_of_its_rows() -> None:
    random = np.random.default_rng(1)
    one, other = random.normal(size=(2, 17))
    found, known = statistics.paired(other - one), stats.ttest_rel(other, one)
    assert (found.p, found.freedom) == (pytest.approx(known.pvalue), pytest.approx(16))
    assert (found.low, found.high) == pytest.approx(tuple(known.confidence_interval()))


def test_a_ratio_has_the_error_of_weighted_least_squares() -> None:
    random = np.random.default_rng(2)
    weights = random.integers(5, 60, 23).astype(float)
    sums = random.normal(0.2 * weights, np.sqrt(weights))
    found = statistics.ratio(sums, weights)
    known = WLS(sums / weights, np.ones(23), weights=weights).fit(cov_type="HC2")
    assert (found.value, found.error) == (pytest.approx(known.params[0]), pytest.approx(known.bse[0]))


def test_rows_that_belong_together_count_once() -> None:
    random = np.random.default_rng(3)
    groups = np.repeat(np.arange(12), 5)
    values = random.normal(size=12)[groups] + random.normal(size=60)
    found = statistics.ratio(values, groups=groups)
    known = OLS(values, np.ones(60)).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    assert (found.error, found.freedom) == (pytest.approx(known.bse[0]), pytest.approx(11))
    assert (found.low, found.high) == pytest.approx(tuple(known.conf_int()[0]))
    copied = statistics.ratio(np.repeat(values, 3), groups=np.repeat(groups, 3))
    assert copied.error == pytest.approx(found.error)  # copies of rows are no evidence
    assert statistics.ratio(np.repeat(values, 3)).error < 0.6 * found.error


def test_clusters_of_different_sizes_have_the_freedom_of_bell_and_mccaffrey() -> None:
    sizes = np.array([1, 1, 2, 3, 8, 20, 5, 5, 9, 30])
    values = np.random.default_rng(4).normal(size=sizes.sum())
    groups = np.repeat(np.arange(10), sizes)
    parts = sizes / sizes.sum()
    covariance = np.diag(parts) - np.outer(parts, parts)  # of the clusters' summed residuals
    scale = np.sqrt(1 - parts)
    roots = np.linalg.eigvalsh(covariance / np.outer(scale, scale))
    found = statistics.ratio(values, groups=groups)
    assert found.freedom == pytest.approx(roots.sum() ** 2 / (roots**2).sum())
    assert found.freedom < 6  # of which C - 1 = 9 would tell nothing
    residuals = np.bincount(groups, values - values.mean())
    assert found.error == pytest.approx(math.sqrt((residuals**2 / (1 - parts)).sum()) / sizes.sum())


@pytest.mark.parametrize(("right", "count"), [(0, 7), (1, 10), (50, 80), (300, 300)])
def test_a_share_has_wilsons_interval(right: int, count: int) -> None:
    assert statistics.wilson(right / count, count) == pytest.approx(
        proportion_confint(right, count, method="wilson"), abs=1e-12
    )


def test_paired_shares_have_bonett_and_prices_interval_and_never_certainty() -> None:
    differences = np.array([1.0] * 20 + [-1.0] * 4 + [0.0] * 76)
    found = statistics.paired_shares(differences)
    up, down = 21 / 102, 5 / 102
    error = math.sqrt((up + down - (up - down) ** 2) / 102)
    assert (found.value, found.p) == (pytest.approx(0.16), sign_p(20, 4))
    assert (found.low, found.high) == pytest.approx(
        (up - down - 1.959964 * error, up - down + 1.959964 * error)
    )
    nothing = statistics.paired_shares(np.zeros(6))
    assert (nothing.value, nothing.p) == (0, 1)
    assert -nothing.low == nothing.high > 0.3


@pytest.mark.parametrize("count", range(2, 40))
def test_an_interval_of_shares_leaves_zero_out_only_where_the_test_is_sure(count: int) -> None:
    for up, down in itertools.product(range(count + 1), repeat=2):
        if up + down <= count:
            found = statistics.paired_shares(
                np.array([1.0] * up + [-1.0] * down + [0.0] * (count - up - down))
            )
            assert found.low <= found.value <= found.high
            assert found.low <= 0 <= found.high or found.p < 0.05


def test_a_handful_of_rows_that_differ_is_no_proof() -> None:
    few = np.array([1.0] * 5 + [0.0] * 15)
    assert stats.ttest_1samp(few, 0).pvalue < 0.05
    found = statistics.paired(few)
    assert (found.p, found.low) == (2**-4, 0)
    assert statistics.paired(np.array([1.0] * 9 + [0.0] * 11)).p < 0.05


def test_where_no_row_differs_three_in_n_may() -> None:
    found = statistics.paired(np.zeros(30), largest=0.5)
    assert (found.low, found.value, found.high, found.p) == (pytest.approx(-0.05), 0, pytest.approx(0.05), 1)
    assert pytest.approx(3 / 30, rel=0.06) == 1 - 0.05 ** (1 / 30)  # what the rule stands for


def test_several_tests_are_adjusted_as_holm_says() -> None:
    ps = [0.001, 0.04, 0.03, 0.2, 0.03]
    assert statistics.holm(ps) == pytest.approx(list(multipletests(ps, method="holm")[1]))
    assert statistics.holm([]) == []


def test_weighted_tests_are_those_of_the_closed_procedure() -> None:
    """A hypothesis falls where each set that holds it does, by Bonferroni with the weights of the set."""
    weights = [0.8, 0.1, 0.1]
    for ps in itertools.product((0.001, 0.004, 0.02, 0.039, 0.045, 0.3), repeat=3):
        adjusted = statistics.holm(ps, weights)
        for i in range(3):
            sets = [s for n in (1, 2, 3) for s in itertools.combinations(range(3), n) if i in s]
            falls = all(
                any(ps[k] <= 0.05 * weights[k] / sum(weights[j] for j in each) for k in each) for each in sets
            )
            assert (adjusted[i] <= 0.05 + 1e-12) == falls


def test_what_rows_can_show_is_what_they_show_four_times_of_five() -> None:
    assert detectable_spread(50, 2.0) == pytest.approx(
        2 * TTestPower().solve_power(nobs=50, alpha=0.05, power=0.8), rel=0.02
    )
    assert detectable_share(5) is None
    shown = detectable_share(100)
    assert shown == pytest.approx(0.09, abs=0.005)
    random = np.random.default_rng(5)
    changed = random.binomial(100, max(0.1, shown), 4000)
    up = random.binomial(changed, (1 + shown / max(0.1, shown)) / 2)
    found = [sign_p(int(u), int(m - u)) < 0.05 for u, m in zip(up, changed, strict=True)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.02)
    assert detectable_share(301, 0.3) == pytest.approx(detectable_share(300, 0.3), rel=0.05)


def test_an_unclear_difference_takes_more_rows_by_the_square() -> None:
    assert rows_to_settle(0.03, 0.09, 100) == 900
    assert rows_to_settle(0.0, 0.09, 100) is None
    assert rows_to_settle(1e-6, 0.09, 100) is None


def test_correlation_is_pearsons_and_none_of_constants() -> None:
    one, other = np.random.default_rng(6).normal(size=(2, 30))
    assert statistics.correlation(one, other) == pytest.approx(stats.pearsonr(one, other).statistic)
    assert statistics.correlation(one, np.ones(30)) is None


def test_shares_are_scored_by_counts_and_others_by_their_spread() -> None:
    base, tuned = [False] * 60 + [True] * 40, [False] * 20 + [True] * 80
    score = scored("exact", {"base": base, "tuned": tuned})
    (difference,) = score.differences
    assert (score.state, score.count, score.clusters) == (MEASURED, 100, 0)
    assert (score.of("base"), score.of("tuned"), difference.value) == (0.4, 0.8, pytest.approx(0.4))
    assert (score.scores[0].low, score.scores[0].high) == pytest.approx(statistics.wilson(0.4, 100))
    assert difference.p == sign_p(40, 0)
    assert score.direction(difference) == "better"
    assert from_json(to_json(score)) == score
    overlap = scored("f1", {"base": [0.1 * i for i in range(10)], "tuned": [0.5] * 10})
    assert overlap.differences[0].p == pytest.approx(
        stats.ttest_rel([0.5] * 10, [0.1 * i for i in range(10)]).pvalue
    )


def test_samples_of_a_row_are_averaged_first() -> None:
    score = scored("sampled", {"base": [[0, 1]] * 8, "tuned": [[1, 1, 0], [1]] * 4}, unit="share")
    assert (score.of("base"), score.of("tuned"), score.count) == (0.5, pytest.approx(5 / 6), 8)


def test_a_loss_is_the_sum_over_the_tokens() -> None:
    score = scored(
        "loss",
        {"base": [10.0, 1.0] * 6, "tuned": [5.0, 1.0] * 6},
        unit="nats",
        better="lower",
        weights=[10.0, 1.0] * 6,
    )
    assert (score.of("base"), score.of("tuned")) == (pytest.approx(1.0), pytest.approx(6 / 11))


def test_a_row_that_one_has_no_value_for_counts_for_nobody() -> None:
    score = scored("judged", {"base": [1, 0, None, *[0] * 7], "tuned": [1, 1, 1, *[1] * 7]})
    assert (score.count, score.of("tuned"), score.of("base")) == (9, 1, pytest.approx(1 / 9))


@pytest.mark.parametrize(
    ("count", "clusters", "state"),
    [
        (0, None, NOT_RUN),
        (1, None, TOO_FEW),
        (5, None, TOO_FEW),
        (6, None, MEASURED),
        (90, 1, TOO_FEW),
        (90, 9, TOO_FEW),
        (90, 10, MEASURED),
        (8, 8, MEASURED),  # each row stands for itself
    ],
)
def test_few_rows_or_clusters_are_shown_and_tell_nothing(
    count: int, clusters: int | None, state: str
) -> None:
    named = None if clusters is None else [f"document {i % clusters}" for i in range(count)]
    score = scored("exact", {"base": [0] * count, "tuned": [1] * count}, clusters=named)
    assert (score.state, bool(score.reason)) == (state, state != MEASURED)
    assert score.of("tuned") == (1 if count else None)
    assert from_json(to_json(score)) == score
    told = {score.direction(each) for each in score.differences}
    assert told <= ({"better"} if state == MEASURED else {"unclear"})


def test_rows_that_name_no_cluster_stand_for_themselves() -> None:
    score = scored("exact", {"base": [0, 1] * 8, "tuned": [1, 1] * 8}, clusters=["a"] * 4 + [""] * 12)
    assert (score.clusters, score.state) == (13, MEASURED)


def test_columns_of_different_length_are_not_compared() -> None:
    with pytest.raises(ValueError, match="row by row"):
        scored("exact", {"base": [0, 1], "tuned": [1]})


def test_equal_rows_are_no_certainty() -> None:
    clustered = [i // 3 for i in range(30)]
    for values, clusters in (([1] * 30, None), ([1] * 30, clustered), ([0.5] * 30, None)):
        score = scored("any", {"base": values, "tuned": values}, clusters=clusters)
        (difference,) = score.differences
        assert difference.low < -0.04
        assert difference.high > 0.04
        assert score.direction(difference) == "unclear"
        assert all(each.low < each.high for each in score.scores if values[0] == 1)
