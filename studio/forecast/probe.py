"""A forecast held against this machine: one micro-batch rehearsed before step 1, and when to refuse a run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import mlx.core as mx

from studio import words
from studio.catalogue import Phrase, Said, Value, phrase, sentences
from studio.dataset.dataset import Dataset
from studio.errors import ModelError, RecipeError
from studio.events import Forecasted
from studio.forecast.forecast import ExampleLengths, forecast
from studio.forecast.peak_memory import update_scratch
from studio.models.adapter import weights
from studio.recipe.recipe import Recipe
from studio.train.kernels.attention import Attention
from studio.train.micro_batch import ExampleSet
from studio.train.plan import MicroBatch
from studio.train.session import Session

BEYOND = 1.15
"""An estimate this far beyond the limit is refused untried: an impossible allocation may end the process."""


@dataclass(frozen=True)
class Probe:
    """What one micro-batch took: bytes at the highest point and in the end, seconds, and rows x width."""

    peak: int
    standing: int
    seconds: float
    positions: int


class Gate:
    """Lets a run begin that fits into this machine's memory: first by its forecast, then by a rehearsal.

    Raises RecipeError with advice for one that is far too large by its forecast. A model whose config does
    not tell enough for one is tried all the same.
    """

    def __init__(self, recipe: Recipe, folder: Path, data: Dataset) -> None:
        self._recipe, self._folder = recipe, folder
        example_set = ExampleSet.of(data.train, pairs=recipe.pairs)
        self._rows = ExampleLengths(
            example_set.lengths, sum(tokens.targets for tokens in example_set.sequences)
        )
        self._forecast: Forecasted | None = None
        try:
            self._forecast = forecast(recipe, folder, self._rows)
        except ModelError:
            return
        _refuse(self._forecast)

    @property
    def spare(self) -> int | None:
        """The bytes that the forecast leaves of the machine's memory."""
        return None if self._forecast is None else self._forecast.limit - self._forecast.peak

    def rehearse(self, session: Session) -> Forecasted | None:
        """The forecast, sharpened by one rehearsed micro-batch. Raises RecipeError if it does not fit."""
        if self._forecast is None:
            return None
        if session.learner.attention is Attention.MLX:  # chosen since
            self._forecast = forecast(self._recipe, self._folder, self._rows)
        found = sharpened(self._forecast, probe(session), session)
        if not found.fits and not found.changes:  # the formula was too low by as much: aim lower by that
            aim = int(found.limit * self._forecast.peak / found.peak)
            found = replace(found, changes=forecast(self._recipe, self._folder, self._rows, aim).changes)
        _refuse(found)
        return found


def probe(session: Session) -> Probe:
    """Rehearse the widest micro-batch of the run; twice where that is quick: the first time takes longer."""
    micro_batch = session.plan.shapes[0]
    mx.clear_cache()
    mx.reset_peak_memory()
    seconds = _rehearsed(session, micro_batch)
    peak = mx.get_peak_memory()
    if seconds < 2:
        seconds = min(seconds, _rehearsed(session, micro_batch))
    rows = len(micro_batch.examples) * session.plan.rows
    return Probe(peak, mx.get_active_memory(), seconds, rows * micro_batch.width)


def sharpened(forecast: Forecasted, probe: Probe, session: Session) -> Forecasted:
    """The forecast with what was measured in place of what was reckoned.

    A rehearsal makes no update and holds no gradient of an earlier micro-batch. Before the first step of a
    full fine-tuning in fp32 what is trained is still the model's own memory: all that is added.
    """
    recipe, plan = session.recipe, session.plan
    trained = sum(array.nbytes for array in weights(session.model).values())
    micro_batches = sum(len(list(plan.micro_batches(batch))) for _, batch in plan.batches_of(1))
    held = trained if micro_batches > 1 else 0
    apart = trained if recipe.method == "full" and session.learner.precision == mx.float32 else 0
    standing = forecast.weights + trained + forecast.optimizer
    updating = standing + 2 * trained + update_scratch(recipe, _shapes(session))
    peak = max(probe.peak + held + apart, updating)
    known = forecast.weights + forecast.adapters + forecast.optimizer + forecast.head
    widths = [next(width for width in plan.widths if width >= length) for length in plan.lengths]
    return replace(
        forecast,
        activations=max(0, peak - known),
        peak=peak,
        fits=peak <= forecast.limit,
        measured=True,
        seconds_per_epoch=probe.seconds * plan.rows * sum(widths) / max(1, probe.positions),
        changes=() if peak <= forecast.limit else forecast.changes,
    )


def refusal(forecast: Forecasted) -> Phrase | None:
    """Why a run should not be tried, with what to change; None where it may be.

    An estimate may be some percent high, so it refuses only what is clearly too much.
    """
    most = forecast.limit if forecast.measured else BEYOND * forecast.limit
    if forecast.peak <= most:
        return None
    code = "forecast.takes" if forecast.measured else "forecast.would_take"
    peak, limit = words.memory(forecast.peak), words.memory(forecast.limit)
    return phrase(code, peak=peak, limit=limit, advice=_advice(forecast.changes))


def _advice(changes: Sequence[Said]) -> Value:
    if not changes:
        return phrase("forecast.smaller_model")
    return phrase("forecast.any_change", changes=sentences(changes)) if len(changes) > 1 else changes[0]


def _refuse(forecast: Forecasted) -> None:
    if why := refusal(forecast):
        raise RecipeError(why)


def _rehearsed(session: Session, micro_batch: MicroBatch) -> float:
    began = time.perf_counter()
    session.learner.rehearse(session.objective, session.training, micro_batch)
    return time.perf_counter() - began


def _shapes(session: Session) -> dict[str, tuple[int, ...]]:
    return {name: tuple(array.shape) for name, array in weights(session.model).items()}
