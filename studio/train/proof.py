"""Proof that training trains: what has no gradient or stands still is named, what was saved is read back.

The commonest silent defect of fine-tuning is a loss that looks healthy while some tensors stand still. So the
gradient is looked at in the first updates, and the weights' bits are compared with those at the start.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

from studio.catalogue import first_of
from studio.errors import StudioError
from studio.events import Event, Log
from studio.files import parsed
from studio.language import tr
from studio.models import adapter, arrays
from studio.models.arrays import named, nested, number
from studio.train.finite import NAMED
from studio.train.session import Session

LOOKS = 3
"""So many updates are looked at: the first half of an adapter has no gradient before the other has moved."""
ULP = 2.0**-22
"""A step much smaller than this part of a weight may be rounded away."""
PARTNERS = {"lora_a": "lora_b", "lora_b": "lora_a"}


class Untrained(StudioError):
    """A whole kind of tensor is not trained, or what was saved is not what was trained."""


@dataclass(eq=False)
class Proof:
    """What is known of the tensors that a session trains; `note` and `updated` are told of its updates."""

    session: Session
    updates: int = 0
    rates: float = 0.0  # summed
    gradients: dict[str, float] = field(default_factory=dict)  # the largest number seen in each
    best_loss: float | None = None  # of one batch with the best weights, if they were found in this session
    _start: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._start = _marks(adapter.weights(self.session.model))

    @property
    def looks(self) -> bool:
        """Whether the gradient of the next update is to be noted."""
        return self.updates < LOOKS

    def note(self, gradient: dict[str, Any]) -> None:
        """Look at the gradient of an update that is about to be made."""
        found = named(gradient)
        highest = mx.stack([mx.maximum(array.max(), -array.min()) for array in found.values()])
        for name, value in zip(found, np.array(highest).tolist(), strict=True):
            self.gradients[name] = max(self.gradients.get(name, 0.0), value)

    def updated(self, rate: float) -> Iterator[Event]:
        """An update was made; after the last that is looked at, what stands still is told."""
        self.updates, self.rates = self.updates + 1, self.rates + rate
        if self.updates == LOOKS:
            yield from self._judged([*self._silent(), *self._unmoved()])

    def keep(self, *, measured: bool) -> int:
        """The mark of the weights as they stand, which are now the result; `measured` with a batch's loss."""
        self.best_loss = _loss(self.session, self.session.plan.shapes[-1]) if measured else None
        return mark_of(adapter.weights(self.session.model))

    def at_the_end(self) -> Iterator[Event]:
        """The run has made its last update. Raises Untrained as `updated` does."""
        if self.updates:
            silent = self._silent() if self.updates < LOOKS else []
            yield from self._judged([*silent, *self._unmoved()])

    def _silent(self) -> list[str]:
        """Tensors that had no gradient in any update so far."""
        without = [name for name, highest in self.gradients.items() if highest == 0.0]
        return [name for name in without if self.updates > 1 or not self._waits(name)]

    def _waits(self, name: str) -> bool:
        """Whether this is the half of an adapter that learns from the second update on."""
        path, _, half = name.rpartition(".")
        return self.gradients.get(f"{path}.{PARTNERS.get(half, '')}", 0.0) > 0.0

    def _unmoved(self) -> list[str]:
        """Tensors that had a gradient and should have moved by more than rounding, and did not."""
        now = adapter.weights(self.session.model)
        marks = _marks(now)
        still = [name for name, mark in marks.items() if mark == self._start[name]]
        return [name for name in still if self._step(name) > ULP * number(mx.abs(now[name]).max())]

    def _step(self, name: str) -> float:
        """About how far an element of this tensor should have come."""
        highest = self.gradients.get(name, 0.0)
        plain = self.session.recipe.optimizer.name == "sgd"
        return 0.1 * self.rates * (highest if plain else float(highest > 0))

    def _judged(self, names: list[str]) -> Iterator[Event]:
        if not names:
            return
        still = set(names)
        kinds: dict[str, list[str]] = {}
        for name, array in adapter.weights(self.session.model).items():
            # A vector of a whole model may be there only to choose with, as a router's correction is.
            if self.session.recipe.adapts or array.ndim > 1:
                kinds.setdefault(re.sub(r"\d+", "*", name), []).append(name)
        whole = [kind for kind, members in kinds.items() if still.issuperset(members)]
        if whole:
            raise Untrained("train.not_learned", updates=self.updates, names=first_of(whole, NAMED))
        yield Log(
            tr(
                "After {updates} updates these tensors had not learned: {first_of}.",
                updates=self.updates,
                first_of=first_of(sorted(still), NAMED),
            ),
            "warning",
        )


