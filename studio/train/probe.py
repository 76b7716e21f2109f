"""A forecast held against this machine: one portion rehearsed before step 1, and when to refuse a run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import mlx.core as mx

from studio import words
from studio.data.dataset import Dataset
from studio.errors import ModelError, RecipeError
from studio.events import Forecasted, Progress
from studio.models.adapter import weights
from studio.train.forecast import Rows, forecast
from studio.train.material import Material
from studio.train.plan import Portion
from studio.train.recipe import Recipe
from studio.train.scratch import update_scratch
from studio.train.session import Session

BEYOND = 1.15
"""An estimate this far beyond the limit is refused untried: an impossible allocation may end the process."""


@dataclass(frozen=True)
class Probe:
    """What one portion took: bytes at the highest point and in the end, seconds, and rows x width."""

    peak: int
    standing: int
    seconds: float
    positions: int


def rows_of(recipe: Recipe, data: Dataset) -> Rows:
    """What a forecast needs to know of a run's training examples."""
    material = Material.of(data.train, pairs=recipe.pairs)
    return Rows(material.lengths, sum(tokens.targets for tokens in material.sequences))


def forecast_of(recipe: Recipe, folder: Path, rows: Rows) -> Forecasted | None:
    """The forecast of a run; None for a model whose config does not tell enough, which is tried all the same.

    Raises RecipeError with the advice when the run is far too large.
    """
    try:
        told = forecast(recipe, folder, rows)
    except ModelError:
        return None
    if why := refusal(told):
        raise RecipeError(why)
    return told


def probed(told: Forecasted, recipe: Recipe, folder: Path, rows: Rows, session: Session) -> Forecasted:
    """The forecast, sharpened by one portion that was rehearsed. Raises RecipeError when it does not fit."""
    found = sharpened(told, probe(session), session)
    if not found.fits and not found.changes:  # the formula was too low by as much: aim lower by that
        aim = int(told.limit * told.peak / found.peak)
        found = replace(found, changes=forecast(recipe, folder, rows, aim).changes)
    if why := refusal(found):
        raise RecipeError(why)
    return found


def warm_up(session: Session) -> Iterator[Progress]:
    """Meet each shape of the run before the first step, where a shape costs something the first time.

    That is on a GPU, which compiles for it; on the CPU the largest is enough, and the probe meets it.
    """
    shapes = [] if mx.default_device() == mx.cpu else session.plan.shapes
    for done, portion in enumerate(shapes):
        yield Progress("Warming up", done, len(shapes))
        session.learner.rehearse(session.objective, session.training, portion)


def probe(session: Session) -> Probe:
    """Rehearse the widest portion of the run; twice where that is quick: the first time takes longer."""
    portion = session.plan.shapes[0]
    mx.clear_cache()
    mx.reset_peak_memory()
    seconds = _rehearsed(session, portion)
    peak = mx.get_peak_memory()
    if seconds < 2:
        seconds = min(seconds, _rehearsed(session, portion))
    rows = len(portion.examples) * session.plan.rows
    return Probe(peak, mx.get_active_memory(), seconds, rows * portion.width)


def sharpened(forecast: Forecasted, probe: Probe, session: Session) -> Forecasted:
    """The forecast with what was measured in place of what was reckoned.

    A rehearsal makes no update and holds no gradient of an earlier portion, and before the first step of a
    full fine-tuning in fp32 what is trained is still the model's own memory: all that is added.
    """
    recipe, plan = session.recipe, session.plan
    trained = sum(array.nbytes for array in weights(session.model).values())
    portions = sum(len(list(plan.portions(batch))) for _, batch in plan.batches_of(1))
    held = trained if portions > 1 else 0
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


def refusal(forecast: Forecasted) -> str | None:
    """Why a run should not be tried, with what to change; None where it may be.

    An estimate may be some percent high, so it refuses only what is clearly too much.
    """
    most = forecast.limit if forecast.measured else BEYOND * forecast.limit
    if forecast.peak <= most:
        return None
    how = "takes" if forecast.measured else "would take about"
    advice = " ".join(forecast.changes) or "Choose a smaller model."
    several = "Any one of these makes it fit: " if len(forecast.changes) > 1 else ""
    return (
        f"This run {how} {words.memory(forecast.peak)} of memory, and this machine gives "
        f"{words.memory(forecast.limit)}. {several}{advice}"
    )


def _rehearsed(session: Session, portion: Portion) -> float:
    began = time.perf_counter()
    session.learner.rehearse(session.objective, session.training, portion)
    return time.perf_counter() - began


def _shapes(session: Session) -> dict[str, tuple[int, ...]]:
    return {name: tuple(array.shape) for name, array in weights(session.model).items()}
