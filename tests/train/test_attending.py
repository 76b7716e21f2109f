"""MLX's own attention or ours on a GPU: what is measured, what is chosen by it, and what a run says of it."""

from __future__ import annotations

import math
from pathlib import Path

import mlx.core as mx
import pytest

from studio.events import Log, Prepared, Step
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.train import attending, checkpoint
from studio.train.attending import (
    IMPOSSIBLE,
    AttentionChoice,
    AttentionCost,
    AttentionShape,
    choose,
    decide,
    measured,
    shapes_of,
)
from studio.train.kernels.attention import Attention
from studio.train.loop import train
from studio.train.prepare import prepare
from tests.conftest import finish

MLX, OURS = Attention.MLX, Attention.RECOMPUTING
SHAPE = AttentionShape(1, 4, 2, 192, 16, 16, mx.float32)


def cost(seconds: float, most: float, kept: float) -> AttentionCost:
    return AttentionCost(seconds, most, kept)


@pytest.mark.parametrize(
    ("mlx", "ours", "layers", "spare", "chosen"),
    [
        pytest.param(cost(1, 20, 5), cost(2, 20, 5), 8, 0, MLX, id="faster and no larger"),
        pytest.param(cost(1, 30, 5), cost(2, 20, 5), 8, 10, MLX, id="faster, and there is room"),
        pytest.param(cost(1, 30, 5), cost(2, 20, 5), 8, 9, OURS, id="faster, and there is none"),
        pytest.param(cost(1, 20, 7), cost(2, 20, 5), 8, 13, OURS, id="keeps too much in eight layers"),
        pytest.param(cost(1, 20, 7), cost(2, 20, 5), 1, 13, MLX, id="keeps it once with checkpointing"),
        pytest.param(cost(3, 10, 1), cost(2, 20, 5), 8, 0, OURS, id="smaller, but ours fits and is faster"),
        pytest.param(cost(3, 10, 1), cost(2, 20, 5), 8, -10, MLX, id="slower, but the only one that fits"),
        pytest.param(cost(3, 19, 5), cost(2, 20, 5), 8, -90, MLX, id="neither fits: what takes least"),
        pytest.param(cost(1, 30, 9), cost(2, 20, 5), 8, -90, OURS, id="neither fits: ours takes least"),
        pytest.param(IMPOSSIBLE, cost(2, 20, 5), 8, 0, OURS, id="no kernel"),
        pytest.param(IMPOSSIBLE, cost(2, 20, 5), 8, -90, OURS, id="no kernel and no room"),
        pytest.param(cost(1, 30, 9), IMPOSSIBLE, 8, 0, MLX, id="ours fails"),
    ],
)
def test_the_faster_that_fits_is_used(
    mlx: AttentionCost, ours: AttentionCost, layers: int, spare: float, chosen: Attention
) -> None:
    assert decide({OURS: ours, MLX: mlx}, layers, spare) is chosen


@pytest.mark.on_cpu
def test_what_is_measured_is_what_each_way_keeps() -> None:
    """On the CPU MLX has no kernel for the gradient: a layer keeps its whole square, ours what enters."""
    costs = attending._measure(SHAPE)
    state = SHAPE.batch * SHAPE.heads * SHAPE.length * SHAPE.width * 4
    assert 0 < costs[OURS].kept < 4 * state
    assert 0.7 * SHAPE.square < costs[MLX].kept - costs[OURS].kept < 1.5 * SHAPE.square
    assert costs[MLX].most > 2 * SHAPE.square
    assert all(0 < each.seconds < 60 for each in costs.values())


