"""Looking at a model folder without loading it: is everything there, and what kind of model is it?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from studio.errors import ModelError


def read_config(folder: Path) -> dict[str, Any]:
    """The model's `config.json`. Raises ModelError with what is missing and what to do."""
    if not folder.exists():
        raise ModelError(
            f"There is no model at {folder}. Choose a folder with config.json and *.safetensors."
        )
    if not folder.is_dir():
        raise ModelError(f"{folder} is a file. Choose the folder that holds config.json and *.safetensors.")
    file = folder / "config.json"
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{folder} is not a model folder: it has no config.json.") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{file} cannot be read ({error}). Download the model again.") from error
    if not isinstance(config, dict) or "model_type" not in config:
        raise ModelError(f"{file} does not name a model_type, so we cannot tell what kind of model it is.")
    return config


def check_weights(folder: Path) -> None:
    """Raise ModelError unless the folder holds every weight file it should."""
    if not any(folder.glob("model*.safetensors")):
        others = [p.name for pattern in ("*.bin", "*.gguf", "*.pth") for p in folder.glob(pattern)]
        found = f" It has {others[0]}, which MLX cannot train." if others else ""
        raise ModelError(f"{folder} has no weights: no model*.safetensors.{found} Download the model again.")
    index = folder / "model.safetensors.index.json"
    if index.exists():
        try:
            needed = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"{index} cannot be read ({error}). Download the model again.") from error
        if missing := sorted(name for name in needed if not (folder / name).exists()):
            raise ModelError(f"{folder} is incomplete: {missing[0]} is missing. Download the model again.")


def hidden_size(config: dict[str, Any]) -> int:
    """The model's width, also where a multimodal config nests it. Raises ModelError when it says none."""
    for part in (config, config.get("text_config", {})):
        for key in ("hidden_size", "n_embd", "d_model", "dim"):
            if isinstance(part.get(key), int):
                return int(part[key])
    raise ModelError("The model's config.json does not say its hidden_size.")


def suggested_learning_rate(config: dict[str, Any]) -> float:
    """A LoRA learning rate for a model of this width: 2e-4 at 2,048, in inverse proportion, at most 2e-3.

    2e-4 is what QLoRA (Dettmers et al., 2023, table 9) settles on for models of that class; rates that keep
    their effect scale as 1 / width (Yang et al., 2022, maximal update parametrization).
    """
    return float(f"{min(2e-3, 2e-4 * 2048 / hidden_size(config)):.2g}")
