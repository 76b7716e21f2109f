"""A model folder looked at without loading it: its config as its family gets it, and its weights' files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.catalogue import Phrase, phrase
from studio.errors import ModelError
from studio.models.family import BUILDING
from studio.models.folder import read_config, refuse_code
from studio.models.reading import ConfigReading, reading_of
from studio.models.tokenizer import first_line
from studio.models.unread import unread_window
from studio.models.weights import Weights, find_weights, has_weights, is_quantized, refuse_packed

HEADS = ("lm_head.weight", "output.weight", "embed_out.weight")
"""How the names of a model's output layer end, where it has one besides its embeddings."""
_TIED = "tie_word_embeddings"
_QUANTIZATION = ("quantization", "quantization_config")


@dataclass(frozen=True, eq=False)
class Description:
    """A model folder; `weights` is None where only its config is there."""

    folder: Path
    reading: ConfigReading
    weights: Weights | None

    @property
    def config(self) -> dict[str, Any]:
        """The config as the family gets it; of quantization it says what the weights are."""
        return self.reading.config

    def remarks_on(self, tokens: int) -> tuple[Phrase, ...]:
        """What a person should know who uses this model on sequences of so many tokens."""
        return (*self.remarks, *remark_on_window(self.folder, unread_window(self.reading), tokens))

    @property
    def remarks(self) -> tuple[Phrase, ...]:
        """What a person should know of this folder, though it can be used."""
        strays = self.weights.strays if self.weights else ()
        if not strays:
            return ()
        first, *more = map(str, strays)
        folder = str(self.folder)
        if more:
            return (phrase("model.strays", file=first, more=len(more), folder=folder),)
        return (phrase("model.stray", file=first, folder=folder),)


def remark_on_window(folder: Path, window: int | None, tokens: int) -> tuple[Phrase, ...]:
    """What to know where sequences of so many tokens are longer than the model was made to look back."""
    if window is None or tokens <= window:
        return ()
    return (phrase("model.window", folder=str(folder), window=window),)


def describe(folder: Path) -> Description:
    """What is in a model folder. Raises ModelError with what is missing or damaged and what to do."""
    config = read_config(folder)
    refuse_code(folder, config)
    weights = find_weights(folder) if has_weights(folder) else None
    try:
        reading = reading_of(config, folder)
    except BUILDING as error:
        raise ModelError("model.config_unclear", folder=folder, fault=first_line(error)) from error
    if weights is None:
        if not config.get("quantization"):
            _unquantized(reading)
        return Description(folder, reading, None)
    if all(part.get(_TIED) is None for part in (config, config.get("text_config") or {})):
        for part in (reading.config, reading.text, reading.twin):
            part[_TIED] = not any(name.endswith(HEADS) for name in weights.arrays)
    refuse_packed(folder, weights.arrays, reading.family.reads)
    if not is_quantized(weights.arrays):
        _unquantized(reading)
    elif not any(part.get(key) for part in (reading.config, reading.text) for key in _QUANTIZATION):
        reading.config["quantization"] = {"group_size": 64, "bits": 4}  # mlx-lm finds out each layer's own
    return Description(folder, reading, weights)


def _unquantized(reading: ConfigReading) -> None:
    for part in (reading.config, reading.text):
        for key in _QUANTIZATION:
            part.pop(key, None)
