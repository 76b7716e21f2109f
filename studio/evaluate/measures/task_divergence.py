"""How far tuning moved the model on its own task, token by token: the best single sign of what it forgets.

KL(base || tuned) on the task's own questions and ideal answers predicts forgetting better than the size of
the change of the weights (Shenfeld et al., 2025, "RL's Razor: Why Online Reinforcement Learning Forgets
Less"). It is no loss by itself: a tuning that learned something has moved.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

import numpy as np

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
    from studio.evaluate.inside.change import TokenChange
    from studio.generate.contestant import OpenContestant

MOST, SHOWN, SHOWN_PROMPT = 64, 8, 120
"""So many questions are read, so many of those that moved most are shown token by token, and so much of what
each asks.
"""


def _divergence(setting: Setting) -> Generator[Event]:
    from studio.evaluate.inside.change import Predictor, token_change

    texts = answer_texts(setting, MOST) if others(setting) else []
    predictors = {each.key: Predictor.of(each.module) for each in setting.readers}

    def look(contestant: OpenContestant, place: int) -> TokenChange:
        text, base = texts[place], predictors[setting.baseline]
        return token_change(base, predictors[contestant.key], text.ids, text.asked)

    found, reason = yield from looked(setting, tr("Comparing token by token"), texts, look)
    if not texts or not found:
        yield nothing_seen(DIVERGENCE.key, setting, texts, reason)
        return
    counts = [float(len(text.asked)) for text in texts]
    sums = {who: [float(each.kl.sum()) for each in changes] for who, changes in found.items()}
    per_token = {who: (np.array(each) / counts).tolist() for who, each in sums.items()}
    setting.store.keep_rows(DIVERGENCE.key, "", [text.id for text in texts], per_token)
    yield scored(
        DIVERGENCE.key,
        {setting.baseline: [0.0] * len(texts), **sums},
        unit=DIVERGENCE.unit,
        better=DIVERGENCE.better,
        weights=counts,
        clusters=[text.cluster for text in texts],
        baseline=setting.baseline,
    )
    for who, changes in found.items():
        yield _figure(setting, who, texts, changes, per_token[who])


def _figure(
    setting: Setting,
    who: str,
    texts: Sequence[AnswerText],
    changes: Sequence[TokenChange],
    moved: Sequence[float],
) -> Figure:
    """The answers that moved most under their questions, each token with its shift and its divergence."""
    shown: list[str] = []
    shifts: list[float | None] = []
    divergences: list[float | None] = []
    for place in np.argsort(-np.array(moved), kind="stable")[:SHOWN].tolist():
        text, change = texts[place], changes[place]
        named = token_texts(setting.contestants[0], text.ids)
        shown += [f"{text.prompt[:SHOWN_PROMPT]}\n", *(named[at] for at in text.asked), "\n\n"]
        shifts += [None, *np.round(change.shift, 4).tolist(), None]
        divergences += [None, *np.round(change.kl, 4).tolist(), None]
    data = {
        "texts": shown,
        "series": [{"name": "Shift", "values": shifts}, {"name": "Divergence", "values": divergences}],
        "unit": "nats",
        "contestant": who,
    }
    contestant = next(each for each in others(setting) if each.key == who)
    return Figure(DIVERGENCE.key, who, "tokens", title_for(setting, contestant, "tokens"), data)


def _ideal(setting: Setting) -> Generator[Event]:
    texts = answer_texts(setting, MOST)
    if not texts:
        yield nothing_seen(IDEAL.key, setting, texts, "")
        return
    losses = yield from setting.losses("ideal answers", [text.tokens for text in texts])
    targets = losses[setting.baseline].targets
    values = {who: (-each.sums).tolist() for who, each in losses.items()}
    per_token = {who: (-each.sums / targets).tolist() for who, each in losses.items()}
    setting.store.keep_rows(IDEAL.key, "", [text.id for text in texts], per_token)
    yield scored(
        IDEAL.key,
        values,
        unit=IDEAL.unit,
        better=IDEAL.better,
        weights=targets.tolist(),
        clusters=[text.cluster for text in texts],
        baseline=setting.baseline,
    )


DIVERGENCE = Measure(
    "task_divergence",
    tr("Divergence from the base"),
    tr(
        "KL of base and tuned per token of the task's own ideal answers: how far tuning moved "
        "the model, which "
        "tells better than anything else that is cheap how much it forgets."
    ),
    "nats",
    "neither",
    "kept",
    ("standard", "full"),
    _divergence,
)
IDEAL = Measure(
    "ideal_log_probability",
    tr("Probability of the ideal answer"),
    tr("The mean of log p of the ideal answer's tokens after its question: 0 where the model is sure of it."),
    "nats",
    "higher",
    "loss",
    ("standard", "full"),
    _ideal,
)
MEASURES = (DIVERGENCE, IDEAL)
