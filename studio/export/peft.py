"""A run's result as an adapter of PEFT's: what transformers, vLLM and most other tools take.

PEFT's factors are mlx-lm's, transposed: lora_A is aᵀ [rank, in], lora_B is bᵀ [out, rank]; the change is
lora_alpha / r · lora_B lora_A, with √r in place of r where it is rank-stabilized. DoRA's magnitude is
`lora_magnitude_vector`. A table of embeddings that is the head, too, is two layers there.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx import nn

from studio.errors import ModelError
from studio.export.chain import DORA, FULL, Adapter, Factors
from studio.files import as_json
from studio.generate.contestant import OpenContestant
from studio.models.targets import EMBEDDINGS, LINEAR, find_embeddings, find_head
from studio.models.weights import find_weights

PREFIX = "base_model.model."
WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
HEAD = "lm_head"


@dataclass(frozen=True)
class PeftAdapter:
    """The files of a PEFT adapter: its arrays by their names, and its configuration."""

    arrays: dict[str, mx.array]
    config: dict[str, Any]

    def write(self, folder: Path) -> None:
        """Put them into a folder."""
        mx.save_safetensors(str(folder / WEIGHTS), self.arrays, {"format": "pt"})
        (folder / CONFIG).write_text(as_json(self.config, indent=2) + "\n", encoding="utf-8")


def to_peft(adapter: Adapter, tuned: OpenContestant, rank_stabilized: bool) -> PeftAdapter:
    """An adapter for the model of a contestant, in PEFT's form.

    Raises ModelError where PEFT has no such adapter: for weights of the model's own, experts, DoRA on
    embeddings, and layers that transformers calls otherwise.
    """
    model = tuned.bare()
    if adapter.kind == FULL:
        raise ModelError("export.peft_full")
    embeddings = find_embeddings(model)[0]
    layers = _with_head(adapter, embeddings, tied=find_head(model)[0] == embeddings)
    _refuse_foreign(adapter, embeddings, tuned.folder)
    arrays: dict[str, mx.array] = {}
    for path, factors in layers.items():
        arrays |= _arrays(path, factors, is_table=path == embeddings)
    return PeftAdapter(arrays, _config(adapter, layers, model, str(tuned.folder), rank_stabilized))


def _with_head(adapter: Adapter, embeddings: str, *, tied: bool) -> dict[str, Factors]:
    """The layers, with the head where it is the table of embeddings: x (T + s a b)ᵀ is x Tᵀ + s x bᵀ aᵀ."""
    layers = dict(adapter.layers)
    if tied and embeddings in layers:
        table = layers[embeddings]
        layers[HEAD] = Factors(table.b.T, table.a.T)
    return layers


def _refuse_foreign(adapter: Adapter, embeddings: str, folder: Path) -> None:
    named = find_weights(folder).arrays
    for path, factors in adapter.layers.items():
        if factors.a.ndim == 3:
            raise ModelError("export.peft_experts", name=path)
        if factors.m is not None and path == embeddings:
            raise ModelError("export.peft_dora_table", name=path)
        if f"{path}.weight" not in named:
            raise ModelError("export.peft_names", name=path)


def names_of(path: str, *, is_table: bool) -> dict[str, str]:
    """PEFT's names for what mlx-lm calls lora_a, lora_b and m of a layer."""
    kept = ("lora_embedding_A", "lora_embedding_B") if is_table else ("lora_A.weight", "lora_B.weight")
    named = dict(zip(("lora_a", "lora_b"), kept, strict=True), m="lora_magnitude_vector")
    return {ours: f"{PREFIX}{path}.{theirs}" for ours, theirs in named.items()}


def _arrays(path: str, factors: Factors, *, is_table: bool) -> dict[str, mx.array]:
    named = names_of(path, is_table=is_table)
    found = {named["lora_a"]: mx.contiguous(factors.a.T), named["lora_b"]: mx.contiguous(factors.b.T)}
    return found if factors.m is None else {**found, named["m"]: factors.m}


def _config(
    adapter: Adapter, layers: dict[str, Factors], model: nn.Module, base: str, rank_stabilized: bool
) -> dict[str, Any]:
    divisor = math.sqrt if rank_stabilized else float
    ranks = {path: factors.rank for path, factors in layers.items() if factors.rank != adapter.rank}
    return {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "inference_mode": True,
        "r": adapter.rank,
        "lora_alpha": adapter.scale * divisor(adapter.rank),
        "lora_dropout": adapter.dropout,
        "rank_pattern": ranks,
        "alpha_pattern": {path: adapter.scale * divisor(rank) for path, rank in ranks.items()},
        "target_modules": _targets(layers, model),
        "modules_to_save": None,
        "use_rslora": rank_stabilized,
        "use_dora": adapter.kind == DORA,
        "bias": "none",
        "fan_in_fan_out": False,
        "init_lora_weights": True,
    }


def _targets(paths: Iterable[str], model: nn.Module) -> list[str]:
    """The last names of layers where all that are called so are meant, else their whole paths."""
    alike: dict[str, set[str]] = defaultdict(set)
    for path, module in model.named_modules():
        if isinstance(module, (*LINEAR, *EMBEDDINGS)):
            alike[path.rpartition(".")[2]].add(path)
    meant: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        meant[path.rpartition(".")[2]].add(path)
    found = [[name] if whole >= alike[name] else sorted(whole) for name, whole in meant.items()]
    return sorted(name for names in found for name in names)
