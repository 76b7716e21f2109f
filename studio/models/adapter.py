"""LoRA adapters on any mlx-lm model: attach, read, write in mlx-lm's own layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx import nn
from mlx_lm.tuner.utils import linear_to_lora_layers, load_adapters

from studio.errors import ModelError
from studio.models.arrays import named

WEIGHTS = "adapters.safetensors"
CONFIG = "adapter_config.json"


def attach(model: nn.Module, rank: int, alpha: float, dropout: float, layers: int) -> dict[str, Any]:
    """Freeze `model` and put fresh adapters on every linear layer of its last `layers` blocks (0: all).

    The adapter's output is scaled by alpha / rank, as in PEFT. Its start is drawn from MLX's random
    state: seed it first. Returns the adapter's configuration as mlx-lm writes it.
    """
    blocks = len(model.layers)
    count = blocks if layers == 0 else min(layers, blocks)
    parameters = {"rank": rank, "scale": alpha / rank, "dropout": dropout}
    model.freeze()
    linear_to_lora_layers(model, count, dict(parameters))
    return {"fine_tune_type": "lora", "num_layers": count, "lora_parameters": parameters}


def weights(model: nn.Module) -> dict[str, mx.array]:
    """The adapter's own arrays by name."""
    return named(model.trainable_parameters())


def read_onto(model: nn.Module, folder: Path) -> None:
    """Attach the adapter saved in `folder` to a model that has none, ready for answers (dropout off).

    Raises ModelError when it is missing, damaged, or made for another model.
    """
    if not (folder / WEIGHTS).exists():
        raise ModelError(f"{folder} holds no adapter yet: train the run to its first checkpoint.")
    try:
        load_adapters(model, str(folder))
        mx.eval(model.parameters())
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(f"The adapter in {folder} does not fit this model: {error}") from error
    model.eval()
