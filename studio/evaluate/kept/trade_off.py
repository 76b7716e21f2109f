"""What each checkpoint of a run has learned and what it has forgotten, and which is worth taking.

Two checkpoints that read the held-out rows alike can differ in what they have forgotten. "Alike" is meant
strictly: what is lost between them is at most a tiny part of what tuning gained, even at the worse end of
its interval; or zero is in the interval, and its worse end is a small part. So few rows never make
checkpoints alike.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from studio.evaluate.scoring import ENOUGH
from studio.evaluate.statistics import Estimate, numbered, paired

TINY, SMALL = 0.02, 0.1
"""Parts of the gain that a checkpoint may have lost and still be alike; and SMALL is the part of what was
forgotten that another must have spared to be worth taking.
"""

type _Rows = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CheckpointLosses:
    """Summed -log p of each held-out row, and of each general text, with the weights of one step."""

    step: int
    gain: _Rows
    cost: _Rows


@dataclass(frozen=True, eq=False)
class ReadRows:
    """How many targets the rows of both kinds have, what the baseline gives them, and how they belong."""

    gain_targets: _Rows
    cost_targets: _Rows
    base: CheckpointLosses
    clusters: Sequence[Hashable] | None = None  # of the held-out rows

    def gain_of(self, each: CheckpointLosses) -> float:
        """The loss per token on held-out rows."""
        return float(each.gain.sum() / self.gain_targets.sum())

    def cost_of(self, each: CheckpointLosses) -> float:
        """The loss per token on general text."""
        return float(each.cost.sum() / self.cost_targets.sum())


@dataclass(frozen=True)
class TradeOff:
    """Which steps are as good as the best, and the one of them worth taking instead of the present result.

    `suggested` is None where the present one is the one to have: nothing alike has clearly forgotten less.
    `spared` is how much less per token of general text, in nats.
    """

    best: int
    alike: tuple[int, ...] = ()
    suggested: int | None = None
    spared: Estimate | None = field(default=None)


def trade_off(checkpoints: Sequence[CheckpointLosses], rows: ReadRows, present: int) -> TradeOff:
    """What to make of a run's checkpoints (at least one); `present` is the step of its result."""
    best = min(checkpoints, key=rows.gain_of)
    alike = [each for each in checkpoints if each is best or _alike(each, best, rows)]
    found = TradeOff(best.step, tuple(sorted(each.step for each in alike)))
    now = next((each for each in checkpoints if each.step == present), None)
    if now is None or len(rows.cost_targets) < ENOUGH:
        return found
    choice = min(alike, key=rows.cost_of)
    spared = paired(now.cost - choice.cost, rows.cost_targets)
    paid = rows.cost_of(now) - rows.cost_of(rows.base)
    if choice is now or spared.low <= 0 or spared.value < SMALL * paid:
        return found
    return TradeOff(best.step, found.alike, choice.step, spared)


def _alike(each: CheckpointLosses, best: CheckpointLosses, rows: ReadRows) -> bool:
    if len(rows.gain_targets) < ENOUGH:
        return False
    groups = None if rows.clusters is None else numbered(rows.clusters)
    lost = paired(each.gain - best.gain, rows.gain_targets, groups)
    gained = rows.gain_of(rows.base) - rows.gain_of(best)
    return lost.high <= (SMALL if lost.low <= 0 else TINY) * gained