def read_back(session: Session, folder: Path) -> float:
    """The loss of one batch with what `folder` holds, which is that of the model as it stands.

    Raises Untrained when it is another, or when the folder's configuration names other layers.
    """
    saved = _saved(session, folder)
    mine, theirs = _loss(session, session.plan.shapes[-1]), _loss_with(session, saved)
    if mine != theirs:
        raise Untrained("train.other_loss", folder=folder, theirs=f"{theirs:.4f}", mine=f"{mine:.4f}")
    return mine


def prove_result(session: Session, folder: Path, mark: int, best_loss: float | None) -> None:
    """Hold the run's result in `folder` against what it was made from: `mark` and a batch's loss, if known.

    Raises Untrained when a bit is another, the loss is, or the configuration.
    """
    saved = _saved(session, folder)
    described = parsed((folder / adapter.CONFIG).read_text(encoding="utf-8"))
    described.pop(adapter.STEP, None)
    same = {**described, "model": ""} == {**session.made_for, "model": ""} and mark_of(saved) == mark
    if not same or best_loss not in (None, _loss_with(session, saved)):
        weights, config = adapter.WEIGHTS, adapter.CONFIG
        raise Untrained("train.other_adapter", folder=folder, weights=weights, config=config)


def mark_of(weights: dict[str, mx.array]) -> int:
    """A number that changes with any bit, name or shape."""
    marks = _marks(weights)
    return zlib.crc32(repr([(name, weights[name].shape, marks[name]) for name in sorted(marks)]).encode())


def _saved(session: Session, folder: Path) -> dict[str, mx.array]:
    """What `folder` holds. Raises Untrained when it is not of the tensors that are trained."""
    trained, saved = adapter.weights(session.model), arrays.read(folder / adapter.WEIGHTS)
    mine, theirs = ({n: (a.shape, a.dtype) for n, a in some.items()} for some in (trained, saved))
    if mine != theirs or not _all_named(saved, adapter.keys_of(folder)):
        raise Untrained("train.unnamed", folder=folder)
    return saved


def _loss_with(session: Session, saved: dict[str, mx.array]) -> float:
    """The loss of a batch with other weights; those of the model are put back."""
    trained = session.model.trainable_parameters()
    try:
        session.model.update(nested(saved))
        return _loss(session, session.plan.shapes[-1])
    finally:
        session.model.update(trained)


def _loss(session: Session, micro_batch: Any) -> float:
    totals = session.training.totals(micro_batch.examples)
    found = session.learner.measure(session.objective, session.training, [micro_batch], totals)
    return next(iter(list(found)))[0]


def _all_named(saved: Iterable[str], keys: list[str] | None) -> bool:
    """Whether an adapter's configuration names every layer that it has weights for."""
    if keys is None:
        return True
    layers = {name.rpartition(".")[0] for name in saved if name.endswith("lora_a")}
    return all(any(layer == key or layer.endswith(f".{key}") for key in keys) for layer in layers)


def _marks(weights: dict[str, mx.array]) -> dict[str, int]:
    """A number for each array that changes with any of its bits."""
    return {name: _mark(array) for name, array in weights.items()}  # one by one: each takes memory


def _mark(array: mx.array) -> int:
    bits = array.view(mx.uint32).reshape(-1)
    # Each place counts differently, or steps up and down of equal size would cancel.
    return int((bits * mx.arange(1, 2 * bits.size, 2, dtype=mx.uint32)).sum().item())  # type: ignore[arg-type]
