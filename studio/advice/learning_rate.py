"""Whether a run's steps are too long, too short, or lead away: what the learning rate has to do with.

Each function gives the evidence, or None. The thresholds are wide on purpose: advice that is
wrong once is not read a second time.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

from studio.advice.curves import ENOUGH_STEPS, KNOWN, Curves, share, spread
from studio.catalogue import Phrase, phrase

SKIPS_IN_A_ROW = 2
SKIPS = 3
"""One skipped update happens to half precision; these are no accident any more."""
ABOVE_START = 0.5
"""A loss this share (and as many nats) above its start has unlearned more than the data ever taught."""
FEWEST_STEPS = 20
"""Before so many steps a loss may still be finding its way down."""
REGAINED = 1.0
"""So many nats above the lowest stretch, and half of all that was gained lost again."""
SURE_OF_WORST = 4.0
"""A difference of so many standard errors is not chance, though the lowest of many stretches is lucky."""

WINDOW = 20
SPIKE_NORM = 6.0
"""A gradient so many times its neighbours' is no ordinary batch: batches differ by a factor of 2 or 3."""
SPIKE_LOSS = 4.0  # in spreads of its neighbours
SPIKES = 3
SPIKES_SHARE = 0.01
LOOK_BACK = 1000  # steps: a look at a long run stays cheap
SWING = 0.04
"""Validation on one fixed split that goes up and down by this share is thrown about by its steps."""
SWINGS = 3
DRIFT = 0.15
"""A training loss that stays this share above its lowest stretch since the end of warmup is climbing."""

FLAT = 0.02
"""A loss that stays within this share of where it began has not moved."""


def divergence(curves: Curves) -> Phrase | None:
    """Updates had to be skipped, or the loss has climbed far above where it was."""
    return _skips(curves) or _unlearned(curves) or _lost(curves)


def rate_too_high(curves: Curves) -> Phrase | None:
    """After warmup, gradients spike, validation loss swings, or training loss climbs."""
    return _spikes(curves) or _swings(curves) or _climbs(curves)


def rate_too_low(curves: Curves) -> Phrase | None:
    """The loss has not moved since the start, though warmup is over and much of the run has passed."""
    steps = curves.steps
    if not curves.from_the_start or len(steps) < ENOUGH_STEPS or len(curves.warm) < 0.6 * len(steps):
        return None
    if steps[-1].step < 0.3 * steps[-1].steps:
        return None
    start, now = curves.ends()
    if start.value < KNOWN or curves.rises(FLAT) or not curves.moves_at_most(FLAT):
        return None
    rate = max(step.learning_rate for step in steps)
    return phrase("curve.hardly_moved", steps=len(steps), start=start.value, now=now.value, rate=rate)


def _skips(curves: Curves) -> Phrase | None:
    in_a_row = max((each.in_a_row for each in curves.skipped), default=0)
    count = len(curves.skipped) + len(curves.broken)
    if in_a_row < SKIPS_IN_A_ROW and count < SKIPS:
        return None
    last = max([each.step for each in curves.skipped] + curves.broken)
    return phrase("curve.skips", count=max(count, in_a_row), last=last)


def _unlearned(curves: Curves) -> Phrase | None:
    """Far above the start: of validation loss, which is the surer witness, or of training loss."""
    if not curves.from_the_start or len(curves.steps) < FEWEST_STEPS:
        return None
    latest = [step.loss for step in curves.steps[-FEWEST_STEPS // 2 :]]
    now, measured = statistics.median(latest), curves.measured_from_the_start
    if len(measured) >= 3:  # overfitting raises it, too, but not the training loss
        before, found = measured[0], min(now, *measured[-2:])
        sure = 0.0
        evidence = phrase("curve.unlearned_validation", now=measured[-1], before=before)
    else:  # the loss of the first step is measured before it moves anything
        before, found = curves.steps[0].loss, now
        sure = SURE_OF_WORST * spread(latest) * math.sqrt(1 + 1.6 / len(latest))
        evidence = phrase("curve.unlearned", now=now, before=before)
    return evidence if found - before > max(ABOVE_START * abs(before), ABOVE_START, sure) else None


def _lost(curves: Curves) -> Phrase | None:
    """Most of what was gained is lost again."""
    windows = _windows([step.loss for step in curves.steps])
    if len(windows) < 3 or not curves.from_the_start:
        return None
    start, now, lowest = _middle(windows[0]), _middle(windows[-1]), min(map(_middle, windows))
    error = SURE_OF_WORST * _error_between(windows)
    if now - lowest <= max(REGAINED, 0.5 * (start - lowest), error):
        return None
    return phrase("curve.lost", now=now, start=start, lowest=lowest)


def _spikes(curves: Curves) -> Phrase | None:
    steps = curves.warm[-LOOK_BACK:]
    found: list[int] = []
    worst = 0.0
    for i in range(WINDOW, len(steps)):
        near = steps[i - WINDOW : i]
        usual = statistics.median(step.gradient_norm for step in near)
        if steps[i].gradient_norm <= SPIKE_NORM * max(usual, 1e-12):
            continue
        losses = [step.loss for step in near]
        middle = statistics.median(losses)
        if steps[i].loss - middle < max(SPIKE_LOSS * spread(losses), 0.2 * abs(middle)):
            continue
        worst = max(worst, share(steps[i].gradient_norm, max(usual, 1e-12)))
        if not found or i - found[-1] > WINDOW // 4:  # several steps of one spike count once
            found.append(i)
    if len(found) < max(SPIKES, SPIKES_SHARE * len(steps)):
        return None
    last = steps[found[-1]].step
    return phrase("curve.spikes", count=len(found), worst=worst, last=last)


def _swings(curves: Curves) -> Phrase | None:
    warm = curves.warm[0].step if curves.warm else 0
    losses = [each.loss for each in curves.validated if each.step >= warm]
    moves = [share(after - before, before) for before, after in pairwise(losses)]
    pairs = pairwise(moves)
    turns = sum(a * b < 0 and min(abs(a), abs(b)) > SWING for a, b in pairs)
    if turns < max(SWINGS, len(moves) // 3):
        return None
    return phrase("curve.swings", losses=", ".join(f"{loss:.3f}" for loss in losses[-5:]))


def _climbs(curves: Curves) -> Phrase | None:
    windows = _windows([step.loss for step in curves.warm])
    if len(windows) < 6:
        return None
    lowest, latest = min(map(_middle, windows)), [_middle(window) for window in windows[-2:]]
    if min(latest) - lowest < max(DRIFT * abs(lowest), 0.1, SURE_OF_WORST * _error_between(windows)):
        return None
    return phrase("curve.climbs", lowest=lowest, now=latest[-1])


def _windows(losses: Sequence[float]) -> list[Sequence[float]]:
    """At most 11 stretches of equal length, of at least 10 steps each; the oldest odd steps are left out."""
    size = max(10, len(losses) // 10)
    first = len(losses) % size
    return [losses[i : i + size] for i in range(first, len(losses), size)]


def _error_between(windows: Sequence[Sequence[float]]) -> float:
    """The standard error of the difference of two windows' medians, from the noise in all of them."""
    noise = statistics.median(map(spread, windows))
    return 1.2533 * noise * math.sqrt(2 / len(windows[0]))


def _middle(window: Sequence[float]) -> float:
    return statistics.median(window)
