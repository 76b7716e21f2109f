"""The recipe's optimizer: the algorithm, which parameters it is for, and how fast each of them learns.

| name | state, bytes for each trained number | weight decay |
|---|---|---|
| adamw | 8 | decoupled (Loshchilov and Hutter, 2019) |
| adamw8bit | 2.03; 8 in arrays of fewer than 4,096 | decoupled |
| adafactor | 4 for each row and each column | decoupled, as in fairseq and transformers |
| lion | 4 | decoupled (Chen et al., 2023) |
| muon | 4 in the blocks' matrices, 8 in the rest, which AdamW trains | decoupled (Liu et al., 2025) |
| sgd | none: no momentum, as `sgd` means in torch and mlx-lm | in the gradient: here the same |

In full fine-tuning norms and biases do not decay. The rate of a step is set from outside (`set_rate`), and
state holds everything else, so that an optimizer whose state was saved and read goes on bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import product
from typing import Any, override

import mlx.core as mx
from mlx import optimizers

from studio.errors import RunError
from studio.models.arrays import named, nested, number
from studio.recipe.recipe import Recipe
from studio.train.kernels.adamw8bit import AdamW8bit

Group = tuple[str, float, bool]  # the algorithm, how many times the rate it learns at, whether it decays


def make_optimizer(recipe: Recipe, peak: float) -> optimizers.Optimizer:
    """The optimizer that the recipe asks for, at the rate `peak` until `set_rate` gives another."""
    groups = _groups(recipe)
    if len(groups) == 1:
        return _make(groups[0][0], peak, recipe.optimizer.weight_decay)
    return Grouped(recipe, groups, peak)


def set_rate(optimizer: optimizers.Optimizer, rate: float) -> None:
    """Set the learning rate of the next step, for every group of parameters."""
    optimizer.learning_rate = rate


def state_bytes(recipe: Recipe, shapes: Mapping[str, tuple[int, ...]]) -> int:
    """How many bytes of state the recipe's optimizer keeps for trained parameters of these names and shapes.

    Exact, since the optimizer itself is asked; nothing is computed or allocated for it.
    """
    optimizer = make_optimizer(recipe, 1.0)
    optimizer.init(nested({name: mx.zeros(shape) for name, shape in shapes.items()}))
    return sum(array.nbytes for array in named(optimizer.state).values())


class Grouped(optimizers.Optimizer):
    """Several optimizers, each for its own parameters of one model.

    MLX's MultiOptimizer gives all of them one rate, and its merge fails where one group skips layers.
    """

    def __init__(self, recipe: Recipe, groups: list[Group], rate: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._recipe = recipe
        self._gather(groups, rate)

    def _gather(self, groups: list[Group], rate: float) -> None:
        decay = self._recipe.optimizer.weight_decay
        self.members = {
            (name, ratio, decays): _make(name, rate * ratio, decay if decays else 0.0)
            for name, ratio, decays in groups
        }

    @override
    def init(self, parameters: dict[str, Any]) -> None:
        for group, part in self._split(parameters).items():
            self.members[group].init(part)

    @override
    def apply_gradients(self, gradients: dict[str, Any], parameters: dict[str, Any]) -> Any:
        given, updated = named(parameters), dict[str, mx.array]()
        for group, part in self._split(gradients).items():
            own = nested({name: given[name] for name in named(part)}) if part else {}
            updated |= named(self.members[group].apply_gradients(part, own))
        return nested(updated)

    @property
    def state(self) -> dict[str, Any]:
        return {"groups": [member.state for member in self.members.values()]}

    @state.setter
    def state(self, state: dict[str, Any]) -> None:
        saved = state.get("groups", [state])
        together = [group for group in _groups(self._recipe) if group[2]]
        if len(saved) == len(together) < len(self.members):  # a run begun when norms and biases decayed, too
            self._gather(together, number(self.learning_rate))
        if len(saved) != len(self.members):
            raise RunError("checkpoint.other_optimizer")
        for member, part in zip(self.members.values(), saved, strict=True):
            member.state = part

    @property
    def learning_rate(self) -> mx.array:
        """The rate of the first group, which learns at the rate that was set."""
        rate: mx.array = next(iter(self.members.values())).learning_rate
        return rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: float | mx.array) -> None:
        for (_, ratio, _), member in self.members.items():
            member.learning_rate = learning_rate * ratio

    def _split(self, tree: dict[str, Any]) -> dict[Group, dict[str, Any]]:
        parts: dict[Group, dict[str, mx.array]] = {group: {} for group in self.members}
        for name, array in named(tree).items():
            algorithm, ratio, decays = _group_of(self._recipe, name, array)
            own = (algorithm, ratio, decays)
            parts[own if own in parts else (algorithm, ratio, True)][name] = array
        return {group: nested(part) if part else {} for group, part in parts.items()}


class AdamW(optimizers.AdamW):
    """MLX's AdamW; what is the same for all arrays is computed once a step, and each array in one kernel."""

    def apply_gradients(self, gradients: dict[str, Any], parameters: dict[str, Any]) -> Any:
        """The updated parameters (see MLX's)."""
        step, rate = self.step + 1, self.learning_rate
        first, second = self.betas
        self._common = (
            rate / (1 - first**step),
            mx.rsqrt(1 - second**step),
            1 - rate * self.weight_decay,
        )
        return super().apply_gradients(gradients, parameters)

    def apply_single(self, gradient: mx.array, parameter: mx.array, state: dict[str, Any]) -> mx.array:
        """The updated parameter."""
        moments = state["m"], state["v"]
        constants = self.betas[0], self.betas[1], self.eps
        updated, state["m"], state["v"] = _adamw(constants, parameter, gradient, *moments, *self._common)
        return updated


