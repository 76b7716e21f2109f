"""A model that mlx-lm built, made to turn positions and to bend numbers as its config says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FunctionType, SimpleNamespace
from typing import Any

import mlx.core as mx
from mlx import nn

from studio.models.reading import ConfigReading, head_size
from studio.models.rope import StatedRoPE, are_equal, built_rope, ropes_in, stated_rope
from studio.models.unread import misread, refusal, refuse_unread

type Bend = Callable[[mx.array], mx.array]

BENDS: dict[str, Bend] = {
    "silu": nn.silu,
    "gelu": nn.gelu,
    "tanh": nn.gelu_approx,
    "relu": nn.relu,
    "relu2": lambda x: mx.square(nn.relu(x)),
}
_NAMED = {
    **dict.fromkeys(("silu", "swish", "swiglu"), "silu"),
    **dict.fromkeys(("gelu", "gelu_python"), "gelu"),
    **dict.fromkeys(
        ("gelu_approx", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python_tanh"), "tanh"
    ),
    "relu": "relu",
    **dict.fromkeys(("relu2", "relu_squared"), "relu2"),
}
"""Activation functions by the names that configs, MLX and mlx-lm's model files give them."""
_ACT_KEYS = ("hidden_act", "hidden_activation", "activation_function", "mlp_hidden_act")
_MLPS = ("mlp", "feed_forward", "ffn", "block_sparse_moe", "moe")
"""What families call the part of a layer that has the activation."""


def settle(model: nn.Module, reading: ConfigReading, folder: object) -> None:
    """Make a model do what its config says.

    Raises ModelError naming what the config says and the family neither reads nor can be made to do.
    """
    if "_no_grad" not in vars(model):  # a family of mlx-lm's forgets to begin as a module
        nn.Module.__init__(model)
    settle_ropes(model, reading, folder)
    settle_acts(model, reading, folder)
    refuse_unread(model, reading, folder)


def settle_ropes(model: nn.Module, reading: ConfigReading, folder: object) -> None:
    """Give every layer the positions that the config states.

    Raises ModelError where a scaling is stated, and the family neither reads it nor has layers to replace.
    """
    layers = list(model.layers)
    kinds = reading.stated("layer_types") or [""] * len(layers)
    ropes, resolved = reading.ropes, False
    for kind, layer in zip(kinds, layers, strict=False):
        settings = ropes.get("") or ropes.get(kind)
        for path, module in list(ropes_in(layer)) if settings else ():
            resolved = _settle_rope(layer, path, module, reading, settings or {}) or resolved
    for settings in ropes.values():
        kind = settings.get("rope_type", "default")
        if not resolved and kind not in ("default", "mrope") and not _reads_scaling(reading):
            raise refusal(folder, reading, "rope_type", kind)


def _reads_scaling(reading: ConfigReading) -> bool:
    taken = [key for key in ("rope_scaling", "rope_parameters") if reading.text.get(key)]
    return any(key in reading.family.fields and key in reading.family.reads for key in taken)


def _settle_rope(
    layer: Any, path: str, module: nn.Module, reading: ConfigReading, settings: Mapping[str, Any]
) -> bool:
    """Whether the layer's rope is known to be as stated, after it was replaced where it was not."""
    built, whole = built_rope(module), {**reading.text, **reading.twin}
    head = head_size(whole)
    if built is None or not head:
        return False
    if settings.get("partial_rotary_factor") is None:
        head = built.dims
    wanted = stated_rope(whole, settings, head)
    if wanted is None:
        return False
    if not are_equal(built, wanted):
        _put(layer, path, StatedRoPE(wanted, bool(getattr(module, "traditional", False))))
    return True


def _put(layer: Any, path: str, module: nn.Module) -> None:
    """Give a part of a model another module at a dotted path."""
    *parents, name = path.split(".")
    for parent in parents:
        layer = layer[int(parent)] if parent.isdigit() else layer[parent]
    layer[name] = module


def settle_acts(model: nn.Module, reading: ConfigReading, folder: object) -> None:
    """Let the model bend numbers with the activation function that the config states.

    Raises ModelError where the family has another and it cannot be exchanged.
    """
    key = next((key for key in _ACT_KEYS if _asked(reading, key)), None)
    if key is None or key in reading.family.reads:
        return
    stated = str(reading.stated(key))
    wanted = _NAMED.get(stated)
    own = [(layer, *found) for layer in model.layers for found in _bending(layer)]
    if own and all(_NAMED[name] == wanted for *_, name in own) and not misread(reading, key):
        return
    elsewhere = misread(reading, key) or any(True for layer in model.layers for _ in _bending(layer, False))
    if wanted is None or not own or elsewhere:
        if reading.twin and stated != reading.twin["defaults"].get(key):
            raise refusal(folder, reading, key, stated)
        return
    for layer, path, module, name in own:
        _put(layer, path, _with(BENDS[wanted], module, name))


def _asked(reading: ConfigReading, key: str) -> bool:
    known = reading.twin.get("defaults")
    return isinstance(reading.stated(key), str) and (known is None or key in known)


def _bending(layer: nn.Module, inside: bool = True) -> Iterator[tuple[str, nn.Module, str]]:
    """The modules of a layer whose own code applies an activation function: path, module and its name there.

    Those in the layer's MLP, or else those outside: in mixers of other kinds, which may share the setting.
    """
    for path, module in layer.named_modules():
        if any(part in _MLPS for part in path.split(".")) == inside:
            used = [name for code in _codes(type(module), inside) for name in code.co_names if name in _NAMED]
            yield from [(path, module, name) for name in used[:1]]


def _codes(kind: type[nn.Module], called: bool) -> Iterator[CodeType]:
    """The code of a module's call, or of all that its class adds."""
    own = [kind.__call__] if called else vars(kind).values()
    yield from [part.__code__ for part in own if isinstance(part, FunctionType)]


def _with(bend: Bend, module: nn.Module, name: str) -> nn.Module:
    """A module over the same weights whose code finds `bend` where it looks for `name`.

    Not the module itself: mlx-lm's experts of all models share one activation.
    """
    own = type(module)
    call = own.__call__
    new: Any = (lambda gate, x: bend(gate) * x) if name == "swiglu" else bend
    names = {**call.__globals__, name: new, "nn": SimpleNamespace(**{**vars(nn), name: new})}
    changed = FunctionType(call.__code__, names, call.__name__, call.__defaults__, call.__closure__)
    kind: Any = type(own.__name__, (own,), {"__call__": changed, "__module__": own.__module__})
    twin: nn.Module = kind.__new__(kind)
    vars(twin).update(vars(module))
    dict.update(twin, module)
    return twin
