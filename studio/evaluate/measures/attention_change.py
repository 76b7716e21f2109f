"""Where tuning changed what a model looks at: attention of base and tuned, head by head."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studio.catalogue import phrase
from studio.evaluate.measure import Measure, Setting
from studio.evaluate.measures.looks import (
    AnswerText,
    answer_texts,
    looked,
    nothing_seen,
    others,
    token_texts,
)
from studio.evaluate.scoring import scored
from studio.events import Event, Figure

if TYPE_CHECKING:
    from studio.generate.contestant import OpenContestant

MOST, LONGEST, HEADS = 12, 160, 4
"""So many texts of at most so many tokens are read, and so many of the heads that changed most are shown."""


def _attention(setting: Setting) -> Generator[Event]:
    from studio.evaluate.inside.attention import attention, divergence

    texts = answer_texts(setting, MOST, LONGEST) if others(setting) else []
    base = setting.contestants[0].module

    def look(contestant: OpenContestant, place: int) -> npt.NDArray[np.float32]:
        ids = texts[place].ids
        return divergence(attention(base, ids), attention(contestant.module, ids))

    found, reason = yield from looked(setting, "Comparing attention", texts, look)
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
    for who, heads in found.items():
        whole = np.mean(heads, axis=0)
        yield _heat(who, whole)
        if whole.max() > 0:
            contestant = next(each for each in others(setting) if each.key == who)
            yield from _matrices(setting, contestant, texts[int(np.argmax(values[who]))], whole)


def _heat(who: str, heads: npt.NDArray[np.float32]) -> Figure:
    data = {
        "x": [f"{head}" for head in range(1, heads.shape[1] + 1)],
        "y": [f"{layer}" for layer in range(1, heads.shape[0] + 1)],
        "values": _rounded(heads),
        "unit": "bits",
        "contestant": who,
    }
    return Figure(ATTENTION.key, f"{who}/heads", "heat", phrase("inside.heads"), data)


def _matrices(
    setting: Setting, contestant: OpenContestant, text: AnswerText, heads: npt.NDArray[np.float32]
) -> Generator[Event]:
    """Token by token what the heads that changed most take from where, in base and tuned."""
    from studio.evaluate.inside.attention import attention

    named = token_texts(setting.contestants[0], text.ids)
    both = [attention(each.module, text.ids) for each in (setting.contestants[0], contestant)]
    order = np.argsort(-heads, axis=None, kind="stable")[:HEADS]
    for place in order.tolist():
        layer, head = divmod(place, heads.shape[1])
        pictures = [np.array(each[layer][head], np.float32) for each in both]
        for name, picture in zip((setting.baseline, contestant.key), pictures, strict=True):
            title = phrase("inside.head", layer=layer + 1, head=head + 1, contestant=name)
            data: dict[str, Any] = {
                "x": named,
                "y": named,
                "values": _rounded(picture),
                "unit": "share",
                "contestant": name,
                "layer": layer + 1,
                "head": head + 1,
            }
            key = f"{contestant.key}/{layer + 1}.{head + 1}/{name}"
            yield Figure(ATTENTION.key, key, "heat", title, data)


def _rounded(matrix: npt.NDArray[np.float32]) -> Sequence[Sequence[float]]:
    found: list[list[float]] = np.round(matrix.astype(np.float64), 4).tolist()
    return found


ATTENTION = Measure(
    "attention_change",
    "Change of attention",
    "Jensen-Shannon divergence of what base and tuned attend to, as a mean over layers, heads and tokens: 0 "
    "where both look at the same, 1 where at nothing in common.",
    "bits",
    "neither",
    "inside",
    ("standard", "full"),
    _attention,
)
MEASURES = (ATTENTION,)
