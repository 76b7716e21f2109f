"""Parameter counts from a model's `config.json` alone, to the last digit and without loading a weight."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlx_lm.utils import _get_classes

from studio.errors import ModelError
from studio.models import adapter
from studio.models.arrays import count
from studio.models.folder import read_config


@dataclass(frozen=True)
class Count:
    """Parameters of the base model and of the adapter on it."""

    architecture: str
    total: int
    trainable: int


def count_parameters(folder: Path, rank: int, alpha: float, dropout: float, layers: int) -> Count:
    """What a LoRA of this shape would train on the model in `folder`.

    The model is built lazily: arrays have shapes but are never computed, so an 8B model costs no memory.
    Raises ModelError when the architecture is one mlx-lm does not know.
    """
    config = read_config(folder)
    try:
        model_class, arguments = _get_classes(config=config)
        model = model_class(arguments.from_dict(config))
    except (ValueError, TypeError, KeyError) as error:
        raise ModelError(f"The model in {folder} is of a kind that mlx-lm does not load: {error}") from error
    total = count(model.parameters())
    adapter.attach(model, rank, alpha, dropout, layers)
    return Count(str(config["model_type"]), total, count(model.trainable_parameters()))
