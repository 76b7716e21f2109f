"""The memory forecast against real runs: the peak told from `config.json`, and the one that was measured."""

from __future__ import annotations

import gc
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.benchmarks.figure import Figure

TARGET = 0.10
CONFIG: dict[str, Any] = {
    "model_type": "qwen3",
    "hidden_size": 256,
    "num_hidden_layers": 8,
    "intermediate_size": 768,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 64,
    "rms_norm_eps": 1e-6,
    "vocab_size": 4096,
    "max_position_embeddings": 4096,
    "rope_theta": 1e6,
    "tie_word_embeddings": True,
}
TINY = {"hidden_size": 64, "num_hidden_layers": 4, "intermediate_size": 192, "head_dim": 32}


@dataclass(frozen=True)
class Case:
    """A model, a recipe, and the length of its examples."""

    name: str
    recipe: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Any] = field(default_factory=dict)
    length: int = 128
    prompt: int = 64


LARGE = {"vocab_size": 151_936}
OWN_HEAD = {**LARGE, "tie_word_embeddings": False, "num_hidden_layers": 12}
FULL = {"method": "full"}
SLOW = {"batch_size": 4}  # 16 bits and quantized weights are slow on a CPU
CASES = (
    Case("LoRA, vocabulary 4 k"),
    Case("LoRA, vocabulary 152 k, tied", model=LARGE),
    Case("LoRA, vocabulary 152 k, own head, 12 layers", model=OWN_HEAD),
    Case("LoRA of rank 64 with dropout, Llama", {"rank": 64, "dropout": 0.1}, {"model_type": "llama"}),
    Case("LoRA in the last 3 layers, rows of 512", {"layers": 3, "prefix_cache": "off"}, length=512),
    Case("LoRA with checkpointing, rows of 512", {"checkpointing": True}, length=512),
    Case("DoRA, Lion", {"method": "dora", "optimizer.name": "lion"}),
    Case("full, AdamW", FULL),
    Case("full, 8-bit AdamW, 32 k", {**FULL, "optimizer.name": "adamw8bit"}, {"vocab_size": 32_000}),
    Case("full, the last 4 layers", {**FULL, "layers": 4, "accumulation": 3, "prefix_cache": "off"}),
    Case("DPO, rank 8", {"objective": "dpo", "rank": 8}, length=120),
    Case("QLoRA in 4 bits", {**SLOW, "quantize": "4-bit"}, TINY, length=64, prompt=32),
    Case("LoRA in bf16", {**SLOW, "precision": "bfloat16"}, TINY, length=64, prompt=32),
    Case(
        "QLoRA in 4 bits, bf16, checkpointing",
        {**SLOW, "quantize": "4-bit", "precision": "bfloat16", "checkpointing": True},
        TINY,
        length=64,
        prompt=32,
    ),
)


@dataclass(frozen=True)
class Compared:
    """Bytes that were promised and measured, and how many of them are weights."""

    name: str
    promised: int
    measured: int
    weights: int

    @property
    def error(self) -> float:
        return self.promised / self.measured - 1

    @property
    def error_over_weights(self) -> float:
        return (self.promised - self.weights) / (self.measured - self.weights) - 1


def measure() -> list[Figure]:
    """The worst of all cases, with and without the weights, and each case."""
    found = [compared(case) for case in CASES]
    worst = max(found, key=lambda one: abs(one.error))
    over = max(found, key=lambda one: abs(one.error_over_weights))
    within = abs(worst.error) <= TARGET
    return [
        Figure(
            f"Forecast of peak memory, worst of {len(found)}",
            f"{worst.error:+.1%} ({worst.name})",
            f"within {TARGET:.0%}",
            within,
        ),
        Figure("The same over the weights", f"{over.error_over_weights:+.1%} ({over.name})", "-", True),
    ]


def compared(case: Case) -> Compared:
    """What the forecast says of a case, and what two steps of it take."""
    import mlx.core as mx

    from studio.forecast.forecast import ExampleLengths, forecast
    from studio.recipe.recipe import Recipe

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder, {**CONFIG, **case.model})
        recipe = Recipe().with_values(
            {"model": str(folder), "steps": 2, "loop.save_every": 10, **case.recipe}
        )
        rows = 2 * recipe.loop.batch_size * recipe.loop.accumulation
        per_row = 2 if recipe.pairs else 1
        targets = rows * per_row * (case.length - case.prompt)
        promised = forecast(recipe, folder, ExampleLengths((case.length,) * rows, targets))
        gc.collect()
        mx.clear_cache()
        before = mx.get_active_memory()
        measured = _run(recipe, folder, case, rows) - before
        return Compared(case.name, promised.peak, measured, promised.weights)


def _write(folder: Path, config: Mapping[str, Any]) -> None:
    import mlx.core as mx
    from mlx.utils import tree_flatten
    from mlx_lm.utils import _get_classes

    (folder / "config.json").write_text(json.dumps(config))
    kind, arguments = _get_classes(config=dict(config))
    model = kind(arguments.from_dict(dict(config)))
    mx.save_safetensors(str(folder / "model.safetensors"), dict(tree_flatten(model.parameters())))


def _run(recipe: Any, folder: Path, case: Case, rows: int) -> int:
    """The highest peak that any step reports."""
    import mlx.core as mx
    from mlx_lm.utils import load_model

    from studio.events import Step
    from studio.models.cache import OpenModel, SharedWeights
    from studio.models.form import put_into
    from studio.runs.folder import RunFolder
    from studio.train.loop import train
    from studio.train.prepare import form_of

    if mx.default_device() == mx.cpu:
        mx.disable_compile()
    model, config = load_model(folder, lazy=True)
    form = form_of(recipe).resolved(config)
    put_into(model, form)
    mx.eval(model.parameters())
    kept = dict(model.parameters())  # as the model cache keeps them
    weights = SharedWeights({}, config, None)  # type: ignore[arg-type]
    opened = OpenModel(folder, model, None, config, form, weights)  # type: ignore[arg-type]
    random = np.random.default_rng(0)
    examples = tuple(_example(case, random, recipe.pairs) for _ in range(rows))
    data = SimpleNamespace(train=examples, validation=(), test=(), skipped=0, cut=0)
    events = train(recipe, RunFolder(folder / "run"), opened, data, 1e-4)  # type: ignore[arg-type]
    peak = max(event.memory_peak for event in events if isinstance(event, Step))
    del kept
    return peak


def _example(case: Case, random: Any, pairs: bool) -> Any:
    from studio.dataset.record import Record
    from studio.dataset.render.render import Example, Tokens

    def tokens() -> Tokens:
        ids = random.integers(1, 4000, case.length + 1).tolist()
        return Tokens(tuple(ids), tuple(i > case.prompt for i in range(len(ids))))

    return Example(Record(0), tokens(), tokens() if pairs else None)
