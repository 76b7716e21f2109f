"""The forecast: exact where it can be, close where it is measured, and advice that holds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest

from studio.catalogue import phrase
from studio.events import Forecasted
from studio.forecast import forecast as room
from studio.forecast.activations import Shape, estimated_heights, heights
from studio.forecast.changes import changes
from studio.forecast.forecast import ExampleLengths, forecast
from studio.forecast.peak_memory import Ahead, peaks, update_scratch
from studio.forecast.probe import Probe, refusal, sharpened
from studio.forecast.trace import trace
from studio.models.folder import read_config
from studio.recipe.recipe import Recipe
from studio.train.memory import machine_limit, speed_of
from studio.train.prepare import form_of, tuning_of
from tests.benchmarks.forecast import CONFIG, Case, compared
from tests.train.families import FAMILIES, SHAPE

LLAMA_8B: dict[str, Any] = {
    "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32, "intermediate_size": 14336,
    "num_attention_heads": 32, "num_key_value_heads": 8, "rms_norm_eps": 1e-5, "vocab_size": 128256,
    "max_position_embeddings": 131072, "rope_theta": 5e5, "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}  # fmt: skip
QWEN3_06B: dict[str, Any] = {
    "model_type": "qwen3", "hidden_size": 1024, "num_hidden_layers": 28, "intermediate_size": 3072,
    "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128, "rms_norm_eps": 1e-6,
    "vocab_size": 151936, "max_position_embeddings": 32768, "rope_theta": 1e6,
    "tie_word_embeddings": True, "torch_dtype": "bfloat16",
}  # fmt: skip


def folder_with(folder: Path, config: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def asked(folder: Path, **values: Any) -> Recipe:
    return Recipe().with_values(
        {"model": str(folder), **{n.replace("__", "."): v for n, v in values.items()}}
    )


@pytest.mark.parametrize(
    "case",
    [
        Case("LoRA", model={"num_hidden_layers": 5}),
        Case("full", {"method": "full"}, {"num_hidden_layers": 3}),
        pytest.param(Case("checkpointing", {"checkpointing": True}, length=256), marks=pytest.mark.long),
        pytest.param(Case("DPO", {"objective": "dpo"}, {"num_hidden_layers": 4}), marks=pytest.mark.long),
        pytest.param(Case("SimPO", {"objective": "simpo"}, {"num_hidden_layers": 4}), marks=pytest.mark.long),
    ],
    ids=lambda case: case.name,
)
@pytest.mark.on_cpu
def test_the_peak_of_a_real_run_is_within_a_tenth_of_its_forecast(case: Case) -> None:
    found = compared(case)
    assert abs(found.error) < 0.10, f"{found.promised / 1e6:.1f} MB for {found.measured / 1e6:.1f}"


def test_a_trace_takes_what_mlx_takes_when_nothing_is_scheduled_ahead() -> None:
    a, b = mx.random.normal((256, 512)), mx.random.normal((512, 256))

    def work(a: mx.array, b: mx.array) -> list[mx.array]:
        squared = mx.exp(a @ b)  # written into the product
        return [(squared.T @ squared).sum()]

    mx.eval(a, b)
    before = mx.get_active_memory()
    usual = mx.set_memory_limit(1)
    try:
        mx.clear_cache()
        mx.reset_peak_memory()
        mx.eval(work(a, b))
        taken = mx.get_peak_memory() - before
    finally:
        mx.set_memory_limit(usual)
    assert peaks(trace(work, [a, b]), Ahead(0)).highest == pytest.approx(taken, rel=0.01)
    assert taken == pytest.approx(2 * 256 * 256 * 4, rel=0.01)


def test_parts_add_up_and_the_exact_ones_are_exact(tmp_path: Path) -> None:
    model = folder_with(tmp_path / "qwen", QWEN3_06B)
    found = forecast(asked(model), model)
    trained = 10_092_544
    assert found.trainable_parameters == trained
    assert found.weights == 2 * 596_049_920
    assert found.optimizer == pytest.approx(8 * trained, abs=16)
    assert found.adapters >= (4 + 4 + 2) * trained  # in fp32, its gradient, and a copy in bf16
    assert found.peak == sum((found.weights, found.adapters, found.optimizer, found.activations, found.head))


@pytest.mark.on_cpu
def test_a_16_bit_model_keeps_what_its_layers_hand_on_in_16_bits(tmp_path: Path) -> None:
    """By hand, for 1,024 tokens at once: a layer of Qwen3-0.6B keeps for each token about 4 states of 1,024,
    5 of 3,072, 6 of 2,048, and the weights of attention, 16 heads x 1,024, all in bf16, besides norms
    (which a CPU keeps in fp32) and low-rank products: 28 layers take 2 to 4 GB.
    """
    model = folder_with(tmp_path / "qwen", QWEN3_06B)
    by_hand = 28 * 1024 * 2 * (4 * 1024 + 5 * 3072 + 6 * 2048 + 16 * 1024)
    found = forecast(asked(model, tokens_at_once=1024), model).activations
    assert by_hand < found < 2.2 * by_hand


@pytest.mark.on_cpu
def test_an_8b_model_in_4_bits_keeps_packed_weights_and_16_bit_states(tmp_path: Path) -> None:
    """By hand: 4.5 bits a weight; for 1,024 tokens a layer keeps about 4 states of 4,096, 3 of as many for
    queries, keys and values, 5 of 14,336, and 32 x 1,024 weights of attention, in bf16; none is unpacked.
    """
    model = folder_with(tmp_path / "llama", LLAMA_8B)
    found = forecast(asked(model, quantize="4-bit", tokens_at_once=1024), model)
    by_hand = 32 * 1024 * 2 * (7 * 4096 + 5 * 14336 + 32 * 1024)
    assert found.weights == pytest.approx(8.03e9 * 4.5 / 8, rel=0.001)
    assert by_hand < found.activations < 2.2 * by_hand
    less = forecast(asked(model, quantize="4-bit", tokens_at_once=1024, checkpointing=True), model)
    assert less.activations < 0.15 * found.activations


@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "qwen3_moe"])
def test_dense_families_are_traced(family: str, tmp_path: Path) -> None:
    config = {"model_type": family, **SHAPE, **FAMILIES[family]}
    if family == "phi3":
        config.pop("head_dim")
    model = folder_with(tmp_path / family, config)
    recipe = asked(model)
    shape = Shape(2, 32, 64)
    top, each = heights(model, 0, tuning_of(recipe), form_of(recipe), 4, shape)
    assert top.highest > 4 * each.highest * 0.9 > 0
    on_cpu = mx.default_device() == mx.cpu  # a GPU works so far ahead that layers this small say nothing
    assert not on_cpu or estimated_heights(config, 4, shape, 0)[0].highest == pytest.approx(
        top.highest, rel=0.7
    )


def test_a_family_that_cannot_be_traced_gets_a_rough_estimate(tmp_path: Path) -> None:
    config = {"model_type": "qwen3_moe", **SHAPE, **FAMILIES["qwen3_moe"]}
    model = folder_with(tmp_path / "moe", config)
    found = forecast(asked(model), model)
    assert found.activations > 0
    assert found.peak > found.weights


@pytest.mark.parametrize(
    "values",
    [
        {"max_length": 256},
        {"checkpointing": True},
        {"scope__layers": 2},
        {"lora__rank": 2},
        {"optimizer__name": "lion"},
        {"quantize": "8-bit"},
    ],
    ids=str,
)
def test_what_saves_memory_in_a_run_saves_it_in_the_forecast(values: dict[str, Any], tmp_path: Path) -> None:
    model = folder_with(tmp_path / "m", CONFIG)
    assert forecast(asked(model, **values), model).peak < forecast(asked(model), model).peak


def test_rows_change_the_peak_and_tell_the_time(tmp_path: Path) -> None:
    model = folder_with(tmp_path / "m", CONFIG)
    recipe = asked(model)
    short, long = (forecast(recipe, model, ExampleLengths((length,) * 80)) for length in (32, 400))
    assert short.peak < long.peak
    assert 0 < short.seconds_per_epoch < long.seconds_per_epoch
    assert short.steps_per_epoch == 10
    assert forecast(recipe, model).seconds_per_epoch == 0


def test_the_prefix_cache_counts_only_where_it_is_kept_in_memory(tmp_path: Path) -> None:
    model = folder_with(tmp_path / "m", CONFIG)
    rows = ExampleLengths((100,) * 500)
    peak = {
        kept: forecast(asked(model, scope__layers=2, prefix_cache=kept), model, rows).peak
        for kept in ("auto", "memory", "disk", "off")
    }
    assert peak["auto"] == peak["memory"] == peak["off"] + 500 * 100 * CONFIG["hidden_size"] * 4
    assert peak["disk"] == peak["off"]


@pytest.mark.on_cpu
def test_every_advice_holds_when_it_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = folder_with(tmp_path / "llama", LLAMA_8B)
    recipe = asked(model, tokens_at_once=2048)
    monkeypatch.setattr(room, "machine_limit", lambda: 32 * 2**30)
    found = forecast(recipe, model)
    assert not found.fits
    assert 1 <= len(found.changes) <= 3
    assert str(found.changes[0]).startswith("Set Tokens at once to 1,024: ")
    assert forecast(recipe.with_values({"tokens_at_once": 1024}), model).fits


def test_advice_is_minimal_and_combined_only_where_nothing_helps_alone() -> None:
    def peak(recipe: Recipe) -> int:
        saved = 30 * (recipe.optimizer.name == "adamw8bit") + 30 * (recipe.base.quantize == "4-bit")
        return 100 - saved - 5 * recipe.loop.checkpointing

    smaller, fewer_bits = (
        phrase("forecast.change", title=title, value=value)
        for title, value in (("Optimizer", "adamw8bit"), ("Quantize", "4-bit"))
    )
    both = phrase("list.and", one=smaller, other=fewer_bits)
    alone, together = (
        [phrase("forecast.set", changes=what, peak="0 MB") for what in ways]
        for ways in ((smaller, fewer_bits), (both,))
    )
    assert changes(Recipe(), peak, 80, 512) == alone
    assert changes(Recipe(), peak, 45, 512) == together
    assert changes(Recipe(), peak, 10, 512) == []


def test_the_update_of_8_bit_state_takes_more_beside_it_than_that_of_32_bits() -> None:
    shapes = {"layers.0.weight": (512, 512)}
    plain, small = (
        update_scratch(Recipe().with_values({"optimizer.name": name}), shapes)
        for name in ("adamw", "adamw8bit")
    )
    assert 0 < plain < small


@pytest.mark.parametrize("name", ["adamw", "muon"])
def test_the_update_of_several_groups_of_parameters_is_foreseen(name: str) -> None:
    recipe = Recipe().with_values({"optimizer.name": name, "optimizer.lora_plus": 8.0})
    shapes = {f"layers.{i}.q_proj.lora_{matrix}": (64, 64) for i in (1, 3) for matrix in "ab"}
    assert update_scratch(recipe, shapes) >= 64 * 64 * 4


def test_this_machine_has_a_limit_and_a_speed() -> None:
    assert 2**30 < machine_limit() < 2**50
    assert speed_of(mx.float32).seconds(1e9, 1e6) > speed_of(mx.float32).seconds(1e8, 1e6) > 0


def told(**values: Any) -> Forecasted:
    base = Forecasted("m", 1, 2, 100, 10, 10, 50, 5, 175, 200, True, False, 0.0, 0.0)
    return replace(base, **values)


def test_only_what_clearly_cannot_fit_is_refused_untried() -> None:
    assert refusal(told()) is None
    near = told(peak=210, fits=False, changes=("Set Rank to 4: 1 MB.",))
    assert refusal(near) is None
    sentence = refusal(replace(near, measured=True))
    assert sentence is not None
    assert (sentence.code, dict(sentence.values)["advice"]) == ("forecast.takes", "Set Rank to 4: 1 MB.")
    far = refusal(told(peak=400, fits=False))
    assert far is not None
    assert far.code == "forecast.would_take"
    assert str(far).endswith("Choose a smaller model.")


def test_a_config_read_twice_gives_the_same_forecast_without_tracing_again(tmp_path: Path) -> None:
    model = folder_with(tmp_path / "m", CONFIG)
    recipe = asked(model)
    first = forecast(recipe, model)
    missed = heights.cache_info().misses
    assert forecast(recipe.with_values({"learning_rate": 1e-5}), model) == first
    assert heights.cache_info().misses == missed
    folder_with(model, {**CONFIG, "num_hidden_layers": 4})
    assert read_config(model)["num_hidden_layers"] == 4
    assert forecast(recipe, model).peak < first.peak


def test_a_probe_takes_the_place_of_the_formula(tiny_model: Path, tmp_path: Path, toy_data: Path) -> None:
    from studio.forecast.probe import probe
    from studio.models.cache import ModelCache
    from studio.runs.folder import RunFolder
    from studio.train.prepare import prepare
    from studio.train.session import open_session
    from tests.conftest import finish

    recipe = asked(tiny_model, data__path=str(toy_data))
    ready = finish(prepare(recipe, ModelCache()))
    run = RunFolder(tmp_path / "run")
    session = finish(open_session(recipe, run, ready.opened, ready.data, ready.peak, ()))
    measured = probe(session)
    assert measured.peak > mx.get_active_memory()
    assert measured.seconds > 0
    first = forecast(recipe, tiny_model, ExampleLengths(session.plan.lengths))
    found = sharpened(first, measured, session)
    assert found.measured
    assert found.peak >= measured.peak
    assert found.seconds_per_epoch > 0
    tight = sharpened(replace(first, limit=10), Probe(10**9, 10**6, 0.1, 100), session)
    assert not tight.fits
    assert refusal(tight) is not None
