"""What each optimizer does to a weight, what it keeps, and that it goes on bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx import nn, optimizers
from mlx_lm.tuner.utils import linear_to_lora_layers

from studio.errors import RunError
from studio.models import arrays
from studio.models.cache import ModelCache
from studio.models.folder import suggested_learning_rate
from studio.recipe.recipe import Recipe
from studio.train.optimizer import make_optimizer, orthogonalized, set_rate, state_bytes

NAMES = ("adamw", "adamw8bit", "adafactor", "lion", "muon", "sgd")
RATE, DECAY = 0.01, 0.1
SHAPES = {
    "embed_tokens.weight": (50, 8),
    "layers.2.proj.lora_a": (70, 64),
    "layers.2.proj.lora_b": (64, 70),
    "layers.2.norm.weight": (33,),
    "layers.2.experts.bias": (3, 9),
    "layers.4.experts.lora_a": (20, 8, 16),
    "layers.4.experts.lora_b": (20, 16, 8),
}


def recipe_for(name: str, **values: Any) -> Recipe:
    return Recipe().with_values({"optimizer.name": name, **values})


def drawn(seed: int, scale: float = 1.0) -> dict[str, mx.array]:
    """An array of every shape, the same on every call."""
    random = np.random.default_rng(seed)
    return {name: mx.array(random.normal(0, scale, s).astype(np.float32)) for name, s in SHAPES.items()}


class Weights(nn.Module):
    """A model that is only its weights: layers 0, 1 and 3 have none."""

    def __init__(self) -> None:
        super().__init__()
        self.embed_tokens: dict[str, mx.array] = {}
        self.layers: list[Any] = []
        for part, value in arrays.nested(drawn(0)).items():
            setattr(self, part, value)


def stepped(recipe: Recipe, steps: int = 1, scale: float = 1.0) -> tuple[Weights, optimizers.Optimizer]:
    model, optimizer = Weights(), make_optimizer(recipe, RATE)
    optimizer.init(model.trainable_parameters())
    walk(model, optimizer, range(1, steps + 1), scale)
    return model, optimizer


def walk(model: nn.Module, optimizer: optimizers.Optimizer, steps: range, scale: float = 1.0) -> None:
    for step in steps:
        set_rate(optimizer, RATE / step)
        optimizer.update(model, arrays.nested(drawn(step, scale)))
        mx.eval(model.parameters(), optimizer.state)


def plain(tree: Any) -> dict[str, np.ndarray]:
    return {name: np.array(array, dtype=np.float64) for name, array in arrays.named(tree).items()}


def adamw_by_hand(w: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    m = v = np.zeros_like(w)
    for t, g in enumerate(gradients, 1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        step = (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        w = w - RATE / t * (step + DECAY * w)
    return w


def adafactor_by_hand(w: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    rows, columns = 0.0, 0.0
    for t, g in enumerate(gradients, 1):
        beta, squares = 1 - t**-0.8, g**2 + 1e-30
        axis = -1 if g.ndim > 1 else ()
        rows = beta * rows + (1 - beta) * squares.mean(axis=axis, keepdims=True)
        columns = beta * columns + (1 - beta) * squares.mean(axis=-2 if g.ndim > 1 else (), keepdims=True)
        second = rows * columns / rows.mean(axis=-2, keepdims=True) if g.ndim > 1 else rows
        step = g / np.sqrt(second)
        step = step / max(1.0, np.sqrt((step**2).mean()))
        w = w - RATE / t * (step + DECAY * w)
    return w


def lion_by_hand(w: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    m = np.zeros_like(w)
    for t, g in enumerate(gradients, 1):
        w = w - RATE / t * (np.sign(0.9 * m + 0.1 * g) + DECAY * w)
        m = 0.99 * m + 0.01 * g
    return w


def muon_by_hand(w: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    v = np.zeros_like(w)
    for t, g in enumerate(gradients, 1):
        v = 0.95 * v + 0.05 * g
        left, values, right = np.linalg.svd(0.95 * v + 0.05 * g, full_matrices=False)
        values = values / np.sqrt((values**2).sum(axis=-1, keepdims=True))
        for _ in range(5):  # the iteration acts on the singular values alone
            values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
        step = 0.2 * np.sqrt(max(w.shape[-2:])) * (left * values[..., None, :]) @ right
        w = w - RATE / t * (step + DECAY * w)
    return w


def sgd_by_hand(w: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    for t, g in enumerate(gradients, 1):
        w = w - RATE / t * (g + DECAY * w)
    return w


@pytest.mark.parametrize(
    ("name", "by_hand"),
    [
        ("adamw", adamw_by_hand),
        ("adafactor", adafactor_by_hand),
        ("lion", lion_by_hand),
        ("muon", muon_by_hand),
        ("sgd", sgd_by_hand),
    ],
)
def test_three_steps_equal_the_algorithm_written_by_hand(name: str, by_hand: Any) -> None:
    model, _ = stepped(recipe_for(name, weight_decay=DECAY), steps=3)
    after, gradients = plain(model.parameters()), [plain(drawn(step)) for step in (1, 2, 3)]
    for key, before in plain(drawn(0)).items():
        matrix = key.startswith("layers") and before.ndim > 1
        rule = adamw_by_hand if name == "muon" and not matrix else by_hand
        expected = rule(before, [g[key] for g in gradients])
        np.testing.assert_allclose(after[key], expected, rtol=1e-4, atol=2e-6, err_msg=key)


@pytest.mark.parametrize("name", NAMES)
def test_in_full_fine_tuning_norms_and_biases_do_not_decay(name: str) -> None:
    free, decayed = (
        plain(stepped(recipe_for(name, method="full", weight_decay=decay), steps=3)[0].parameters())
        for decay in (0.0, DECAY)
    )
    for key, weight in decayed.items():
        spared = SHAPES[key] == (33,) or key.endswith("bias")
        assert np.array_equal(weight, free[key]) == spared, key


@pytest.mark.parametrize("name", NAMES)
def test_a_run_begun_when_they_did_goes_on_as_it_began(name: str, tmp_path: Path) -> None:
    """As an adapter's optimizer does, which makes no difference between arrays."""
    begun, recipe = (recipe_for(name, weight_decay=DECAY, method=method) for method in ("lora", "full"))
    model, optimizer = stepped(begun, steps=3)
    mx.save_safetensors(str(tmp_path / "state.safetensors"), arrays.named(optimizer.state))
    other, resumed = Weights(), make_optimizer(recipe, 1.0)
    other.update(model.parameters())
    resumed.init(other.trainable_parameters())
    resumed.state = arrays.nested(arrays.read(tmp_path / "state.safetensors"))
    walk(model, optimizer, range(4, 7))
    walk(other, resumed, range(4, 7))
    for key, weight in plain(model.parameters()).items():
        np.testing.assert_array_equal(plain(other.parameters())[key], weight)


