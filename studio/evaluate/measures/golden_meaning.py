"""How near the answers are to the ideal ones in meaning, as a model's own states have it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.catalogue import Unusable, phrase
from studio.evaluate.answering import who_answered
from studio.evaluate.measure import Measure, Setting
from studio.evaluate.measures.golden_answers import answered
from studio.evaluate.measures.nothing import incompatible, not_run
from studio.evaluate.scoring import scored
from studio.evaluate.statistics import Floats
from studio.events import Event, Progress
from studio.language import tr

if TYPE_CHECKING:
    from mlx import nn
    from mlx_lm.tokenizer_utils import TokenizerWrapper

KEY = "golden_meaning"
_TOKENS = 512
"""What is read of a text: more of it says little more of what it means, and takes long."""


def _meaning(setting: Setting) -> Generator[Event]:
    """The cosine of each answer's vector and its ideal answer's.

    The vector of a text is the mean over its tokens of what leaves the last layer, less the mean of all ideal
    answers: states of any two texts have most in common (Mu and Viswanath, "All-but-the-top", 2018).
    """
    items = setting.golden.items
    if not setting.options.embedder:
        yield not_run(KEY, phrase("golden.no_embedder"))
        return
    if not items:
        yield not_run(KEY, phrase("evaluation.no_golden"))
        return
    table = yield from answered(setting)
    module, tokenizer = _opened(setting)
    texts = {who: [table[item.id][who][0].text for item in items] for who in who_answered(table)}
    try:
        ideals = yield from _vectors(module, tokenizer, [item.ideal for item in items])
        found = {}
        for who, given in texts.items():
            found[who] = yield from _vectors(module, tokenizer, given)
    except Unusable as error:
        yield incompatible(KEY, error.phrase)
        return
    middle = ideals.mean(axis=0)
    values = {who: cosines(vectors - middle, ideals - middle).tolist() for who, vectors in found.items()}
    clusters, ids = [item.cluster or item.id for item in items], [item.id for item in items]
    setting.store.keep_rows(KEY, "", ids, values, clusters=clusters)
    yield scored(KEY, values, unit="score", baseline=setting.baseline, clusters=clusters)


def cosines(one: Floats, other: Floats) -> Floats:
    """The cosine of each row of two matrices; 0 where one of them is nothing."""
    sizes = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return np.divide((one * other).sum(axis=1), sizes, out=np.zeros(len(sizes)), where=sizes > 0)


def _vectors(
    module: nn.Module, tokenizer: TokenizerWrapper, texts: Sequence[str]
) -> Generator[Progress, None, Floats]:
    """For each text the mean of what leaves the last layer; zeros for an empty one. Raises Unusable."""
    from studio.evaluate.inside.layers import hidden_states

    rows: list[Floats | None] = []
    for number, text in enumerate(texts):
        ids = tokenizer.encode(text, add_special_tokens=False)[:_TOKENS]
        rows.append(np.array(hidden_states(module, ids)[-1].mean(axis=0), dtype=np.float64) if ids else None)
        yield Progress(str(phrase("golden.reading")), number + 1, len(texts))
    width = next((len(row) for row in rows if row is not None), 1)
    return np.array([np.zeros(width) if row is None else row for row in rows])


def _opened(setting: Setting) -> tuple[nn.Module, TokenizerWrapper]:
    """The model that reads: a contestant by its key, else a model's folder. Raises ModelError."""
    from studio.models.cache import ModelCache
    from studio.paths import model_folder

    name = setting.options.embedder
    for each in setting.contestants:
        if each.key == name:
            return each.module, each.tokenizer
    folder: Path = model_folder(name)
    cache: Any = setting.known.setdefault("embedders", ModelCache())
    opened = cache.open(folder)
    opened.module.eval()
    return opened.module, opened.tokenizer


MEASURES = (
    Measure(
        KEY,
        tr("Similarity of meaning"),
        tr(
            "The cosine of the answer's and the ideal answer's mean state in a model of your choice; up to 1."
        ),
        "score",
        "higher",
        "answers",
        ("full",),
        _meaning,
    ),
)
