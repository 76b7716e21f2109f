"""What a run learned: too much of its examples, too little, or at the cost of what it knew.

Each function gives the evidence, or None. The thresholds are wide on purpose: advice that is
wrong once is not read a second time.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

from studio.advice.curves import ENOUGH_STEPS, KNOWN, Curves, Level, share, spread
from studio.catalogue import Phrase, phrase
from studio.events import Probed, Validated

WORSE = 3
"""So many validations after the best one must be worse: one or two happen by chance."""
RISE = 0.03
"""And their middle by this share of the best: on one fixed split, plain jitter stays below."""
RISE_NATS = 0.02
"""And by this much at least: a share of a loss near zero is nothing."""
SURE = 3.0
"""A difference of so many standard errors is not chance."""
HARDLY = 0.05
"""A whole run that takes off less than this share has hardly learned; a good one takes off 20 % and more."""
STEEP = 0.05
"""A last quarter that takes off more than this share shows a run that was cut short."""
CHANCE = 1.64
"""Within so many standard errors of one half, an accuracy may be a coin's (one-sided, 5 %)."""
FEWEST_PAIRS = 20

FORGETS = 0.10
"""A loss on general text that rose by this share: a perplexity of 12 has become 15."""
FORGETS_NATS = 0.05


def overfitting(curves: Curves) -> Phrase | None:
    """Validation loss has risen since its best while training loss fell on."""
    found = curves.validated
    best = min(range(len(found)), key=lambda i: found[i].loss, default=0)
    later = [each.loss for each in found[best + 1 :]]
    if len(later) < WORSE:
        return None
    lowest, now = found[best].loss, statistics.median(later[-WORSE:])
    if min(now, later[-1]) - lowest < max(RISE * abs(lowest), RISE_NATS, SURE * _jitter(later)):
        return None
    falls = _fall_between(curves, found[best].step, _stretch(found, best), found[-1].step)
    if falls is None:
        return None
    steps = {"best": found[best].step, "last": found[-1].step}
    before, after = falls
    return phrase("curve.overfits", lowest=lowest, now=later[-1], before=before, after=after, **steps)


def underfitting(curves: Curves) -> Phrase | None:
    """At its end the run has hardly learned, or was still learning fast."""
    if not curves.ended:
        return None
    return _coin_toss(curves) or _hardly_fell(curves) or _still_falling(curves)


def forgetting(curves: Curves) -> Phrase | None:
    """The loss on general text has risen, at the last two probes."""
    found = curves.probed
    if len(found) < 2 or (len(found) == 2 and not curves.ended):
        return None
    first, last = found[0], found[-1]
    if min(map(_loss, found[1:][-2:])) - first.loss < max(FORGETS * abs(first.loss), FORGETS_NATS):
        return None
    percent = 100 * share(last.loss - first.loss, first.loss)
    steps = {"first": first.step, "last": last.step}
    return phrase("curve.forgets", percent=percent, before=first.loss, now=last.loss, **steps)


def _coin_toss(curves: Curves) -> Phrase | None:
    measured = curves.rewards[-1:]
    if not measured or measured[0].pairs < FEWEST_PAIRS:
        return None
    pairs, accuracy = measured[0].pairs, measured[0].accuracy
    if accuracy > 0.5 + CHANCE * math.sqrt(0.25 / pairs):
        return None
    return phrase("curve.coin_toss", percent=100 * accuracy, pairs=pairs)


def _hardly_fell(curves: Curves) -> Phrase | None:
    if not curves.from_the_start or len(curves.steps) < ENOUGH_STEPS:
        return None
    start, now = curves.ends()
    if start.value < KNOWN or not curves.moves_at_most(HARDLY):
        return None
    return phrase("curve.hardly_fell", start=start.value, now=now.value, steps=len(curves.steps))


def _still_falling(curves: Curves) -> Phrase | None:
    steps = curves.steps
    if len(steps) < ENOUGH_STEPS:
        return None
    half, quarter = len(steps) // 2, 3 * len(steps) // 4
    before = Level.of([step.loss for step in steps[half:quarter]])
    now = Level.of([step.loss for step in steps[quarter:]])
    fall, error = before.falls_to(now)
    if fall < max(STEEP * abs(before.value), RISE_NATS, SURE * error):
        return None
    measured = curves.validated
    if len(measured) > 3:
        earlier = [each for each in measured if each.step <= steps[quarter].step]
        if not earlier or measured[-1].loss > min(map(_loss, measured)):
            return None
        if earlier[-1].loss - measured[-1].loss < max(STEEP * abs(earlier[-1].loss), RISE_NATS):
            return None
    elif steps[-1].epoch > 1.5:  # nothing held out tells learning from learning by heart
        return None
    return phrase("curve.still_falling", before=before.value, now=now.value)


def _stretch(found: Sequence[Validated], best: int) -> int:
    """How many steps lie between two validations around the best one."""
    return max(1, found[best + 1].step - found[best].step)


def _fall_between(curves: Curves, best: int, stretch: int, last: int) -> tuple[float, float] | None:
    """Training loss around the best validation and before the last one, where it clearly fell."""
    then, now = curves.losses(best - stretch, best + stretch), curves.losses(last - 2 * stretch, last)
    if min(len(then), len(now)) < 3:
        return None
    before, after = Level.of(then), Level.of(now)
    fall, error = before.falls_to(after)
    return (before.value, after.value) if fall > max(0.02 * abs(before.value), 2 * error) else None


def _jitter(losses: Sequence[float]) -> float:
    """The noise of a curve that may have a trend: from the spread of its moves."""
    return spread([b - a for a, b in pairwise(losses)]) / math.sqrt(2)


def _loss(event: Validated | Probed) -> float:
    return event.loss
