"""The trainers that ours is held against, as they are installed, on the same examples and adapters.

Each is given what it does not have: mlx-lm-lora reads every pair once, where it would draw batches with
replacement, and the second copy of the weights that it needs for its reference counts as weights.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from tests.benchmarks.engine.runs import Run, compile_as_the_app_does
from tests.benchmarks.engine.workloads import ALPHA, BATCH, RANK, Example, Pair, Shape, tokens


def mlx_lm(shape: Shape, examples: Sequence[Example]) -> Run:
    """An epoch with `mlx_lm.tuner.trainer.train`."""
    from mlx import optimizers
    from mlx_lm.tuner.trainer import TrainingArgs, train

    with _adapted(shape) as (model, before):
        with _quietly() as folder:
            arguments = TrainingArgs(**_arguments(len(examples), folder))
            began = time.perf_counter()
            train(model, optimizers.AdamW(1e-4), rows(examples), None, arguments)
            seconds = time.perf_counter() - began
        return Run.over(before, seconds, tokens(examples))


def mlx_lm_lora(shape: Shape, pairs: Sequence[Pair]) -> Run:
    """An epoch of DPO with `mlx_lm_lora`'s trainer, the reference being the same weights without adapters."""
    import mlx.core as mx
    from mlx import optimizers
    from mlx_lm_lora.trainer.dpo_trainer import DPOTrainingArgs, train_dpo

    about = {"max_recommended_working_set_size": 0} | mx.device_info()  # it asks for it on a CPU, too
    reference = shape.build().freeze()  # not the same arrays: it compiles a step that would miss them
    with _adapted(shape) as (model, before), mock.patch.object(mx, "device_info", return_value=about):
        with _quietly() as folder, _every_batch_once():
            arguments = DPOTrainingArgs(**_arguments(len(pairs), folder), beta=0.1)
            data = [_as_row(pair) for pair in pairs]
            began = time.perf_counter()
            train_dpo(model, reference, optimizers.AdamW(1e-4), data, None, arguments)
            seconds = time.perf_counter() - began
        return Run.over(before, seconds, tokens(pairs))


def rows(examples: Sequence[Example]) -> Any:
    """The examples as mlx-lm takes them: rows, and how a row becomes (ids, prompt length)."""
    from mlx_lm.tuner.datasets import CacheDataset

    class Rows:
        def __len__(self) -> int:
            return len(examples)

        def __getitem__(self, index: int) -> dict[str, int]:
            return {"prompt": 0, "completion": index}

        def process(self, row: dict[str, int]) -> tuple[list[int], int]:
            example = examples[row["completion"]]
            return list(example.ids), example.prompt

    return CacheDataset(Rows())


@contextlib.contextmanager
def _adapted(shape: Shape) -> Iterator[tuple[Any, int]]:
    """The model with fresh adapters on every layer, and the bytes that were held before them."""
    import mlx.core as mx
    from mlx_lm.tuner.utils import linear_to_lora_layers

    model = shape.build()
    before = mx.get_active_memory()
    model.freeze()
    linear_to_lora_layers(model, shape.layers, {"rank": RANK, "scale": ALPHA / RANK, "dropout": 0.0})
    mx.enable_compile()  # both compile their step
    try:
        yield model, before
    finally:
        compile_as_the_app_does()


def _arguments(count: int, folder: Path) -> dict[str, Any]:
    steps = count // BATCH
    return {
        "batch_size": BATCH,
        "iters": steps,
        "steps_per_report": steps,
        "steps_per_save": 10**9,
        "adapter_file": str(folder / "adapters.safetensors"),
    }


def _as_row(pair: Pair) -> dict[str, Any]:
    return {
        "chosen": list(pair.chosen.ids),
        "rejected": list(pair.rejected.ids),
        "chosen_prompt_length": pair.chosen.prompt,
        "rejected_prompt_length": pair.rejected.prompt,
    }


@contextlib.contextmanager
def _quietly() -> Iterator[Path]:
    """A folder for what a trainer writes, with what it prints kept from the screen."""
    nowhere = io.StringIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        yield Path(folder)


@contextlib.contextmanager
def _every_batch_once() -> Iterator[None]:
    """Let a trainer that permutes its batches anew for each step, and takes the first, meet them all."""
    step = iter(range(10**9))
    with mock.patch("numpy.random.permutation", lambda count: np.roll(np.arange(count), -next(step))):
        yield
