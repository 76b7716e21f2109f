"""Where tuning changed what a model looks at: attention of base and tuned, head by head."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studio.evaluate.measure import Measure, Setting
from studio.evaluate.measures.looks import (
    AnswerText,
    answer_texts,
    looked,
    nothing_seen,
    others,
    title_for,
    token_texts,
)
from studio.evaluate.scoring import scored
from studio.events import Event, Figure
from studio.language import tr

if TYPE_CHECKING:
    from studio.generate.contestant import OpenContestant

MOST, LONGEST = 12, 160
"""So many texts are read, and at most so many tokens of each, as attention grows with their square."""
DRAWN, ROOM = 48, 40_000
"""Tokens of a text whose attention is drawn, and numbers that the drawings of all its heads may take."""


def _attention(setting: Setting) -> Generator[Event]:
    from studio.evaluate.inside.attention import attention, divergence

    texts = answer_texts(setting, MOST, LONGEST, cut=True) if others(setting) else []
    base = setting.contestants[0].module

    def look(contestant: OpenContestant, place: int) -> npt.NDArray[np.float32]:
        ids = texts[place].ids
        return divergence(attention(base, ids), attention(contestant.module, ids))

    found, reason = yield from looked(setting, tr("Comparing attention"), texts, look)
    if not texts or not found:
        yield nothing_seen(ATTENTION.key, setting, texts, reason)
        return
    values = {who: [float(each.mean()) for each in heads] for who, heads in found.items()}
    setting.store.keep_rows(ATTENTION.key, "", [text.id for text in texts], values)
    yield scored(
        ATTENTION.key,
        {setting.baseline: [0.0] * len(texts), **values},
        unit=ATTENTION.unit,
        better=ATTENTION.better,
        clusters=[text.cluster for text in texts],
        baseline=setting.baseline,
    )
    for each in others(setting):
        if each.key in found:
            yield _heat(setting, each, texts, found[each.key])


def _heat(
    setting: Setting,
    contestant: OpenContestant,
    texts: Sequence[AnswerText],
    found: Sequence[npt.NDArray[np.float32]],
) -> Figure:
    """Layers by heads, as a mean over the texts; behind the cells what tokens take from which in one text."""
    whole = np.mean(found, axis=0)
    data: dict[str, Any] = {
        "x": [f"Head {head}" for head in range(1, whole.shape[1] + 1)],
        "y": [f"Layer {layer}" for layer in range(1, whole.shape[0] + 1)],
        "values": _rounded(whole, 4),
        "unit": "bits",
        "contestant": contestant.key,
    }
    if whole.max() > 0:
        data["details"] = _details(setting, contestant, _telling(texts, found), whole)
    return Figure(ATTENTION.key, contestant.key, "heat", title_for(setting, contestant, "heads"), data)


def _telling(texts: Sequence[AnswerText], found: Sequence[npt.NDArray[np.float32]]) -> AnswerText:
    """Of the texts that are short enough to be drawn that on which most has changed; else the shortest."""
    short = [place for place, text in enumerate(texts) if len(text.ids) <= DRAWN]
    if not short:
        return min(texts, key=lambda text: len(text.ids))
    return texts[max(short, key=lambda place: float(found[place].mean()))]


def _details(
    setting: Setting, contestant: OpenContestant, text: AnswerText, heads: npt.NDArray[np.float32]
) -> dict[str, Any]:
    """What each token takes from which, in the heads that changed most: as many as there is room for."""
    from studio.evaluate.inside.attention import attention

    pair = setting.contestants[0], contestant
    both = [attention(each.module, text.ids) for each in pair]
    order = np.argsort(-heads, axis=None, kind="stable")[: max(1, ROOM // (2 * len(text.ids) ** 2))]
    kept = []
    for place in order.tolist():
        layer, head = divmod(place, heads.shape[1])
        series = [
            {"name": each.title, "values": _rounded(np.array(weights[layer][head], np.float32), 3)}
            for each, weights in zip(pair, both, strict=True)
        ]
        kept.append({"x": head, "y": layer, "series": series})
    return {"labels": token_texts(pair[0], text.ids), "unit": "", "kept": kept}


def _rounded(matrix: npt.NDArray[np.float32], digits: int) -> list[list[float]]:
    found: list[list[float]] = np.round(matrix.astype(np.float64), digits).tolist()
    return found


ATTENTION = Measure(
    "attention_change",
    tr("Change of attention"),
    tr(
        "Jensen-Shannon divergence of what base and tuned attend to, as a mean over layers, "
        "heads and tokens: 0 "
        "where both look at the same, 1 where at nothing in common."
    ),
    "bits",
    "neither",
    "inside",
    ("standard", "full"),
    _attention,
)
MEASURES = (ATTENTION,)