@pytest.mark.on_cpu
def test_what_might_not_fit_is_tried_with_less_and_reckoned_up(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = AttentionShape(4, 8, 4, 64, 16, 16, mx.float32)
    assert shape.within(attending.SQUARES * shape.square) == shape
    half = shape.within(attending.SQUARES * shape.square // 2)
    assert half is not None
    assert (half.batch, half.heads) == (2, 8)
    least = shape.within(attending.SQUARES * shape.square // 16)
    assert least is not None
    assert (least.batch, least.heads, least.shared) == (1, 2, 1)
    assert shape.within(attending.SQUARES * shape.square // 17) is None
    monkeypatch.setattr(attending, "machine_limit", lambda: mx.get_active_memory() + shape.square)
    tried = attending._measure(shape)
    monkeypatch.undo()
    whole = attending._measure(shape)
    assert tried[MLX].most == pytest.approx(whole[MLX].most, rel=0.25)
    monkeypatch.setattr(attending, "machine_limit", lambda: 0)
    assert attending._measure(shape)[MLX] is IMPOSSIBLE


def test_a_kernel_that_a_shape_does_not_have_is_not_chosen() -> None:
    def without(*given: mx.array, **how: object) -> mx.array:
        raise ValueError("[scaled_dot_product_attention] no fused kernel")

    assert attending._cost(SHAPE, without) is IMPOSSIBLE


def test_the_log_says_what_was_measured() -> None:
    costs = {OURS: cost(0.0201, 96e6, 9e6), MLX: cost(0.0123, 45e6, 9e6)}
    own, blocks = "12.3 ms and 43 MB", "20.1 ms and 92 MB"
    assert AttentionChoice(MLX, costs).sentence == (
        f"Attention is computed by MLX's own kernels: a layer takes {own}, in blocks {blocks}."
    )
    assert AttentionChoice(OURS, costs).sentence == (
        f"Attention is computed in blocks: a layer takes {blocks}, by MLX's own kernels {own}."
    )
    assert "do not serve" in AttentionChoice(OURS, {**costs, MLX: IMPOSSIBLE}).sentence


def test_the_shapes_of_a_model_are_found_without_computing_it(tiny_model: Path) -> None:
    model = ModelCache().open(tiny_model).module
    before = mx.get_active_memory()
    found = shapes_of(model, 3, 40)
    assert found == (AttentionShape(3, 2, 1, 40, 16, 16, mx.float32),) * 2
    assert mx.get_active_memory() == before


@pytest.mark.on_cpu
def test_on_the_cpu_nothing_is_measured(tiny_model: Path) -> None:
    assert choose(ModelCache().open(tiny_model).module, 2, 50, 2, math.inf) is None
    assert not any(shape.length == 50 for shape in attending._costs)


def begun(recipe: Recipe, run: RunFolder) -> list[object]:
    """The run's events up to its second step; it saves when it is stopped."""
    ready = finish(prepare(recipe, ModelCache()))
    events = train(recipe, run, ready.opened, ready.data, ready.peak)
    found: list[object] = []
    for event in events:
        found.append(event)
        if isinstance(event, Step) and sum(isinstance(each, Step) for each in found) == 2:
            break
    events.close()
    return found


@pytest.mark.on_gpu
@pytest.mark.parametrize("faster", [MLX, OURS])
def test_a_run_says_its_choice_trains_by_it_and_keeps_to_it(
    faster: Attention, tiny_model: Path, toy_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = OURS if faster is MLX else MLX
    costs = {faster: cost(1.0, 1e6, 1e5), other: cost(2.0, 1e6, 1e5)}
    monkeypatch.setattr(attending, "_measure", lambda shape: costs)
    for name in ("_costs", "_chosen"):
        monkeypatch.setattr(attending, name, {})
    asked: list[Attention | None] = []
    whole = mx.fast.scaled_dot_product_attention

    recipe = Recipe().with_values({"model": str(tiny_model), "data.path": str(toy_data), "batch_size": 2})
    run = RunFolder.create(tmp_path / "runs", "toy", {"recipe": recipe.model_dump()})
    monkeypatch.setattr("studio.train.learner.in_blocks", noting(asked))
    first = begun(recipe, run)
    said = [event.text for event in first if isinstance(event, Log) and event.text.startswith("Attention")]
    assert said == [AttentionChoice(faster, costs).sentence]
    assert set(asked) == {faster}
    latest = checkpoint.latest(run)
    assert latest is not None
    assert checkpoint.position_of(latest).mlx_attention == int(faster is MLX)
    monkeypatch.setattr(attending, "_measure", lambda shape: {faster: costs[other], other: costs[faster]})
    attending._costs.clear()
    asked.clear()
    again = begun(recipe, run)
    assert not [event for event in again if isinstance(event, Log) and event.text.startswith("Attention")]
    assert next(event for event in again if isinstance(event, Prepared)).first_step == 3
    assert set(asked) == {faster}
    assert mx.fast.scaled_dot_product_attention is whole


def noting(asked: list[Attention | None]) -> object:
    from studio.train.kernels.attention import in_blocks

    def noted(by: Attention | None = None) -> object:
        asked.append(by)
        return in_blocks(by)

    return noted


@pytest.mark.on_gpu
def test_a_run_measures_the_shapes_that_its_forecast_asks_for(tiny_model: Path, toy_data: Path) -> None:
    from studio.forecast.probe import Gate

    recipe = Recipe().with_values({"model": str(tiny_model), "data.path": str(toy_data)})
    ready = finish(prepare(recipe, ModelCache()))
    gate = Gate(recipe, ready.opened.folder, ready.data)
    assert gate.spare is not None
    assert gate.spare > 0
    model = ready.opened.module
    choice = choose(model, 2, 64, 2, gate.spare)
    assert choice is not None
    assert choice.costs == measured(shapes_of(model, 2, 64)[0])
    assert set(choice.costs) == {MLX, OURS}
