"""Our own engine on the benchmark's examples: the one file of the benchmark that knows its inner names."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.benchmarks.engine.limit import Work
from tests.benchmarks.engine.runs import Run, compile_as_the_app_does
from tests.benchmarks.engine.workloads import ALPHA, BATCH, RANK, Example, Pair, Shape, tokens

type Items = Sequence[Example | Pair]

DPO: Mapping[str, Any] = {"objective": "dpo", "preference.beta": 0.1}


@dataclass(frozen=True)
class Trainer:
    """A run of ours: seconds `before` the first step, (epochs done, seconds) of each step, peak bytes."""

    before: float
    steps: tuple[tuple[float, float], ...]
    peak: int

    def seconds(self, after: float = 0.0) -> float:
        """The steps of the epochs after the first `after`."""
        return sum(seconds for epoch, seconds in self.steps if epoch > after + 1e-9)


def supervised(shape: Shape, examples: Sequence[Example], values: Mapping[str, Any] | None = None) -> Run:
    """An epoch of supervised training."""
    sat = trainer(shape, examples, values or {})
    return Run(sat.seconds(), tokens(examples), sat.peak)


def preference(shape: Shape, pairs: Sequence[Pair], epochs: int) -> Run:
    """`epochs` of DPO, with the reference's log-probabilities that are computed once before them."""
    sat = trainer(shape, pairs, {**DPO, "epochs": epochs})
    return Run(sat.before + sat.seconds(), epochs * tokens(pairs), sat.peak)


def trainer(shape: Shape, items: Items, values: Mapping[str, Any]) -> Trainer:
    """Train as `studio train` does, timed from the events of the very same generator."""
    import mlx.core as mx

    from studio.events import Prepared, Step

    compile_as_the_app_does()
    steps: list[tuple[float, float]] = []
    preparation, peak = 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        model = shape.build()
        before, latest = mx.get_active_memory(), time.perf_counter()
        for event in _events(model, items, values, Path(folder)):
            now = time.perf_counter()
            if isinstance(event, Prepared):  # the loop forgets the peak of its preparation
                preparation, latest, peak = now - latest, now, mx.get_peak_memory()
            elif isinstance(event, Step):
                steps.append((event.epoch, now - latest))
                latest = now
        peak = max(peak, mx.get_peak_memory())
    return Trainer(preparation, tuple(steps), peak - before)


def works(items: Items, values: Mapping[str, Any] | None = None) -> list[Work]:
    """The micro-batches of one epoch as our engine lays them out."""
    from studio.train.kernels.attention import block_size
    from studio.train.micro_batch import ExampleSet
    from studio.train.plan import BatchPlan
    from studio.train.session import default_budget

    recipe = _recipe(values or {})
    example_set = ExampleSet.of(_dataset(items).train, pairs=recipe.pairs)
    plan = BatchPlan(example_set.lengths, recipe.loop, default_budget(), 2 if recipe.pairs else 1)
    batches = [batch for step in range(1, plan.steps + 1) for _, batch in plan.batches_of(step)]
    laid = [example_set.batch(micro_batch) for batch in batches for micro_batch in plan.micro_batches(batch)]
    return [Work(len(batch.ids), batch.ids.shape[1], batch.tokens, block_size()) for batch in laid]


def _events(model: Any, items: Items, values: Mapping[str, Any], folder: Path) -> Any:
    from studio.models.cache import OpenModel, SharedWeights
    from studio.models.form import WeightForm
    from studio.runs.folder import RunFolder
    from studio.train.loop import train

    weights = SharedWeights({}, {}, None)  # type: ignore[arg-type]
    opened = OpenModel(folder, model, None, {}, WeightForm(), weights)  # type: ignore[arg-type]
    return train(_recipe(values), RunFolder(folder / "run"), opened, _dataset(items), 1e-4)


def _recipe(values: Mapping[str, Any]) -> Any:
    """The peers' choices; nothing is measured or saved on the way."""
    from studio.recipe.recipe import Recipe

    usual = {"batch_size": BATCH, "rank": RANK, "alpha": ALPHA, "epochs": 1, "clip": 0, "save_every": 10**9}
    return Recipe().with_values({**usual, **values})


def _dataset(items: Items) -> Any:
    """What the loop needs of a dataset: examples with their tokens, and nothing held out."""
    train = tuple(_example(number, item) for number, item in enumerate(items))
    return SimpleNamespace(train=train, validation=(), test=(), skipped=0, cut=0)


def _example(number: int, item: Example | Pair) -> Any:
    from studio.dataset.record import Record
    from studio.dataset.render import render

    if isinstance(item, Pair):
        return render.Example(Record(number), _tokens(item.chosen), _tokens(item.rejected))
    return render.Example(Record(number), _tokens(item))


def _tokens(example: Example) -> Any:
    from studio.dataset.render.render import Tokens

    return Tokens(example.ids, tuple(i >= max(1, example.prompt) for i in range(len(example.ids))))
