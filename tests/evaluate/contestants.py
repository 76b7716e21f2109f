"""Contestants for tests: models opened without a run, and what a measure is given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from studio.dataset.dataset import Dataset
from studio.dataset.render.render import Renderer
from studio.evaluate.golden import NO_GOLDEN, Golden
from studio.evaluate.measure import Setting
from studio.evaluate.store import EvaluationStore
from studio.generate.contestant import Contestant, OpenContestant
from studio.models.cache import ModelCache


def open_contestant(folder: Path, key: str = "base", cache: ModelCache | None = None) -> OpenContestant:
    """A model as the base or as what was tuned, without an adapter."""
    cache = cache or ModelCache()
    opened = cache.open(folder)
    opened.module.eval()
    return OpenContestant(
        contestant=Contestant(kind=key),
        module=opened.module,
        tokenizer=opened.tokenizer,
        renderer=Renderer(opened.tokenizer),
        config=opened.config,
        folder=folder,
        fingerprint=key,
        weights=opened.weights,
        bare=lambda: cache.open(folder).module,
    )


def setting_of(
    contestants: Sequence[OpenContestant],
    store: EvaluationStore,
    golden: Golden = NO_GOLDEN,
    data: Dataset | None = None,
) -> Setting:
    """What a measure is given in an evaluation of these."""
    return Setting(tuple(contestants), store, golden=golden, data=data)
