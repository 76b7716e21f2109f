"""Ordinary text that no run trains on: where its loss rises, the model forgets."""

from __future__ import annotations

from collections.abc import Generator

from studio.evaluate.measure import Measure, Setting
from studio.evaluate.scoring import scored
from studio.events import Event


def _general(setting: Setting) -> Generator[Event]:
    from studio.train.prepare import general_text

    rows = general_text(setting.contestants[0].renderer)
    losses = yield from setting.losses("general", rows)
    weights = next(iter(losses.values())).targets.tolist()
    values = {who: each.sums.tolist() for who, each in losses.items()}
    yield scored(
        "general_text",
        values,
        unit="nats",
        better="lower",
        baseline=setting.baseline,
        weights=weights,
    )


MEASURES = (
    Measure(
        "general_text",
        "General text loss",
        "The loss on ordinary English that no run trains on: where it rises, the model forgets.",
        "nats",
        "lower",
        "kept",
        ("quick", "standard", "full"),
        _general,
        cost=True,
    ),
)
