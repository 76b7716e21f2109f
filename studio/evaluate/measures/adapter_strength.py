"""How much tuning changed each matrix, as a share of the matrix: layer by layer."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from studio.evaluate.measure import Measure, Setting
from studio.evaluate.measures.looks import looked, nothing_seen, others, title_for
from studio.events import ContestantScore, Event, Figure, Score
from studio.language import tr

if TYPE_CHECKING:
    from studio.evaluate.inside.strength import MatrixChange
    from studio.generate.contestant import OpenContestant


def _strength(setting: Setting) -> Generator[Event]:
    from studio.evaluate.inside.strength import matrix_changes

    def look(contestant: OpenContestant, _: int) -> list[MatrixChange]:
        return matrix_changes(setting.contestants[0].module, contestant.module)

    once = ["the weights"]
    seen, reason = yield from looked(setting, tr("Measuring matrices"), once, look)
    if not seen:
        yield nothing_seen(STRENGTH.key, setting, once, reason)
        return
    found = {who: changes for who, (changes,) in seen.items()}
    yield Score(
        STRENGTH.key,
        unit=STRENGTH.unit,
        better=STRENGTH.better,
        count=max(len(changes) for changes in found.values()),
        scores=(
            ContestantScore(setting.baseline, 0.0),
            *(ContestantScore(who, _whole(changes)) for who, changes in found.items()),
        ),
    )
    for each in others(setting):
        if each.key in found:
            yield _heat(setting, each, found[each.key])


def _whole(changes: Sequence[MatrixChange]) -> float:
    """|W' - W| / |W| of all matrices as one."""
    norm = math.sqrt(sum(each.norm**2 for each in changes))
    return math.sqrt(sum(each.change**2 for each in changes)) / norm if norm else 0.0


def _heat(setting: Setting, contestant: OpenContestant, changes: Sequence[MatrixChange]) -> Figure:
    """Layers by matrices; matrices that no layer changed are left out, unless nothing changed at all."""
    moved = {each.name for each in changes if each.change > 0}
    kept = [each for each in changes if each.name in moved or not moved]
    names = list(dict.fromkeys(each.name for each in kept))
    layers = list(dict.fromkeys(each.layer for each in kept))
    known = {(each.layer, each.name): round(each.strength, 6) for each in kept}
    data = {
        "x": _shortened(names),
        "y": [f"Layer {layer}" if layer else "Outside" for layer in layers],
        "values": [[known.get((layer, name)) for name in names] for layer in layers],
        "unit": "ratio",
        "contestant": contestant.key,
    }
    return Figure(STRENGTH.key, contestant.key, "heat", title_for(setting, contestant, "matrices"), data)


def _shortened(names: Sequence[str]) -> list[str]:
    """The last part of each path, where that tells them apart."""
    last = [name.rpartition(".")[2] for name in names]
    return [name if last.count(short) > 1 else short for name, short in zip(names, last, strict=True)]


STRENGTH = Measure(
    "adapter_strength",
    tr("Strength of the change"),
    tr("How much tuning changed the model's matrices: the size of the change as a share of their own size."),
    "ratio",
    "neither",
    "inside",
    ("standard", "full"),
    _strength,
)
MEASURES = (STRENGTH,)
