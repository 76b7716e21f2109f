"""How often a challenger's answers are preferred to the baseline's: raw, and as if both were equally long."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.catalogue import Phrase, phrase
from studio.evaluate.judging.length import length_controlled
from studio.evaluate.judging.trust import Groups, Verdicts, groups_of, no_verdict
from studio.evaluate.power import detectable, detectable_share
from studio.evaluate.scoring import ENOUGH
from studio.evaluate.statistics import FEWEST_CLUSTERS, clustered_shares, paired_shares
from studio.events import MEASURED, TOO_FEW, ContestantScore, Difference, Score
from studio.words import counted

EVEN = 0.5
"""What the baseline has against itself, and a challenger that is as good."""


@dataclass(frozen=True)
class WinRate:
    """A share of wins with its interval at 95 %, p of its being one half, and what would have been found."""

    value: float
    low: float
    high: float
    p: float
    detectable: float | None = None


type Rate = Callable[[Verdicts, Groups], WinRate]


def win_rate_score(
    measure: str,
    verdicts: Mapping[str, Verdicts],
    baseline: str,
    clusters: Mapping[str, str],
    rate: Rate,
) -> Score:
    """Every challenger's win rate against the baseline: `raw_win_rate`, or `win_rate_at_equal_lengths`.

    Pairs without two readable verdicts are left out, and counted in the bias panel. `clusters` says which
    pairs, by id, belong together. The baseline stands at one half. There is a reason instead of figures where
    the judge has no say.
    """
    together = [each for of in verdicts.values() for each in of]
    readable = {who: [each for each in of if each.readable] for who, of in verdicts.items()}
    if refused := no_verdict(together) or _too_few(readable, clusters):
        state, reason = refused
        return Score(measure, "", state, reason, "share", "higher")
    return _scored(measure, rate, readable, baseline, clusters)


def _too_few(readable: Mapping[str, Verdicts], clusters: Mapping[str, str]) -> tuple[str, Phrase] | None:
    """That pairs, or the groups that they form, are too few for an interval that keeps its level."""
    for each in readable.values():
        if len(each) < ENOUGH:
            rows = counted(len(each), "readable pair")
            return TOO_FEW, phrase("score.few_rows", rows=rows, enough=ENOUGH)
        groups = _groups(each, clusters)
        number = len(each) if groups is None else int(groups.max()) + 1
        if groups is not None and number < FEWEST_CLUSTERS:
            rows, of = counted(len(each), "readable pair"), counted(number, "independent group")
            return TOO_FEW, phrase("score.few_clusters", rows=rows, groups=of, enough=FEWEST_CLUSTERS)
    return None


def _groups(verdicts: Verdicts, clusters: Mapping[str, str]) -> Groups:
    return groups_of([clusters.get(each.id, "") for each in verdicts])


def _scored(
    measure: str,
    rate: Rate,
    readable: Mapping[str, Verdicts],
    baseline: str,
    clusters: Mapping[str, str],
) -> Score:
    scores, differences = [ContestantScore(baseline, EVEN)], []
    count = groups_count = 0
    for who, each in readable.items():
        groups = _groups(each, clusters)
        found = rate(each, groups)
        count, groups_count = len(each), 0 if groups is None else int(groups.max()) + 1
        scores.append(ContestantScore(who, found.value, found.low, found.high))
        beyond = Difference(
            who, found.value - EVEN, found.low - EVEN, found.high - EVEN, found.p, None, found.detectable
        )
        differences.append(beyond)
    figures = tuple(scores), tuple(differences)
    return Score(measure, "", MEASURED, "", "share", "higher", count, groups_count, *figures)


def raw_win_rate(verdicts: Verdicts, groups: Groups = None) -> WinRate:
    """(wins + ties / 2) / all, with an interval that knows that both answers are to one request.

    As 1/2 + (wins - losses) / 2n it is half of the difference of paired shares, and takes the interval and
    the test of that.
    """
    balance = 2 * _points(verdicts) - 1
    found = paired_shares(balance) if groups is None else clustered_shares(balance, groups)
    value, low, high = (EVEN + side / 2 for side in (found.value, found.low, found.high))
    if groups is None:
        seen = detectable_share(len(verdicts), float((balance != 0).mean()))
    else:
        seen = detectable(found.error, found.freedom)
    return WinRate(value, low, high, found.p, None if seen is None else seen / 2)


def win_rate_at_equal_lengths(verdicts: Verdicts, groups: Groups = None) -> WinRate:
    """The same as if both answers were of one length (`length_controlled`)."""
    longer_by = np.array([each.longer_by for each in verdicts], dtype=np.float64)
    found = length_controlled(_points(verdicts), longer_by, groups)
    return WinRate(found.rate, found.low, found.high, found.p, found.detectable)


def _points(verdicts: Verdicts) -> NDArray[np.float64]:
    return np.array([each.points for each in verdicts], dtype=np.float64)