@partial(mx.compile, shapeless=True)
def _adamw(
    constants: tuple[float, float, float],
    parameter: mx.array,
    gradient: mx.array,
    m: mx.array,
    v: mx.array,
    rate: mx.array,
    unbiased: mx.array,
    kept: mx.array,
) -> tuple[mx.array, mx.array, mx.array]:
    """A parameter, and both of its moments."""
    first, second, eps = constants
    m = first * m + (1 - first) * gradient
    v = second * v + (1 - second) * mx.square(gradient)
    return kept * parameter - rate * m / (mx.sqrt(v) * unbiased + eps), m, v


class Muon(optimizers.Muon):
    """MLX's Muon (Jordan et al., 2024) with AdamW's scale: updates of root mean square 0.2, decoupled decay.

    So one learning rate and one weight decay serve Muon's matrices and AdamW's remainder (Liu et al., 2025,
    "Muon is Scalable for LLM Training", equation 4). Arrays [n, rows, columns], the adapters of n experts,
    are n matrices. All of it in the gradient's own precision.
    """

    def apply_single(self, gradient: mx.array, parameter: mx.array, state: dict[str, Any]) -> mx.array:
        state["v"] = self.momentum * state["v"] + (1 - self.momentum) * gradient
        ahead = self.momentum * state["v"] + (1 - self.momentum) * gradient  # Nesterov's
        scale = 0.2 * max(gradient.shape[-2:]) ** 0.5
        kept = parameter * (1 - self.learning_rate * self.weight_decay)
        updated: mx.array = kept - self.learning_rate * scale * orthogonalized(ahead, self.ns_steps)
        return updated


def orthogonalized(matrix: mx.array, iterations: int = 5) -> mx.array:
    """`matrix` [..., rows, columns] with all of its singular values brought near 1 (0.7 to 1.2).

    Newton-Schulz iterations of a quintic polynomial, with the coefficients of Jordan et al. (2024).
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrix.shape[-2] > matrix.shape[-1]
    x = matrix.swapaxes(-1, -2) if tall else matrix
    x = x / (mx.sqrt(mx.square(x).sum(axis=(-2, -1), keepdims=True)) + 1e-7)
    for _ in range(iterations):
        square = x @ x.swapaxes(-1, -2)
        x = a * x + (b * square + c * (square @ square)) @ x
    return x.swapaxes(-1, -2) if tall else x


class Sgd(optimizers.SGD):
    """MLX's SGD without momentum, and without the array of zeros that it keeps for it all the same."""

    def init_single(self, parameter: mx.array, state: dict[str, Any]) -> None:
        """Nothing to keep."""


def _make(name: str, rate: float, decay: float) -> optimizers.Optimizer:
    match name:
        case "adamw":
            return AdamW(rate, weight_decay=decay, bias_correction=True)
        case "adamw8bit":
            return AdamW8bit(rate, weight_decay=decay, bias_correction=True)
        case "adafactor":  # neither of its own schedules: the rate means what it says
            return optimizers.Adafactor(rate, weight_decay=decay, relative_step=False, scale_parameter=False)
        case "lion":
            return optimizers.Lion(rate, weight_decay=decay)
        case "muon":
            return Muon(rate, weight_decay=decay)
        case "sgd":
            return Sgd(rate, weight_decay=decay)
    raise ValueError(f"there is no optimizer called {name}")


def _groups(recipe: Recipe) -> list[Group]:
    name, plus = recipe.optimizer.name, recipe.optimizer.lora_plus
    names = ("muon", "adamw") if name == "muon" else (name,)
    ratios = (1.0, plus) if recipe.adapts and plus != 1.0 else (1.0,)
    spared = not recipe.adapts and recipe.optimizer.weight_decay > 0
    return list(product(names, ratios, (True, False) if spared else (True,)))


def _group_of(recipe: Recipe, name: str, array: mx.array) -> Group:
    optimizer: str = recipe.optimizer.name
    if optimizer == "muon" and not _is_for_muon(name, array):
        optimizer = "adamw"
    # LoRA+ (Hayou, Ghosh and Yu, 2024): the second matrix, which starts at zero, learns faster.
    second = recipe.adapts and name.rsplit(".", 1)[-1] == "lora_b"
    return optimizer, recipe.optimizer.lora_plus if second else 1.0, _decays(name, array)


def _decays(name: str, array: mx.array) -> bool:
    """Whether weight decay is for this one of a model's own weights: not for norms, biases and the like.

    As in transformers' Trainer, which tells them by name; of families that name them otherwise, vectors.
    """
    return array.ndim > 1 and name.rsplit(".", 1)[-1] != "bias"


def _is_for_muon(name: str, array: mx.array) -> bool:
    """Whether this is a matrix inside a block. Muon's authors leave embeddings, head and vectors to AdamW."""
    in_a_block = any(part.isdigit() for part in name.split("."))
    matrices = (
        array.ndim in (2, 3) and min(array.shape[-2:]) > 1
    )  # a convolution's [channels, size, 1] is none
    return in_a_block and matrices
