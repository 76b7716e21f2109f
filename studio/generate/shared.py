"""Proof that contestants are compared over one copy of their model's weights, and that it is the original."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx
import numpy as np
from mlx import nn
from mlx.utils import tree_unflatten
from numpy.typing import NDArray

from studio.errors import ModelError
from studio.generate.contestant import OpenContestant
from studio.generate.joined import bottom_of
from studio.models import arrays
from studio.models.folder import model_fingerprint
from studio.models.strength import outermost

_TEXT = "The quick brown fox jumps over the lazy dog, and 1 + 1 = 2."
"""What is read where nothing else is given."""


@dataclass(frozen=True)
class OneCopy:
    """What was verified of a model: the SHA-256 of its weights, which contestants share them, which do not.

    Those in `own` have weights that were trained themselves, and are not the original's even without what is
    on top of them.
    """

    folder: Path
    fingerprint: str
    sharing: tuple[str, ...]
    own: tuple[str, ...] = ()


@contextmanager
def detached(model: nn.Module) -> Iterator[nn.Module]:
    """The model without any of the adapters that it bears, for a while."""
    layers = outermost(model)
    model.update_modules(tree_unflatten([(path, bottom_of(layer)) for path, layer in layers.items()]))
    try:
        yield model
    finally:
        model.update_modules(tree_unflatten(list(layers.items())))


def verify(contestants: Sequence[OpenContestant], rows: Sequence[Sequence[int]] = ()) -> tuple[OneCopy, ...]:
    """One for each model that is among the contestants, in their order.

    Each contestant's adapters are taken off. What is left must be the very arrays of the untouched original,
    and give each token of `rows` the same loss to the last bit. Raises ModelError where it does not.
    """
    groups: dict[int, list[OpenContestant]] = {}
    for contestant in contestants:
        groups.setdefault(id(contestant.weights), []).append(contestant)
    return tuple(_verified(group, rows) for group in groups.values())


def is_shared(contestant: OpenContestant) -> bool:
    """Whether a contestant was verified to answer over the untouched original's own copy; each only once."""
    known: dict[str, bool] = contestant.weights.kept.setdefault("verified", {})
    if contestant.fingerprint not in known:
        try:
            known[contestant.fingerprint] = not verify([contestant])[0].own
        except ModelError:
            known[contestant.fingerprint] = False
    return known[contestant.fingerprint]


def _verified(group: Sequence[OpenContestant], rows: Sequence[Sequence[int]]) -> OneCopy:
    first = group[0]
    rows = rows or [first.tokenizer.encode(_TEXT)]
    original = first.bare().eval()
    expected, theirs = _losses(original, rows), arrays.named(original.parameters())
    sharing, own = [], []
    for contestant in group:
        with detached(contestant.module) as module:
            mine = arrays.named(module.parameters())
            if any(array is not theirs.get(name) for name, array in mine.items()):
                own.append(contestant.key)
                continue
            if not np.array_equal(_losses(module, rows), expected):
                raise ModelError("contestant.not_original", key=contestant.key, folder=first.folder)
        sharing.append(contestant.key)
    fingerprint = model_fingerprint(first.folder)["weights"]
    return OneCopy(first.folder, fingerprint, tuple(sharing), tuple(own))


def _losses(model: nn.Module, rows: Sequence[Sequence[int]]) -> NDArray[np.float32]:
    """-log p of every token but the first of each row, one row after another."""
    found = []
    for row in rows:
        ids = mx.array([list(row)], mx.int32)
        logits = model(ids[:, :-1]).astype(mx.float32)
        chosen = mx.take_along_axis(logits, ids[:, 1:, None], axis=-1)[..., 0]
        found.append(np.array(mx.logsumexp(logits, axis=-1) - chosen).ravel())
    return np.concatenate(found)
