"""The adapters that make up what a run made: its own on those that it goes on from, as one where it can be.

Low-rank changes add up: W + s₁ A₁B₁ + s₂ A₂B₂ is W + [A₁ A₂][s₁B₁; s₂B₂], one adapter of the ranks' sum. With
a DoRA adapter, or weights of the model's own, among several there is no such adapter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx

from studio.errors import ModelError
from studio.files import as_json, read_object, write_proof
from studio.models import arrays
from studio.models.adapter import CONFIG, WEIGHTS

LORA, DORA, FULL = "lora", "dora", "full"


@dataclass(frozen=True)
class Factors:
    """What an adapter holds of one layer, in mlx-lm's names and shapes.

    A layer has `a` [in, rank] and `b` [rank, out]; a table [tokens, rank] and [rank, width]; experts
    [experts, rank, in] and [experts, out, rank]. `m` is DoRA's magnitude of each output.
    """

    a: mx.array
    b: mx.array
    m: mx.array | None = None

    @property
    def rank(self) -> int:
        return self.a.shape[self.rank_axes[0]]

    @property
    def rank_axes(self) -> tuple[int, int]:
        """Which axes of a and b are the rank."""
        return (1, 2) if self.a.ndim == 3 else (1, 0)

    def widened(self, rank: int) -> Factors:
        """The same change in so many ranks: the others are zero."""
        found = []
        for array, axis in zip((self.a, self.b), self.rank_axes, strict=True):
            more = [(0, rank - self.rank if each == axis else 0) for each in range(array.ndim)]
            found.append(mx.pad(array, more))
        return Factors(found[0], found[1], self.m)


@dataclass(frozen=True)
class Adapter:
    """An adapter of mlx-lm's: what it does to each layer, by the layer's path in the model."""

    kind: str  # lora, dora or full
    layers: dict[str, Factors]
    scale: float = 1.0
    dropout: float = 0.0
    blocks: int = 0  # the last so many of the model bear it
    keys: tuple[str, ...] = ()  # of what it is on: paths in a block, or in the model

    @property
    def rank(self) -> int:
        """The highest rank of its layers."""
        return max((factors.rank for factors in self.layers.values()), default=0)

    def described(self, model: str) -> dict[str, Any]:
        """What mlx-lm's `adapter_config.json` says of it."""
        parameters = {"rank": self.rank, "scale": self.scale, "dropout": self.dropout, "keys": [*self.keys]}
        return {
            "fine_tune_type": self.kind,
            "model": model,
            "num_layers": self.blocks,
            "lora_parameters": parameters,
        }

    def named(self) -> dict[str, mx.array]:
        """Its arrays by mlx-lm's names, all of one rank."""
        found: dict[str, mx.array] = {}
        for path, factors in self.layers.items():
            wide = factors.widened(self.rank)
            found |= {f"{path}.lora_a": wide.a, f"{path}.lora_b": wide.b}
            found |= {} if wide.m is None else {f"{path}.m": wide.m}
        return found

    def write(self, folder: Path, model: str) -> None:
        """Put it into a folder, in mlx-lm's layout, with checksums."""
        mx.save_safetensors(str(folder / WEIGHTS), self.named(), {"format": "mlx"})
        text = as_json(self.described(model), indent=2) + "\n"
        (folder / CONFIG).write_text(text, encoding="utf-8")
        write_proof(folder)


def adapter_in(folder: Path) -> Adapter:
    """The adapter in a folder; of one of the kind full only that it is one. Raises ModelError."""
    described = read_object(folder / CONFIG, ModelError, ModelError("adapter.none", folder=folder))
    kind, blocks = str(described.get("fine_tune_type", LORA)), int(described.get("num_layers", 0))
    if kind == FULL:
        return Adapter(FULL, {}, blocks=blocks)
    parameters = described["lora_parameters"]
    layers = dict(_layers(arrays.read(folder / WEIGHTS)))
    return Adapter(
        kind,
        layers,
        float(parameters["scale"]),
        float(parameters.get("dropout", 0)),
        blocks,
        tuple(parameters.get("keys") or ()),
    )


def merged(chain: Sequence[Adapter]) -> Adapter:
    """One adapter that does what those of a chain do, the oldest first.

    Raises ModelError where there is none: where one of several is not plain LoRA.
    """
    if len(chain) == 1:
        return chain[0]
    if other := next((each.kind for each in chain if each.kind != LORA), ""):
        raise ModelError("export.no_one_adapter", count=len(chain), kind=_SAID[other])
    paths = dict.fromkeys(path for each in chain for path in each.layers)
    keys = dict.fromkeys(key for each in chain for key in each.keys)
    layers = {path: _joined(chain, path) for path in paths}
    return Adapter(LORA, layers, 1.0, chain[-1].dropout, max(each.blocks for each in chain), tuple(keys))


_SAID = {DORA: "DoRA", FULL: "full fine-tuning"}


def _joined(chain: Sequence[Adapter], path: str) -> Factors:
    """The factors of a layer side by side, each scale in its b."""
    parts = [(each.layers[path], each.scale) for each in chain if path in each.layers]
    down, up = parts[0][0].rank_axes
    a = mx.concatenate([factors.a for factors, _ in parts], axis=down)
    return Factors(a, mx.concatenate([scale * factors.b for factors, scale in parts], axis=up))


def _layers(found: dict[str, mx.array]) -> Iterator[tuple[str, Factors]]:
    for name in found:
        path, _, part = name.rpartition(".")
        if part == "lora_a":
            yield path, Factors(found[name], found[f"{path}.lora_b"], found.get(f"{path}.m"))
