"""Our engine on the oracles' rows: the same models, adapter starts and recipes, through the real loop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from studio.dataset.record import Record
from studio.dataset.render.render import Example, Tokens
from tests.oracles.toys import CONFIGS, STARTER, adapter_start, weights, widths


@dataclass(frozen=True)
class Found:
    """What a run reported, step by step; `rewards` by name, empty without pairs."""

    rates: list[float]
    losses: list[float]
    norms: list[float]
    rewards: dict[str, list[float]]


def losses_and_norms(kind: str, case: dict[str, Any], folder: Path, **changes: Any) -> Found:
    """Train the model `kind` as a fixture's case asks; `folder` is for the model's files and the run's.

    `changes` are fields of the recipe to set otherwise, with `__` for the dot.
    """
    from studio.events import Prepared, Rewards, Step

    found = Found([], [], [], {"chosen": [], "rejected": [], "margins": [], "accuracies": []})
    folder.mkdir(exist_ok=True)
    model = _model(kind, folder)
    recipe = case["recipe"] | {name.replace("__", "."): value for name, value in changes.items()}
    for event in _events(model, recipe, case["rows"], folder):
        match event:
            case Prepared():
                _start(model, kind, recipe["lora.rank"])
            case Step():
                found.rates.append(event.learning_rate)
                found.losses.append(event.loss)
                found.norms.append(event.gradient_norm)
            case Rewards():
                for name, value in zip(found.rewards, _values(event), strict=True):
                    found.rewards[name].append(value)
    return found


def _values(event: Any) -> tuple[float, ...]:
    return event.chosen, event.rejected, event.margin, event.accuracy


def _events(model: Any, recipe: dict[str, Any], rows: list[dict[str, Any]], folder: Path) -> Iterator[Any]:
    """A real run of the recipe, of which nothing is held out."""
    from studio.models.adapter import carry
    from studio.models.cache import OpenModel, SharedWeights
    from studio.models.form import WeightForm
    from studio.recipe.recipe import Recipe
    from studio.runs.folder import RunFolder
    from studio.train.loop import train
    from studio.train.prepare import parents_of

    asked = Recipe().with_values(recipe)
    carry(model, parents_of(asked))
    weights = SharedWeights({}, {}, None)  # type: ignore[arg-type]
    opened = OpenModel(folder, model, None, {}, WeightForm(), weights)  # type: ignore[arg-type]
    train_rows = tuple(_example(number, row) for number, row in enumerate(rows))
    data: Any = SimpleNamespace(train=train_rows, validation=(), test=(), skipped=0, cut=0)
    peak = asked.optimizer.learning_rate
    assert peak is not None
    return train(asked, RunFolder(folder / "run"), opened, data, peak)


def _example(number: int, row: dict[str, Any]) -> Example:
    if "ids" in row:
        return Example(
            Record(number), Tokens(tuple(row["ids"]), tuple(mark == "1" for mark in row["trained"]))
        )
    chosen, rejected = (_answered(row["prompt"], row[side]) for side in ("chosen", "rejected"))
    return Example(Record(number), chosen, rejected)


def _answered(prompt: list[int], answer: list[int]) -> Tokens:
    return Tokens((*prompt, *answer), (False,) * len(prompt) + (True,) * len(answer))


def _model(kind: str, folder: Path) -> Any:
    """The starter, or the random model `kind`, written to `folder` and read back by mlx-lm."""
    from mlx_lm.utils import load_model

    if kind in CONFIGS:
        (folder / "config.json").write_text(json.dumps(CONFIGS[kind]), encoding="utf-8")
        save_file(weights(kind), folder / "model.safetensors", metadata={"format": "mlx"})
    return load_model(folder if kind in CONFIGS else STARTER / "model")[0]


def _start(model: Any, kind: str, rank: int) -> None:
    """Give the adapters, which a run starts at zero, the start that the reference had."""
    import mlx.core as mx

    path = STARTER / "model" / "config.json"
    config = CONFIGS.get(kind) or json.loads(path.read_text(encoding="utf-8"))
    start = adapter_start(config["num_hidden_layers"], widths(config), rank)
    model.load_weights([(f"model.{name}", mx.array(array)) for name, array in start.items()], strict=False)
    for name, array in start.items():
        module = model
        for part in ("model", *name.split(".")[:-1]):
            module = module[int(part)] if part.isdigit() else module[part]
        assert np.array_equal(np.array(module[name.rsplit(".", 1)[-1]]), array)
