"""What is trained on a model (LoRA, DoRA, or weights of its own): put on, read, write in mlx-lm's layout."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import mlx.core as mx
from mlx import nn
from mlx.utils import tree_map, tree_unflatten

from studio.catalogue import Unusable
from studio.errors import ModelError, RunError
from studio.files import check_proof, parsed, restore
from studio.models import arrays, targets
from studio.models.adapter_layers import DoRAEmbedding, DoRALinear, LoRAEmbedding, lean, linear_to_lora_layers
from studio.models.carried import CarriedLayer, freeze_adapters, lay_bare, layers_of, merge
from studio.models.weights import read_header


@dataclass(frozen=True)
class ParentAdapter:
    """An adapter that a run goes on from: its folder, and what tells it apart from any other."""

    folder: Path
    fingerprint: str


@dataclass(frozen=True)
class Tuning:
    """An adapter of a shape, or the model's own weights, on some of its parts."""

    method: Literal["lora", "dora", "full"] = "lora"
    rank: int = 16
    alpha: float = 32.0
    dropout: float = 0.0
    rank_stabilized: bool = False
    targets: str = "all"  # but routers; or last names of linear layers, and "routers", with commas between
    layers: int = 0  # the last so many; 0 means all
    embeddings: bool = False
    head: bool = False
    parents: tuple[ParentAdapter, ...] = ()  # what the model carries already, the oldest first
    planned: tuple[Tuning, ...] = ()  # and after these: adapters that are still to be trained

    @property
    def scale(self) -> float:
        """What the adapter's output is multiplied with: alpha / rank as in PEFT, or alpha / √rank.

        Source: Kalajdzievski, 2023, "A rank stabilization scaling factor for fine-tuning with LoRA".
        """
        return self.alpha / (math.sqrt(self.rank) if self.rank_stabilized else self.rank)

    @property
    def names(self) -> tuple[str, ...]:
        """The targets one by one."""
        return tuple(name.strip() for name in self.targets.split(",") if name.strip()) or ("all",)


_DAMAGE = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError, IndexError),
    *(ArithmeticError, RuntimeError, RecursionError),
)
"""What reading a damaged adapter may end in."""

WEIGHTS = "adapters.safetensors"
CONFIG = "adapter_config.json"
STEP = "step"
"""What the configuration of a run's result calls the step that its weights are of."""


def attach(model: nn.Module, tuning: Tuning, keys: Sequence[str] | None = None) -> dict[str, Any]:
    """Make a model ready for training as `tuning` says: the rest of it is frozen, what is trained is fp32.

    `keys` are the layers that bear an adapter where that is settled already, as in a run that goes on.
    An adapter's start is drawn from MLX's random state: seed it first. Returns the configuration as mlx-lm
    writes it beside the weights. Raises ModelError when it has no such layers, or bears an adapter already.
    """
    described = place(model, tuning, keys)
    for module in model.modules():  # one by one: a norm passes over a whole matrix
        if isinstance(module, DoRALinear | DoRAEmbedding):
            mx.eval(module.m, module._squares)
    mx.eval(model.trainable_parameters())
    return described


def carry_shapes(model: nn.Module, tuning: Tuning) -> None:
    """Make a model carry adapters like those that a tuning goes on from, lazily: so they can be counted."""
    for parent in tuning.parents:
        described = _described(parent.folder)
        if described.get("fine_tune_type", "lora") != "full":
            _wrap(model, described)
            freeze_adapters(model)
        else:
            lay_bare(model, read_header(parent.folder / WEIGHTS))
    for planned in tuning.planned:
        kept = {name: array.dtype for name, array in arrays.named(model.parameters()).items()}
        place(model, planned)
        if planned.method == "full":  # read back, it has the precision of the model again
            own = arrays.named(model.trainable_parameters())
            model.update(
                arrays.nested({n: array.astype(kept.get(n, array.dtype)) for n, array in own.items()})
            )
        freeze_adapters(model)


def carry(model: nn.Module, parents: Sequence[ParentAdapter]) -> bool:
    """Make a model what it was when the last of `parents` had ended: they are read, and frozen in it.

    Returns whether checksums prove all of them. Raises ModelError as `read_onto` does.
    """
    proven = True
    for number, parent in enumerate(parents):
        proven &= read_onto(model, parent.folder, parents[:number])
        freeze_adapters(model)
    return proven


