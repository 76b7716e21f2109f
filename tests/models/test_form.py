"""Base models in another form than they were saved in: quantized, cast, shared."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import pytest
from mlx.utils import tree_flatten
from mlx_lm.utils import load_model, quantize_model

from studio.errors import ModelError
from studio.models import adapter
from studio.models.adapter import Tuning
from studio.models.arrays import count_entries, named
from studio.models.cache import ModelCache
from studio.models.count import count_parameters
from studio.models.form import WeightForm, castable

IDS = mx.array([[5, 9, 200, 31]])
FORMS = {
    "4-bit": WeightForm(4, 32),
    "8-bit": WeightForm(8, 64),
    "mxfp4": WeightForm(4, mode="mxfp4"),
    "mxfp8": WeightForm(8, mode="mxfp8"),
    "nvfp4": WeightForm(4, mode="nvfp4"),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("family", ["qwen2", "qwen3_moe"])
def test_a_model_is_quantized_on_load_as_mlx_lm_does_it(
    family: str, form: WeightForm, make: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make(family)
    opened = ModelCache().open(folder, form)
    assert capsys.readouterr().out == ""
    model, config = load_model(folder)
    group_size = opened.form.group_size
    theirs, described = quantize_model(model, config, group_size, form.bits, form.mode)
    expected, found = named(theirs.parameters()), named(opened.module.parameters())
    assert set(expected) == set(found)
    assert all(mx.array_equal(expected[name], found[name]) for name in expected)
    assert opened.config == described
    assert count_entries(opened.module) == count_parameters(folder, Tuning(rank=4), form).total


def test_two_opens_in_one_form_share_their_weights_and_two_forms_do_not(make: Callable[..., Path]) -> None:
    folder, model_cache = make("qwen2"), ModelCache()
    first, second = model_cache.open(folder, WeightForm(4, 32)), model_cache.open(folder, WeightForm(4, 32))
    assert first.weights is second.weights
    assert first.module.layers[0].mlp.up_proj.weight is second.module.layers[0].mlp.up_proj.weight
    plain = model_cache.open(folder)
    assert plain.weights is not first.weights
    assert plain.form == WeightForm()
    adapter.attach(first.module, Tuning(rank=4))
    assert mx.array_equal(second.module(IDS), model_cache.open(folder, WeightForm(4, 32)).module(IDS))


def test_a_quantized_model_stays_as_it_is(make: Callable[..., Path]) -> None:
    folder, model_cache = make("qwen2", bits=8), ModelCache()
    asked, saved = model_cache.open(folder, WeightForm(4, 64)), model_cache.open(folder)
    assert asked.weights is saved.weights
    assert asked.module.layers[0].mlp.up_proj.bits == 8


def test_precision_is_cast_but_packed_integers_are_not(make: Callable[..., Path]) -> None:
    opened = ModelCache().open(make("qwen2", bits=4), WeightForm(precision="bfloat16"))
    kinds = {array.dtype for array in named(opened.module.parameters()).values()}
    assert kinds == {mx.bfloat16, mx.uint32}
    half = ModelCache().open(opened.folder, WeightForm(precision="float16")).module
    assert half(IDS).dtype == mx.float16


def test_a_model_is_cast_before_it_is_quantized(make: Callable[..., Path]) -> None:
    opened = ModelCache().open(make("llama"), WeightForm(4, 32, precision="bfloat16"))
    assert opened.module.layers[0].mlp.up_proj.scales.dtype == mx.bfloat16
    assert opened.module.model.norm.weight.dtype == mx.bfloat16


def test_what_a_family_keeps_in_full_precision_stays_so() -> None:
    from mlx_lm.models import glm4_moe_lite

    wanted = castable(glm4_moe_lite.Model.__new__(glm4_moe_lite.Model))
    assert not wanted("model.layers.1.mlp.gate.e_score_correction_bias", mx.zeros(4))
    assert wanted("model.norm.weight", mx.zeros(4))
    assert not wanted("model.norm.weight", mx.zeros(4, mx.uint32))


def test_what_cannot_be_quantized_is_said(make: Callable[..., Path]) -> None:
    folder = make("qwen2")
    with pytest.raises(ModelError, check=lambda error: error.code == "quantize.bits"):
        ModelCache().open(folder, WeightForm(4, mode="mxfp8"))
    with pytest.raises(ModelError, check=lambda error: error.code == "quantize.groups"):
        ModelCache().open(folder, WeightForm(4, 128))


@pytest.mark.parametrize("form", [WeightForm(), WeightForm(precision="bfloat16"), *FORMS.values()])
def test_the_bytes_of_weights_are_foretold(form: WeightForm, make: Callable[..., Path]) -> None:
    for folder in (make("llama"), make("qwen3_moe", dtype=mx.bfloat16), make("qwen2", bits=4)):
        foretold = count_parameters(folder, Tuning(rank=4), form).weights_bytes
        opened = ModelCache().open(folder, form).module
        assert foretold == sum(array.nbytes for _, array in tree_flatten(opened.parameters()))


def test_the_bytes_of_weights_come_from_the_configuration_before_a_download(
    tmp_path: Path, make: Callable[..., Path]
) -> None:
    config = json.loads((make("llama") / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "torch_dtype": "bfloat16"}))
    counted = count_parameters(tmp_path, Tuning(rank=4))
    assert counted.weights_bytes == 2 * counted.total


def test_loading_a_model_to_quantize_it_never_holds_it_twice(make: Callable[..., Path]) -> None:
    folder = make("llama")
    whole = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    mx.synchronize()
    mx.clear_cache()
    before = mx.get_active_memory()
    mx.reset_peak_memory()
    opened = ModelCache().open(folder, WeightForm(4, 32))
    quantized = sum(array.nbytes for array in named(opened.module.parameters()).values())
    largest = 2 * 320 * 64 * 4  # the embeddings, and the same being packed
    assert mx.get_peak_memory() - before < quantized + largest < 0.8 * whole
