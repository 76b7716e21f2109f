"""What a run will take, before it starts: memory and time, from `config.json` and the examples' lengths.

The peak of MLX's memory is the weights, what is trained with its optimizer's state, and on top of that the
higher of two moments: a micro-batch's gradient (traced, see `studio.forecast.activations`) or the update.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import mlx.core as mx

from studio.catalogue import Phrase
from studio.errors import ModelError
from studio.events import Forecasted
from studio.forecast.activations import Height, Shape, estimated_heights, heights
from studio.forecast.changes import changes
from studio.forecast.peak_memory import update_scratch
from studio.models.adapter import Tuning
from studio.models.count import PRECISIONS, ParameterCount, count_parameters, saved_precision
from studio.models.description import Description, describe
from studio.models.folder import hidden_size, read_config
from studio.models.form import WeightForm
from studio.recipe.recipe import Recipe
from studio.train.attending import decisions
from studio.train.kernels.overlay import REFUSALS
from studio.train.memory import machine_limit, speed_of
from studio.train.micro_batch import pack
from studio.train.optimizer import state_bytes
from studio.train.plan import BatchPlan
from studio.train.prepare import form_of, tuning_of
from studio.train.session import default_budget, memory_for_prefix

FP32 = 4  # bytes


@dataclass(frozen=True)
class ExampleLengths:
    """What is known of a dataset: for each training example its positions (tokens but the last; of a pair
    the longer side's), and how many of them all are trained (None: every one)."""

    lengths: tuple[int, ...]
    targets: int | None = None


def forecast(
    recipe: Recipe,
    folder: Path,
    rows: ExampleLengths | None = None,
    limit: int | None = None,
    planned: tuple[Tuning, ...] = (),
) -> Forecasted:
    """What training the model in `folder` takes, and if that does not fit, what would make it fit.

    `limit` is what it should fit into, else what this machine gives; `planned` are adapters still to be
    trained that the recipe goes on from. Without rows every example is taken to be as long as the recipe
    allows, and no time is told. Raises ModelError for a model that is unknown, or does not fit the recipe.
    """
    found = _Reckoning(recipe, folder, rows, planned)
    count = found.count
    parts = found.parts()
    limit = machine_limit() if limit is None else limit
    advice: list[Phrase] = []
    if parts.peak > limit:
        advice = changes(
            recipe,
            lambda other: _Reckoning(other, folder, shortened(rows, other), planned).parts().peak,
            limit,
            found.plan.budget,
        )
    return Forecasted(
        model=recipe.model,
        trainable_parameters=count.trainable,
        total_parameters=count.total,
        weights=parts.weights,
        adapters=parts.adapters,
        optimizer=parts.optimizer,
        activations=parts.activations,
        head=parts.head,
        peak=parts.peak,
        limit=limit,
        fits=parts.peak <= limit,
        measured=False,
        seconds_per_epoch=found.seconds_per_epoch() if rows else 0.0,
        steps_per_epoch=found.plan.batches_per_epoch / recipe.loop.accumulation if rows else 0.0,
        changes=tuple(advice),
        adapted_parameters=count.adapted,
        remarks=found.described.remarks_on(1 + max(found.plan.lengths)),
    )


def shortened(rows: ExampleLengths | None, recipe: Recipe) -> ExampleLengths | None:
    """The rows as a shorter maximum length would leave them (at most; dropped ones are not longer)."""
    if rows is None or max(rows.lengths) < recipe.data.max_length:
        return rows
    return ExampleLengths(
        tuple(min(length, recipe.data.max_length - 1) for length in rows.lengths), rows.targets
    )


@dataclass(frozen=True)
class MemoryParts:
    """Bytes, by what they are for; they add up to the peak."""

    weights: int
    adapters: int
    optimizer: int
    activations: int
    head: int

    @property
    def peak(self) -> int:
        return self.weights + self.adapters + self.optimizer + self.activations + self.head


class _Reckoning:
    """One recipe on one model and dataset."""

    def __init__(
        self, recipe: Recipe, folder: Path, rows: ExampleLengths | None, planned: tuple[Tuning, ...]
    ) -> None:
        self.recipe, self.folder, self.rows = recipe, folder, rows
        self.described = _described(folder, _changed(folder))
        self.config = self.described.config
        self.tuning, self.form = replace(tuning_of(recipe), planned=planned), form_of(recipe)
        read_config(folder)
        self.count = _count(folder, _changed(folder), self.tuning, self.form)
        self.layers = trained_layers(self.config, self.tuning)
        self.plan = plan_of(recipe, rows)

    def parts(self) -> MemoryParts:
        """The bytes at the highest point of the run."""
        shape, micro_batches = self.widest()
        gradients = FP32 * self.count.trainable
        casts = 0 if self.precision == mx.float32 else self.count.trainable * self.precision.size
        top, _ = self.heights(shape)
        held = gradients if micro_batches * self.recipe.loop.accumulation > 1 else 0
        update = 2 * gradients + update_scratch(self.recipe, self.count.shapes)
        over = max(held + int(top.highest), update)
        head = max(0, int(top.head - top.layers)) if over > update else 0
        adapters = 2 * gradients + held + casts
        return MemoryParts(
            weights=self.count.weights_bytes,
            adapters=adapters,
            optimizer=state_bytes(self.recipe, self.count.shapes),
            activations=max(0, gradients + over - adapters - head) + self.prefix_bytes(),
            head=head,
        )

    @property
    def precision(self) -> mx.Dtype:
        """What a step computes in."""
        asked = self.form.precision
        return PRECISIONS[asked] if asked in PRECISIONS else saved_precision(self.described)

    def widest(self) -> tuple[Shape, int]:
        """The largest micro-batch of the run, and in how many micro-batches its longest batch is computed."""
        plan = self.plan
        longest = sorted(range(len(plan.lengths)), key=lambda i: (-plan.lengths[i], i))
        micro_batches = list(plan.micro_batches(longest[: plan.loop.batch_size]))
        widest = max(micro_batches, key=lambda p: (p.width * len(p.examples), p.width))
        rows = len(widest.examples) * plan.rows
        return self.shape(rows, widest.width), len(micro_batches)

    def shape(self, rows: int, width: int) -> Shape:
        """So many rows of a width, with the dataset's share of trained positions."""
        share = 1.0
        if self.rows is not None and self.rows.targets is not None:
            share = min(1.0, self.rows.targets / max(1, self.plan.rows * sum(self.rows.lengths)))
        return Shape(rows, width, max(1, round(share * rows * width)))

    def heights(self, shape: Shape) -> tuple[Height, Height]:
        """What finding a micro-batch's gradient takes and computes, and a layer's part of it."""
        top, each = self.traced(shape, self.layers)
        if not self.recipe.loop.checkpointing:
            return top, each
        entering = shape.positions * hidden_size(self.config) * self.precision.size
        more = (self.layers - 1) * (entering + 2 * FP32 * self.count.trainable / self.layers / 2)
        one, _ = self.traced(shape, 1)
        lone, _ = self.traced(replace(shape, targets=1), 1)  # the head is over when a layer is computed again
        again = self.layers * each.multiplications / 3
        return (
            Height(
                one.head - each.head + more,
                lone.layers + more,
                top.multiplications + again,
                top.forward,
                top.numbers,
            ),
            each,
        )

    def traced(self, shape: Shape, layers: int) -> tuple[Height, Height]:
        """The heights by tracing; by the rule of thumb where the family cannot be traced."""
        try:
            return heights(
                self.folder, _changed(self.folder), self.tuning, self.form, layers, shape, decisions()
            )
        except (*REFUSALS, ModelError, RuntimeError):
            return estimated_heights(self.config, layers, shape, self.count.trainable)

    def prefix_bytes(self) -> int:
        """What the prefix cache keeps in memory (see `studio.train.session`)."""
        loop, asked = self.recipe.loop, self.recipe.loop.prefix_cache
        frozen = 0 < self.tuning.layers < depth(self.config) and not self.tuning.embeddings
        if self.rows is None or asked in ("off", "disk") or loop.neftune or not frozen:
            return 0
        tokens = self.plan.rows * sum(self.rows.lengths)
        size = tokens * hidden_size(self.config) * self.precision.size
        auto = self.plan.epochs <= 1 or size > memory_for_prefix()
        return 0 if asked == "auto" and auto else size

    def seconds_per_epoch(self) -> float:
        """About how long an epoch takes: its work, by this machine's speed in a bare product of matrices."""
        plan = self.plan
        shape, _ = self.widest()
        top, each = self.heights(shape)
        below = depth(self.config) - self.layers
        frozen = 0.0 if self.prefix_bytes() else below * each.multiplications / 3
        positions = sum(plan.rows * width for width in self.padded())
        vocabulary = int(self.config.get("vocab_size") or 0)
        head = 2.0 * shape.targets * vocabulary * hidden_size(self.config)
        traced = 2.0 * min(shape.targets, 6 * max(16, 2**21 // max(1, vocabulary))) * vocabulary
        products = top.multiplications + frozen + max(0.0, head - traced * hidden_size(self.config))
        speed = speed_of(self.precision, _bits(self.config, self.form))
        numbers = top.numbers + 3.0 * shape.targets * vocabulary
        return speed.seconds(products, numbers) * positions / shape.positions

    def padded(self) -> list[int]:
        """The width that each row is computed in."""
        widths = self.plan.widths
        return [next(width for width in widths if width >= length) for length in self.plan.lengths]


def plan_of(recipe: Recipe, rows: ExampleLengths | None) -> BatchPlan:
    """The plan of a run over these rows, or over a batch of the longest there may be."""
    lengths = list(rows.lengths) if rows else [recipe.data.max_length - 1] * recipe.loop.batch_size
    if recipe.data.packing and not recipe.pairs:
        lengths = [sum(lengths[i] for i in row) for row in pack(lengths, recipe.data.max_length)]
    budget = recipe.loop.tokens_at_once or default_budget()
    return BatchPlan(tuple(lengths), recipe.loop, budget, 2 if recipe.pairs else 1)


def trained_layers(config: dict[str, Any], tuning: Tuning) -> int:
    """How many of the model's layers are trained."""
    return min(tuning.layers, depth(config)) if tuning.layers else depth(config)


def depth(config: dict[str, Any]) -> int:
    """How many layers a model has. Raises ModelError when its config does not say."""
    for part in (config, config.get("text_config") or {}):
        for key in ("num_hidden_layers", "n_layers", "n_layer", "num_layers"):
            if isinstance(part.get(key), int):
                return int(part[key])
    raise ModelError("forecast.no_layers")


def _bits(config: dict[str, Any], form: WeightForm) -> int:
    """The bits of quantized weights that speed can be timed with, else 0."""
    bits = int((config.get("quantization") or {}).get("bits", 0)) or form.bits
    return bits if bits in (2, 3, 4, 5, 6, 8) else 0


def _changed(folder: Path) -> int:
    """When config or weights were changed last."""
    files = [folder / "config.json", *folder.glob("model*.safetensors*")]
    return max(file.lstat().st_mtime_ns for file in files)


@lru_cache(maxsize=8)
def _described(folder: Path, changed: int) -> Description:
    return describe(folder)


@lru_cache(maxsize=64)
def _count(folder: Path, changed: int, tuning: Tuning, form: WeightForm) -> ParameterCount:
    return count_parameters(folder, tuning, form)