def test_orthogonalizing_brings_every_singular_value_near_one() -> None:
    for key in ("layers.2.proj.lora_a", "layers.4.experts.lora_b"):
        values = np.linalg.svd(np.array(orthogonalized(drawn(5)[key])), compute_uv=False)
        assert values.min() > 0.3
        assert values.max() < 1.3
    assert mx.abs(orthogonalized(mx.zeros((4, 3)))).max().item() == 0  # lora_a's gradient at the first step


@pytest.mark.parametrize("plus", [1.0, 16.0])
@pytest.mark.parametrize("name", NAMES)
def test_a_resumed_optimizer_goes_on_bit_for_bit(name: str, plus: float, tmp_path: Path) -> None:
    recipe = recipe_for(name, lora_plus=plus, weight_decay=DECAY)
    model, optimizer = stepped(recipe, steps=3)
    arrays_file = tmp_path / "optimizer.safetensors"
    mx.save_safetensors(str(arrays_file), arrays.named(optimizer.state))
    other, resumed = Weights(), make_optimizer(recipe, 1.0)
    other.update(model.parameters())
    resumed.init(other.trainable_parameters())
    resumed.state = arrays.nested(arrays.read(arrays_file))
    walk(model, optimizer, range(4, 9))
    walk(other, resumed, range(4, 9))
    for one, two in ((model.parameters(), other.parameters()), (optimizer.state, resumed.state)):
        mine, theirs = arrays.named(one), arrays.named(two)
        assert mine.keys() == theirs.keys()
        assert all(
            mx.array_equal(mine[key], theirs[key]) and mine[key].dtype == theirs[key].dtype for key in mine
        )


def test_state_of_another_recipe_is_refused() -> None:
    optimizer = make_optimizer(recipe_for("muon"), RATE)
    with pytest.raises(RunError, check=lambda error: error.code == "checkpoint.other_optimizer"):
        optimizer.state = stepped(recipe_for("adamw"))[1].state


