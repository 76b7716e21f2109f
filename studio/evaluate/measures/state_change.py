"""In which layers tuning changed what a model computes: its states, and what they would say."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from studio.catalogue import Phrase, phrase
from studio.evaluate.measure import Measure, Setting
from studio.evaluate.measures.looks import answer_texts, looked, nothing_seen, others
from studio.evaluate.scoring import scored
from studio.events import Event, Figure
from studio.language import tr

if TYPE_CHECKING:
    from studio.evaluate.inside.change import StateChange
    from studio.evaluate.inside.layers import Reader
    from studio.generate.contestant import OpenContestant

MOST, LONGEST, READ = 24, 512, 8
"""So many texts are compared, so far each, and so many of them are also read by the lens."""


def _states(setting: Setting) -> Generator[Event]:
    from studio.evaluate.inside.change import state_change

    texts = answer_texts(setting, MOST, LONGEST, cut=True) if others(setting) else []
    base = setting.contestants[0].module

    def look(contestant: OpenContestant, place: int) -> StateChange:
        return state_change(base, contestant.module, texts[place].ids)

    found, reason = yield from looked(setting, tr("Comparing states"), texts, look)
    if not texts or not found:
        yield nothing_seen(STATES.key, setting, texts, reason)
        return
    values = {who: [float(each.relative.mean()) for each in changes] for who, changes in found.items()}
    yield scored(
        STATES.key,
        {setting.baseline: [0.0] * len(texts), **values},
        unit=STATES.unit,
        better=STATES.better,
        clusters=[text.cluster for text in texts],
        baseline=setting.baseline,
    )
    relative = {who: np.mean([each.relative for each in changes], axis=0) for who, changes in found.items()}
    cosine = {who: np.mean([1 - each.cosine for each in changes], axis=0) for who, changes in found.items()}
    yield _lines("relative", phrase("inside.relative"), "|change| / |state|", relative)
    yield _lines("direction", phrase("inside.direction"), "1 - cosine", cosine)
    yield from _lens(setting, [text.ids for text in texts[:READ]])


def _lens(setting: Setting, texts: list[tuple[int, ...]]) -> Generator[Event]:
    """What the states of each layer would say, where the family's states can be read."""
    from studio.evaluate.inside.change import lens_change
    from studio.evaluate.inside.layers import find_reader

    base = setting.contestants[0]
    readers: dict[str, Reader] = {}

    def reader_of(contestant: OpenContestant) -> Reader:
        if contestant.key not in readers:
            readers[contestant.key] = find_reader(contestant.module)
        return readers[contestant.key]

    def look(contestant: OpenContestant, place: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        both = reader_of(base), reader_of(contestant)
        return lens_change(both, base.module, contestant.module, texts[place])

    found, _ = yield from looked(setting, tr("Reading states"), texts, look)
    if found:
        by_layer = {who: np.mean(each, axis=0) for who, each in found.items()}
        yield _lines("lens", phrase("inside.lens"), "KL in nats", by_layer)


def _lines(
    key: str, title: Phrase, unit: str, by_layer: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]
) -> Figure:
    """One line for each contestant over the layers."""
    data = {
        "x_title": "Layer",
        "y_title": unit,
        "series": [
            {
                "name": who,
                "x": list(range(1, len(values) + 1)),
                "y": [round(float(value), 5) for value in values],
            }
            for who, values in by_layer.items()
        ],
    }
    return Figure(STATES.key, key, "lines", title, data)


STATES = Measure(
    "state_change",
    tr("Change of states"),
    tr(
        "How far the states that leave each layer have moved, as a share of their length, "
        "over the task's own "
        "questions and answers."
    ),
    "ratio",
    "neither",
    "inside",
    ("standard", "full"),
    _states,
)
MEASURES = (STATES,)
