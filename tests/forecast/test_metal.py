"""What a GPU takes is foreseen by how Metal works: far ahead, and with less kept for the gradient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest

from studio.events import Forecasted, Log
from studio.forecast import probe
from studio.forecast.activations import FEW_ON_GPU, Shape, heights
from studio.forecast.forecast import forecast
from studio.forecast.peak_memory import Ahead
from studio.jobs.train import TrainJob
from studio.models.cache import ModelCache
from studio.train import attending
from studio.train.attending import AttentionCost, AttentionShape, decisions, settle
from studio.train.kernels.attention import Attention
from studio.train.memory import machine_limit
from studio.train.prepare import form_of, tuning_of
from tests.benchmarks.forecast import CONFIG
from tests.forecast.test_forecast import LLAMA_8B, QWEN3_06B, asked, folder_with
from tests.pretending.gpu import MAC

pytestmark = pytest.mark.on_gpu

MB = 2**20


@pytest.mark.parametrize(
    ("architecture", "turns", "megabytes"),
    [
        ("applegpu_g15p", 400, 400),
        ("applegpu_g13g", 800, 400),
        ("applegpu_g14s", 1000, 500),
        ("applegpu_g14d", 1000, 500),
        ("air64_v27", 800, 400),
        ("", 800, 400),
    ],
)
def test_how_far_a_gpu_works_ahead_goes_by_its_kind(
    architecture: str, turns: int, megabytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mx, "device_info", lambda: {**MAC, "architecture": architecture})
    assert Ahead.here() == Ahead(turns, megabytes * MB)


def test_a_process_may_hold_what_macos_recommends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mx, "device_info", lambda: MAC)
    assert machine_limit() == MAC["max_recommended_working_set_size"]


def test_a_16_bit_model_keeps_no_weights_of_attention(tmp_path: Path) -> None:
    """By hand, for 1,024 tokens at once: a layer of Qwen3-0.6B keeps for each token about 4 states of 1,024,
    3 of 3,072 and 5 of 2,048 in bf16; and what is under way on top.
    """
    model = folder_with(tmp_path / "qwen", QWEN3_06B)
    by_hand = 28 * 1024 * 2 * (4 * 1024 + 3 * 3072 + 5 * 2048)
    weights = 28 * 1024 * 2 * 16 * 1024
    found = forecast(asked(model, tokens_at_once=1024), model).activations
    ahead = 2 * Ahead.here().bytes
    assert by_hand < found < by_hand + ahead + weights / 28 * 3


def test_an_8b_model_in_4_bits_keeps_16_bit_states(tmp_path: Path) -> None:
    model = folder_with(tmp_path / "llama", LLAMA_8B)
    found = forecast(asked(model, quantize="4-bit", tokens_at_once=1024), model)
    by_hand = 32 * 1024 * 2 * (5 * 4096 + 3 * 14336)
    assert by_hand < found.activations < 1.6 * by_hand
    less = forecast(asked(model, quantize="4-bit", tokens_at_once=1024, checkpointing=True), model)
    assert less.activations < 0.2 * found.activations


@pytest.mark.parametrize("width", [128, 512, 1024])
@pytest.mark.parametrize("kind", ["p", "g", "d"])
def test_what_is_foreseen_of_many_layers_is_what_tracing_all_of_them_finds(
    width: int, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mx, "device_info", lambda: {**MAC, "architecture": f"applegpu_g14{kind}"})
    model = folder_with(tmp_path / "m", CONFIG)
    recipe = asked(model)
    asked_for = (model, 0, tuning_of(recipe), form_of(recipe), 8, Shape(2048 // width, width, 2048))
    few, _ = heights(*asked_for, -1)
    monkeypatch.setattr("studio.forecast.activations.FEW_ON_GPU", 8)
    every, _ = heights(*asked_for, -2)
    assert FEW_ON_GPU < 8
    assert few.highest == pytest.approx(every.highest, rel=0.02)
    assert few.multiplications == pytest.approx(every.multiplications, rel=0.001)


@pytest.mark.parametrize("shorter", [512, 256, 128])
def test_shorter_rows_never_take_more(shorter: int, tmp_path: Path) -> None:
    model = folder_with(tmp_path / "m", CONFIG)
    assert forecast(asked(model, max_length=shorter), model).peak < forecast(asked(model), model).peak


def test_every_advice_holds_when_it_is_followed(tmp_path: Path) -> None:
    model = folder_with(tmp_path / "llama", LLAMA_8B)
    recipe, limit = asked(model, tokens_at_once=2048), 24 * 2**30
    found = forecast(recipe, model, limit=limit)
    assert not found.fits
    assert str(found.changes[0]).startswith("Set Tokens at once to 1,024: ")
    assert forecast(recipe.with_values({"tokens_at_once": 1024}), model, limit=limit).fits


def settled(shape: AttentionShape, monkeypatch: pytest.MonkeyPatch, **kept: float) -> None:
    """MLX's own is chosen for this shape, and costs this."""
    ours = AttentionCost(2.0, 80 * MB, 10 * MB)
    costs = {
        Attention.RECOMPUTING: ours,
        Attention.MLX: AttentionCost(1.0, kept["most"] * MB + shape.passed_on, kept["kept"] * MB),
    }
    monkeypatch.setattr(attending, "_costs", {shape: costs})
    settle(shape, Attention.MLX)


@pytest.fixture(autouse=True)
def _no_choice_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attending, "_chosen", {})


@pytest.mark.parametrize(("kept", "checkpointing"), [(10, False), (42, False), (42, True)])
def test_the_forecast_follows_the_choice_of_attention(
    kept: float, checkpointing: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With kernels of MLX's a layer keeps what ours does; without one it keeps its square, 32 MB here."""
    model = folder_with(tmp_path / "m", CONFIG)
    recipe = asked(model, checkpointing=checkpointing, tokens_at_once=2048)
    before: Any = forecast(recipe, model)
    shape = AttentionShape(2, 4, 2, 1024, 64, 64, mx.float32)
    settled(shape, monkeypatch, most=20, kept=kept)
    after = forecast(recipe, model)
    square = 3 * 4 * 2 * 4 * 512 * 1024
    layers = 1 if checkpointing else 8
    expected = layers * (kept - 10) * MB + 20 * MB - square
    assert decisions() == 1
    assert after.peak - before.peak == pytest.approx(expected, abs=(8 if kept == 10 else 12) * MB)


def test_a_run_that_took_mlxs_own_attention_forecasts_by_it(
    tiny_model: Path, toy_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the run nothing is known; the advice of a run that does not fit counts what was measured."""
    made: list[Forecasted] = []

    def noted(*given: Any, **named: Any) -> Forecasted:
        made.append(forecast(*given, **named))
        return made[-1]

    ours, own = AttentionCost(2.0, 10 * MB, 1 * MB), AttentionCost(1.0, 30 * MB, 3 * MB)
    costs = {Attention.RECOMPUTING: ours, Attention.MLX: own}
    monkeypatch.setattr(attending, "_costs", {})
    monkeypatch.setattr(attending, "_measure", lambda shape: costs)
    monkeypatch.setattr(probe, "forecast", noted)
    recipe = asked(tiny_model, data__path=str(toy_data), steps=1)
    events = list(TrainJob(recipe, tmp_path / "runs").run_events(ModelCache()))
    told = next(event for event in events if isinstance(event, Forecasted))
    assert told.measured
    before, after = made
    assert after.peak > before.peak + 2 * MB
    assert any(isinstance(event, Log) and "MLX's own kernels: a layer" in event.text for event in events)