def place(model: nn.Module, tuning: Tuning, keys: Sequence[str] | None = None) -> dict[str, Any]:
    """The same lazily: arrays have shapes and are not computed, so that an 8B model can be counted."""
    _refuse_second(model)
    blocks = len(model.layers)
    count = blocks if tuning.layers == 0 else min(tuning.layers, blocks)
    model.freeze()
    if tuning.method == "full":
        _unfreeze(model, tuning, count)
        return {"fine_tune_type": "full", "num_layers": count, **_needs(tuning.parents)}
    parameters = {
        "rank": tuning.rank,
        "scale": tuning.scale,
        "dropout": tuning.dropout,
        "keys": list(keys) if keys else _keys(model, tuning, count),
    }
    described = {
        "fine_tune_type": tuning.method,
        "num_layers": count,
        "lora_parameters": parameters,
        **_needs(tuning.parents),
    }
    _wrap(model, described)
    return described


def _needs(parents: Sequence[ParentAdapter]) -> dict[str, Any]:
    """What an adapter's configuration says of those that it was trained on, without which it is nothing."""
    return {"parents": [parent.fingerprint for parent in parents]} if parents else {}


def weights(model: nn.Module) -> dict[str, mx.array]:
    """What is trained, by name: the adapter's own arrays, or with the method full the model's."""
    return arrays.named(model.trainable_parameters())


