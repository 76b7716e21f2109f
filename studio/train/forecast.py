"""What a run will take, before it starts: memory and time, from `config.json` and the examples' lengths.

The peak of MLX's memory is the weights, what is trained with its optimizer's state, and on top of that the
higher of two moments: a portion's gradient (traced, see `studio.train.activations`) or the update.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import mlx.core as mx

from studio.errors import ModelError
from studio.events import Forecasted
from studio.models.count import Count, count_parameters
from studio.models.folder import hidden_size, read_config
from studio.models.form import Form
from studio.models.tuning import Tuning
from studio.train.activations import Height, Shape, heights
from studio.train.machine import machine_limit, seconds_for
from studio.train.optimizer import state_bytes
from studio.train.packing import pack
from studio.train.plan import Plan
from studio.train.recipe import Recipe
from studio.train.rough import rough_heights
from studio.train.scratch import update_scratch
from studio.train.session import default_budget, memory_for_prefix
from studio.train.tuning import form_of, tuning_of

FP32 = 4


@dataclass(frozen=True)
class Parts:
    """Bytes, by what they are for."""

    weights: int
    masters: int  # what is trained, in fp32
    optimizer: int
    prefix: int
    gradient: int  # a portion's gradient with all that is kept for it
    held: int  # gradients of earlier portions meanwhile
    update: int
    head: int  # the head's part of `gradient`

    @property
    def peak(self) -> int:
        standing = self.weights + self.masters + self.optimizer + self.prefix
        return standing + max(self.gradient + self.held, self.update)


def forecast(
    recipe: Recipe, folder: Path, lengths: Sequence[int] | None = None, targets: int | None = None
) -> Forecasted:
    """What training the model in `folder` takes; `changes` are left out where it fits.

    `lengths` are the positions of each training example (its tokens but the last; of a pair the longer),
    None where no dataset is known: then every row is taken to be as long as the recipe allows. `targets`
    is how many of these tokens are trained (None: all). Raises ModelError for an unknown model.
    """
    found = estimate(recipe, folder, lengths, targets)
    if found.fits:
        return found
    from studio.train.changes import changes

    return replace(found, changes=tuple(changes(recipe, folder, lengths, found)))


def estimate(
    recipe: Recipe, folder: Path, lengths: Sequence[int] | None = None, targets: int | None = None
) -> Forecasted:
    """The forecast without advice."""
    count = _counted(recipe, folder)
    plan = plan_of(recipe, lengths)
    share = trained_share(plan, targets)
    parts = parts_of(recipe, folder, plan, share, known=lengths is not None)
    adapters = parts.masters + 2 * FP32 * count.trainable // 2
    limit = machine_limit()
    seconds = 0.0
    if lengths:
        seconds = _seconds_per_epoch(recipe, folder, plan, targets)
    return Forecasted(
        model=recipe.model,
        trainable_parameters=count.trainable,
        total_parameters=count.total,
        weights=parts.weights,
        adapters=adapters,
        optimizer=parts.optimizer,
        activations=max(0, parts.peak - parts.weights - adapters - parts.optimizer - parts.head),
        head=parts.head,
        peak=parts.peak,
        limit=limit,
        fits=parts.peak <= limit,
        measured=False,
        seconds_per_epoch=seconds,
        steps_per_epoch=plan.batches_per_epoch / recipe.loop.accumulation if lengths else 0.0,
    )


def plan_of(recipe: Recipe, lengths: Sequence[int] | None) -> Plan:
    """The plan of a run over examples of these lengths, or over a batch of the longest there may be."""
    rows = list(lengths) if lengths else [recipe.data.max_length] * recipe.loop.batch_size
    if recipe.data.packing and not recipe.pairs:
        rows = [sum(rows[i] for i in row) for row in pack(rows, recipe.data.max_length)]
    budget = recipe.loop.tokens_at_once or default_budget()
    return Plan(tuple(rows), recipe.loop, budget, 2 if recipe.pairs else 1)


def trained_share(plan: Plan, targets: int | None) -> float:
    """The share of positions with a trained token; all, where that is not known."""
    return 1.0 if targets is None else min(1.0, targets / max(1, plan.rows * sum(plan.lengths)))


def parts_of(recipe: Recipe, folder: Path, plan: Plan, share: float, known: bool) -> Parts:
    """The bytes of a run by this plan, with `share` of the positions trained.

    `known` says whether the plan's lengths are those of a dataset.
    """
    count = _counted(recipe, folder)
    gradients = FP32 * count.trainable
    shape, portions = _widest(plan, share)
    top, _ = _heights(recipe, folder, shape)
    held = gradients if portions * recipe.loop.accumulation > 1 else 0
    return Parts(
        weights=count.weights_bytes,
        masters=gradients,
        optimizer=state_bytes(recipe, count.shapes),
        prefix=_prefix_bytes(recipe, folder, plan) if known else 0,
        gradient=int(top.highest),
        held=held,
        update=2 * gradients + update_scratch(recipe, count.shapes),
        head=max(0, int(top.head - top.layers)),
    )


def _widest(plan: Plan, share: float) -> tuple[Shape, int]:
    """The largest portion of a run, and in how many portions its batch may be computed."""
    portion = plan.shapes()[0]
    rows = len(portion.examples) * plan.rows
    batch = range(min(len(plan.lengths), plan.loop.batch_size))
    longest = sorted(range(len(plan.lengths)), key=lambda i: -plan.lengths[i])[: len(batch)]
    return Shape(rows, portion.width, max(1, round(share * rows * portion.width))), len(list(plan.portions(longest)))


def _heights(recipe: Recipe, folder: Path, shape: Shape) -> tuple[Height, Height]:
    """Of a portion's gradient, and of one layer; by the rule of thumb where the family cannot be traced."""
    tuning, form = tuning_of(recipe), form_of(recipe)
    config = read_config(folder)
    layers = trained_layers(config, tuning)
    deep = 1 if recipe.loop.checkpointing else layers
    try:
        top, each = heights(folder, _changed(folder), tuning, form, deep, shape)
    except Exception:  # noqa: BLE001  # families fail in ways of their own; the rough estimate is for them
        top, each = rough_heights(config, tuning, form, deep, shape)
    if not recipe.loop.checkpointing:
        return top, each
    entering = shape.positions * hidden_size(config) * FP32
    more = (layers - 1) * entering
    return replace(top, head=top.head + more, layers=top.layers + more), each


def trained_layers(config: dict[str, object], tuning: Tuning) -> int:
    """How many of the model's layers are trained."""
    text = config.get("text_config")
    for part in (config, text if isinstance(text, dict) else {}):
        for key in ("num_hidden_layers", "n_layers", "n_layer", "num_layers"):
            value = part.get(key)
            if isinstance(value, int):
                return min(tuning.layers, value) if tuning.layers else value
    raise ModelError("The model's config.json does not say how many layers it has.")


def _prefix_bytes(recipe: Recipe, folder: Path, plan: Plan) -> int:
    return 0


def _seconds_per_epoch(recipe: Recipe, folder: Path, plan: Plan, targets: int | None) -> float:
    return 0.0


def _changed(folder: Path) -> int:
    return (folder / "config.json").stat().st_mtime_ns


def _counted(recipe: Recipe, folder: Path) -> Count:
    return _count(folder, _changed(folder), tuning_of(recipe), form_of(recipe))


@lru_cache(maxsize=64)
def _count(folder: Path, changed: int, tuning: Tuning, form: Form) -> Count:
    return count_parameters(folder, tuning, form)
