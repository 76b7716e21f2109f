"""One epoch of the same examples with mlx-lm's trainer and with ours: speed, and memory over the weights.

Both in one process, in turns, so that a machine whose speed drifts is the same for both. Figures are real
tokens (no padding) per second. On Metal the gain is smaller: there the exponentials over the vocabulary,
which the CPU computes one thread at a time, cost little; what remains is the sorting and the memory.
"""

from __future__ import annotations

import contextlib
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from studio.blas import use_fast_blas
from tests.benchmarks.figure import Figure

BATCH = 4
ROUNDS = 3
LAYERS, WIDTH = 8, 256

type Example = tuple[list[int], int]  # token ids, and how many of them are the prompt


def measure() -> list[Figure]:
    """Instruction data with 35 % answer tokens and heavy-tailed lengths, vocabulary 32 k."""
    use_fast_blas()
    examples = _instructions(32, 32_000)
    trainers: dict[str, Callable[[list[Example], int], tuple[float, int]]] = {"mlx": _mlx_lm, "ours": _ours}
    results: dict[str, list[tuple[float, int]]] = {name: [] for name in trainers}
    for _ in range(ROUNDS):
        for name, trainer in trainers.items():
            results[name].append(trainer(examples, 32_000))
    tokens = sum(len(ids) for ids, _ in examples)
    pairs = list(zip(results["mlx"], results["ours"], strict=True))
    faster = statistics.median(theirs[0] / ours[0] for theirs, ours in pairs)
    leaner = statistics.median(ours[1] / theirs[1] for theirs, ours in pairs)
    speed = {name: tokens / statistics.median(run[0] for run in runs) for name, runs in results.items()}
    said = f"{faster:.1f} x ({speed['ours']:,.0f} against {speed['mlx']:,.0f} tokens/s)"
    return [
        Figure("instruction data against mlx-lm: speed", said, "-", True),
        Figure("the same: peak memory over the weights", f"{leaner:.2f} x", "-", True),
    ]


def _instructions(count: int, vocabulary: int) -> list[Example]:
    """Random tokens with the lengths of instruction data."""
    random = np.random.default_rng(3)
    prompts = np.clip(random.lognormal(4.2, 0.7, count), 12, 380).astype(int)
    answers = np.clip(random.lognormal(3.6, 0.8, count), 6, 260).astype(int)
    lengths = zip(prompts.tolist(), answers.tolist(), strict=True)
    return [(random.integers(1, vocabulary, p + a).tolist(), p) for p, a in lengths]


def _model(vocabulary: int) -> Any:
    import mlx.core as mx
    from mlx_lm.models import qwen3

    mx.random.seed(0)
    arguments = qwen3.ModelArgs(
        model_type="qwen3",
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        intermediate_size=3 * WIDTH,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        rms_norm_eps=1e-6,
        vocab_size=vocabulary,
        max_position_embeddings=4096,
        rope_theta=1e6,
        tie_word_embeddings=True,
    )
    model = qwen3.Model(arguments)
    mx.eval(model.parameters())
    mx.clear_cache()
    mx.reset_peak_memory()
    return model


def _mlx_lm(examples: list[Example], vocabulary: int) -> tuple[float, int]:
    """Seconds for an epoch with `mlx_lm.tuner.trainer.train`, and its peak memory over the weights."""
    import mlx.core as mx
    from mlx import optimizers
    from mlx_lm.tuner.datasets import CacheDataset
    from mlx_lm.tuner.trainer import TrainingArgs, train
    from mlx_lm.tuner.utils import linear_to_lora_layers

    class Rows:
        """What mlx-lm takes for a dataset: rows, and how a row becomes (ids, prompt length)."""

        def __len__(self) -> int:
            return len(examples)

        def __getitem__(self, index: int) -> dict[str, int]:
            return {"prompt": 0, "completion": index}

        def process(self, row: dict[str, int]) -> Example:
            return examples[row["completion"]]

    model = _model(vocabulary)
    before = mx.get_active_memory()
    model.freeze()
    linear_to_lora_layers(model, LAYERS, {"rank": 16, "scale": 2.0, "dropout": 0.0})
    steps = len(examples) // BATCH
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        arguments = TrainingArgs(
            batch_size=BATCH,
            iters=steps,
            steps_per_report=steps,
            steps_per_save=10**9,
            adapter_file=str(Path(folder) / "adapters.safetensors"),
        )
        began = time.perf_counter()
        train(model, optimizers.AdamW(1e-4), CacheDataset(Rows()), None, arguments)
        seconds = time.perf_counter() - began
    return seconds, mx.get_peak_memory() - before


def _ours(examples: list[Example], vocabulary: int) -> tuple[float, int]:
    """The same for our loop, with the same batch size, optimizer and adapters."""
    import mlx.core as mx

    from studio.data.records import Record
    from studio.data.render import Tokens
    from studio.models.shelf import OpenModel
    from studio.runs.folder import RunFolder
    from studio.train.loop import Session
    from studio.train.recipe import Recipe

    rows = [
        (Record(n), Tokens(tuple(ids), tuple(i >= prompt for i in range(len(ids)))))
        for n, (ids, prompt) in enumerate(examples)
    ]
    data = SimpleNamespace(train=rows, validation=(), test=(), skipped=0, cut=0)
    recipe = Recipe().with_values({"batch_size": BATCH, "epochs": 1, "clip": 0, "save_every": 10**9})
    opened = OpenModel(Path(), _model(vocabulary), None, {}, None)  # type: ignore[arg-type]
    before = mx.get_active_memory()
    with tempfile.TemporaryDirectory() as folder:
        session = Session(recipe, RunFolder(Path(folder)), opened, data, 1e-4)  # type: ignore[arg-type]
        began = time.perf_counter()
        for step in range(1, session.plan.steps + 1):
            session._step(step)
        seconds = time.perf_counter() - began
    return seconds, mx.get_peak_memory() - before