def keys_of(folder: Path) -> list[str] | None:
    """The layers that an adapter in `folder` is on, None where it does not say."""
    try:
        described = parsed((folder / CONFIG).read_text(encoding="utf-8"))
        keys = described["lora_parameters"]["keys"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return keys if isinstance(keys, list) and all(isinstance(key, str) for key in keys) else None


def step_of(folder: Path) -> int:
    """The step that a run's result in `folder` is of; 0 where an earlier release did not say."""
    try:
        step = parsed((folder / CONFIG).read_text(encoding="utf-8"))[STEP]
    except (OSError, ValueError, KeyError, TypeError):
        return 0
    return step if isinstance(step, int) and step > 0 else 0


def read_onto(model: nn.Module, folder: Path, parents: Sequence[ParentAdapter] = ()) -> bool:
    """Put what was trained in `folder` onto a model that bears nothing, ready for answers (dropout off).

    `parents` are what the model carries. Returns whether checksums prove it to be as it was written, which
    the first release did not keep. The model's own weights (full) arrive in the precision that the model has.
    Raises ModelError when they are missing, damaged, or made for another model or on other parents.
    """
    restore(folder, lambda earlier: (earlier / WEIGHTS).is_file())
    if not (folder / WEIGHTS).exists():
        raise ModelError("adapter.none", folder=folder)
    _refuse_second(model)
    try:
        proven = check_proof(folder)
    except RunError as error:
        raise ModelError(error.said) from error
    try:
        described = parsed((folder / CONFIG).read_text(encoding="utf-8"))
        _check_parents(folder, described, parents)
        trained = arrays.read(folder / WEIGHTS)
        arrays.check_finite(trained, folder / WEIGHTS)
        if described.get("fine_tune_type", "lora") == "full":
            _refuse_quantized(model, folder)
        put_onto(model, described, trained)
    except _DAMAGE as error:
        raise ModelError("adapter.does_not_fit", folder=folder, fault=error) from error
    return proven


def put_onto(model: nn.Module, described: dict[str, Any], trained: dict[str, mx.array]) -> None:
    """Put what was trained, by name, onto a model that bears nothing, as its configuration says.

    Raises Unusable for what does not fit.
    """
    if described.get("fine_tune_type", "lora") != "full":
        _wrap(model, described)
    else:
        lay_bare(model, trained)
    _load(model, trained)
    mx.eval(model.parameters())
    model.eval()


def _described(folder: Path) -> dict[str, Any]:
    """The configuration of an adapter. Raises ModelError where there is none that can be read."""
    if not (folder / CONFIG).is_file():
        raise ModelError("adapter.none", folder=folder)
    try:
        found: dict[str, Any] = parsed((folder / CONFIG).read_text(encoding="utf-8"))
        if found.get("fine_tune_type", "lora") != "full":
            int(found["lora_parameters"]["rank"])
    except _DAMAGE as error:
        raise ModelError("adapter.does_not_fit", folder=folder, fault=error) from error
    return found


def _check_parents(folder: Path, described: dict[str, Any], parents: Sequence[ParentAdapter]) -> None:
    """Raise ModelError where an adapter was trained on others than the model carries."""
    if described.get("parents", []) != [parent.fingerprint for parent in parents]:
        count = len(described.get("parents", []))
        raise ModelError("adapter.needs_parents", folder=folder, count=count, config=CONFIG)


def _refuse_quantized(model: nn.Module, folder: Path) -> None:
    if any("scales" in module for module in model.modules()):
        raise ModelError("adapter.full_on_quantized", folder=folder)


def _refuse_second(model: nn.Module) -> None:
    if any("lora_a" in module and not isinstance(module, CarriedLayer) for module in model.modules()):
        raise ModelError("adapter.second")


def _keys(model: nn.Module, tuning: Tuning, count: int) -> list[str]:
    """What gets an adapter: paths inside a block, then paths in the model, as mlx-lm reads them."""
    found = targets.find_linear(model.layers[-count:], tuning.names)
    if tuning.method == "dora":
        _refuse_dora(found)
    outside = [targets.find_embeddings(model)[0]] if tuning.embeddings else []
    outside += [targets.find_head(model)[0]] if tuning.head else []
    return [*found, *dict.fromkeys(outside)]


def _refuse_dora(found: dict[str, nn.Module]) -> None:
    for path, module in found.items():
        experts = isinstance(module, targets.EXPERTS)
        if experts or (hasattr(module, "to_lora") and not isinstance(module, CarriedLayer)):
            code = "adapter.dora_experts" if experts else "adapter.dora_joined"
            raise ModelError(code, name=path.rsplit(".", 1)[-1])


def _wrap(model: nn.Module, described: dict[str, Any]) -> None:
    """Put fresh adapters on a model, as an adapter's configuration says."""
    count, parameters = described["num_layers"], described["lora_parameters"]
    if described.get("fine_tune_type", "lora") == "dora":
        _wrap_with_dora(model, count, parameters)
    else:
        linear_to_lora_layers(model, count, parameters)
        lean(model)
    for module in model.modules():
        if isinstance(module, LoRAEmbedding | DoRAEmbedding) and not isinstance(module, CarriedLayer):
            _start_as_peft(module)
    model.train(model.training)  # what is new is in the mode of the rest


def _wrap_with_dora(model: nn.Module, count: int, parameters: dict[str, Any]) -> None:
    keys = set(parameters.get("keys") or targets.find_linear(model.layers))
    how = parameters["rank"], parameters["scale"]
    for holder in (*model.layers[-count:], model):
        wrapped: list[tuple[str, Any]] = []
        for path, module in layers_of(holder):
            if path in keys and isinstance(module, targets.EMBEDDINGS):
                wrapped.append((path, DoRAEmbedding(module, *how)))
            elif path in keys:
                wrapped.append((path, DoRALinear(module, *how, parameters["dropout"])))
        if wrapped:
            holder.update_modules(tree_unflatten(wrapped))


def _start_as_peft(module: nn.Module) -> None:
    """Tokens start at zero in a space that is drawn at random, and nothing of them is dropped.

    With mlx-lm's start (the other way round, tokens drawn from ±1/√vocabulary) embeddings hardly move.
    """
    module.dropout = nn.Dropout(0.0)
    module.lora_a = mx.zeros(module.lora_a.shape)
    module.lora_b = mx.random.normal(module.lora_b.shape)


def _unfreeze(model: nn.Module, tuning: Tuning, count: int) -> None:
    if any("scales" in module for module in model.modules()):
        raise ModelError("adapter.quantized")
    merge(model, _parts(model, tuning, count))
    for part in _parts(model, tuning, count):
        part.unfreeze()
    _freeze_integers(model)
    model.update(tree_map(lambda array: array.astype(mx.float32), model.trainable_parameters()))


def _parts(model: nn.Module, tuning: Tuning, count: int) -> list[nn.Module]:
    """What of the model the method full trains."""
    if tuning.layers == 0:
        return [model]
    parts = list(model.layers[-count:])
    parts += [targets.find_embeddings(model)[1]] if tuning.embeddings else []
    parts += [targets.find_head(model)[1]] if tuning.head else []
    return parts


def _freeze_integers(model: nn.Module) -> None:
    """Tables of indices are no weights, though some families list them among their parameters."""
    for module in model.modules():
        own = [key for key, value in module.items() if isinstance(value, mx.array)]
        if whole := [key for key in own if not mx.issubdtype(module[key].dtype, mx.floating)]:
            module.freeze(keys=whole, recurse=False)


def _load(model: nn.Module, trained: dict[str, mx.array]) -> None:
    mine = arrays.named(model.parameters())
    for name, array in trained.items():
        if name not in mine:
            raise Unusable("adapter.no_tensor", name=name)
        if array.shape != mine[name].shape:
            shape, other = str(list(array.shape)), str(list(mine[name].shape))
            raise Unusable("adapter.other_shape", name=name, shape=shape, mine=other)
    items = [(name, array.astype(mine[name].dtype)) for name, array in trained.items()]
    model.load_weights(items, strict=False)