def test_lora_plus_moves_the_second_matrix_faster_by_its_ratio_and_nothing_else() -> None:
    before = plain(drawn(0))
    slow, fast = (plain(stepped(recipe_for("sgd", lora_plus=plus))[0].parameters()) for plus in (1.0, 16.0))
    for key, start in before.items():
        ratio = 16.0 if key.endswith("lora_b") else 1.0
        np.testing.assert_allclose(fast[key] - start, ratio * (slow[key] - start), rtol=1e-3, atol=1e-5)
        assert np.abs(slow[key] - start).max() > 1e-3


def test_lora_plus_is_idle_without_an_adapter() -> None:
    plain_run, plus = (stepped(recipe_for("sgd", method="full", lora_plus=p))[0] for p in (1.0, 16.0))
    for key, weight in plain(plus.parameters()).items():
        np.testing.assert_array_equal(weight, plain(plain_run.parameters())[key])


@pytest.mark.parametrize("name", NAMES)
def test_set_rate_reaches_every_parameter(name: str) -> None:
    model, optimizer = Weights(), make_optimizer(recipe_for(name, lora_plus=4.0, weight_decay=DECAY), RATE)
    set_rate(optimizer, 0.0)
    optimizer.update(model, arrays.nested(drawn(1)))
    for key, weight in plain(model.parameters()).items():
        np.testing.assert_array_equal(weight, plain(drawn(0))[key])
    set_rate(optimizer, 0.25)
    assert arrays.number(optimizer.learning_rate) == 0.25


@pytest.mark.parametrize("plus", [1.0, 16.0])
@pytest.mark.parametrize("name", NAMES)
def test_the_forecast_of_state_is_exact(name: str, plus: float) -> None:
    recipe = recipe_for(name, lora_plus=plus)
    _, optimizer = stepped(recipe, steps=2)
    held = sum(array.nbytes for array in arrays.named(optimizer.state).values())
    assert state_bytes(recipe, SHAPES) == held


def test_state_in_8_bits_takes_about_a_quarter_and_sgd_keeps_nothing() -> None:
    shapes = {"layers.0.weight": (512, 512), "layers.0.norm": (512,)}
    count = 512 * 512 + 512
    bytes_of = {name: state_bytes(recipe_for(name, method="full"), shapes) for name in NAMES}
    assert bytes_of["adamw"] == 8 * count + 12  # and the step and the rate
    assert 0.25 < bytes_of["adamw8bit"] / bytes_of["adamw"] < 0.26
    assert bytes_of["lion"] == 4 * count + 12
    assert bytes_of["muon"] == 4 * 512 * 512 + 8 * 512 + 24
    assert bytes_of["adafactor"] == 4 * (512 + 512 + 512) + 12
    assert bytes_of["sgd"] == 12


@pytest.mark.parametrize("name", NAMES)
def test_the_suggested_rate_lowers_the_loss_within_thirty_steps(name: str, tiny_model: Path) -> None:
    first, last = losses(name, tiny_model)
    assert last < first - 0.1


def losses(name: str, folder: Path, steps: int = 30) -> tuple[float, float]:
    """The loss before and after some steps of LoRA on sixteen sentences, with the suggested rate."""
    opened = ModelCache().open(folder)
    model, ids = (
        opened.module,
        mx.array([list(f"{n} and {n} are twice {n}".encode())[:16] for n in range(10, 26)]),
    )
    mx.random.seed(0)
    model.freeze()
    linear_to_lora_layers(model, 2, {"rank": 16, "scale": 2.0, "dropout": 0.0})

    def loss() -> mx.array:
        return nn.losses.cross_entropy(model(ids[:, :-1]), ids[:, 1:], reduction="mean")

    rate = suggested_learning_rate(opened.config, "lora", name)
    optimizer = make_optimizer(recipe_for(name), rate)
    optimizer.init(model.trainable_parameters())
    first = loss().item()
    for _ in range(steps):
        _, gradient = nn.value_and_grad(model, loss)()
        optimizer.update(model, optimizers.clip_grad_norm(gradient, 1.0)[0])
        mx.eval(model.trainable_parameters(), optimizer.state)
    return first, loss().item()


def test_suggested_rates_know_width_method_and_optimizer() -> None:
    wide = {"hidden_size": 2048}
    assert suggested_learning_rate(wide) == 2e-4
    assert suggested_learning_rate(wide, "dora") == 2e-4
    assert suggested_learning_rate(wide, "full") == 2e-5
    assert suggested_learning_rate({"hidden_size": 32}) == 2e-3
    assert suggested_learning_rate(wide, "lora", "lion") == 6.7e-5
    assert suggested_learning_rate(wide, "full", "muon") == 4e-5
    assert suggested_learning_rate(wide, "lora", "sgd") == 0.5
