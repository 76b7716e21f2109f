"""Ordinary text that no run trains on: where its loss rises, the model forgets."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from studio.evaluate.measure import Measure, Setting
from studio.evaluate.scoring import scored
from studio.events import Event, Probed, Score
from studio.language import tr

if TYPE_CHECKING:
    from studio.evaluate.reading import RowLosses
    from studio.runs.folder import RunFolder

IN_TRAINING = "in_training"
"""The part for the first texts only, where the run read no more of them: the values of its own curve."""


def _general(setting: Setting) -> Generator[Event]:
    """The text of the forgetting probe, so that the value is that of the run's own curve."""
    from studio.train.prepare import PROBE_TOKENS, general_text

    rows = general_text(setting.contestants[0].renderer, PROBE_TOKENS)
    losses = yield from setting.losses("general", rows)
    ids = [f"general-{number}" for number in range(len(rows))]
    per_token = {who: (each.sums / each.targets).tolist() for who, each in losses.items()}
    weights = losses[setting.baseline].targets.tolist()
    setting.store.keep_rows(GENERAL.key, "", ids, per_token, weights=weights)
    yield _scored(setting, losses, len(rows), "")
    read = _read_in_training(setting.run, losses[setting.baseline].targets.tolist())
    if 0 < read < len(rows):
        yield _scored(setting, losses, read, IN_TRAINING)


def _scored(setting: Setting, losses: Mapping[str, RowLosses], count: int, part: str) -> Score:
    """The loss per token of the first so many texts."""
    return scored(
        GENERAL.key,
        {who: each.sums[:count].tolist() for who, each in losses.items()},
        part=part,
        unit=GENERAL.unit,
        better=GENERAL.better,
        baseline=setting.baseline,
        weights=losses[setting.baseline].targets[:count].tolist(),
    )


def _read_in_training(run: RunFolder | None, targets: Sequence[float]) -> int:
    """How many of the texts the run's forgetting probe read; 0 where it read none, or others."""
    probed = [event for event in run.events() if isinstance(event, Probed)] if run is not None else []
    if not probed:
        return 0
    return next((n for n, total in enumerate(accumulate(targets), 1) if total == probed[-1].tokens), 0)


GENERAL = Measure(
    "general_text",
    tr("General text loss"),
    tr("The loss on ordinary English that no run trains on: where it rises, the model forgets."),
    "nats",
    "lower",
    "kept",
    ("quick", "standard", "full"),
    _general,
    cost=True,
)
MEASURES = (GENERAL,)
