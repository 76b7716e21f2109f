"""Attention is seen as it is computed, in every family that computes it whole, and nothing changes for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx import nn
from mlx_lm.models.cache import make_prompt_cache

from studio.catalogue import Unusable, phrase
from studio.evaluate.inside import attention as module
from studio.evaluate.inside.attention import (
    attention,
    attention_weights,
    divergence,
    jensen_shannon,
    seen_attention,
)
from studio.models.build import load_lazily
from studio.models.cache import ModelCache
from studio.models.description import describe
from tests.models.test_families import write
from tests.train.families import FAMILIES, make

IDS = (4, 9, 1, 5, 22, 7, 3, 8, 11, 2)
ORACLE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "oracles" / "fixtures" / "attention.json").read_text(encoding="utf-8")
)


def test_the_starters_attention_is_that_of_transformers(starter: Path) -> None:
    model = ModelCache().open(starter / "model").module
    for case in ORACLE["starter"]:
        assert_agrees(model, case)


def assert_agrees(model: nn.Module, case: dict[str, Any]) -> None:
    found = np.stack([np.array(each) for each in attention(model, case["ids"])])
    assert list(found.shape) == case["shape"]
    theirs = np.array([sample[-1] for sample in case["samples"]])
    ours = np.array([found[tuple(sample[:-1])] for sample in case["samples"]])
    assert np.abs(ours - theirs).max() < 1e-4
    assert theirs.std() > 0.05


QUICK = ("deepseek_v3", "gemma3_text", "gpt_neox", "qwen3_moe")
UNBUILT = {
    "apertus",
    "bitnet",
    "ernie4_5_moe",
    "gpt_oss",
    "longcat_flash",
    "minicpm3",
    "solar_open",
}
"""Families that mlx-lm does not build of what transformers writes of them."""
ALONE = {"gemma2"}
"""A family that caps its scores, and so attends in a way of its own."""


@pytest.mark.parametrize(
    "family",
    [
        *QUICK,
        *(
            pytest.param(f, marks=pytest.mark.long)
            for f in sorted(ORACLE["families"].keys() - {*QUICK} - UNBUILT)
        ),
    ],
)
def test_a_familys_attention_is_that_of_transformers_or_said_to_be_out_of_sight(
    family: str, tmp_path: Path
) -> None:
    """Latent attention (deepseek_v3, glm4_moe_lite), windows, biases and norms among them."""
    model, _ = load_lazily(describe(write(family, "plain", tmp_path / "model")))
    model.eval()
    if family in ALONE:
        with pytest.raises(Unusable, check=lambda error: error.phrase.code == "inside.attention_unseen"):
            attention(model, IDS)
    else:
        assert_agrees(model, ORACLE["families"][family])


@pytest.mark.parametrize("family", ["qwen3_next", "lfm2"])
def test_a_family_of_which_some_layers_attend_otherwise_says_which(family: str, tmp_path: Path) -> None:
    model, _ = load_lazily(describe(write(family, "plain", tmp_path / "model")))
    layers = {"qwen3_next": "1, 2, 3", "lfm2": "1, 2, 4"}[family]

    def is_meant(error: Unusable) -> bool:
        return error.phrase == phrase("inside.attention_unseen", layers=layers, count=3)

    with pytest.raises(Unusable, check=is_meant):
        attention(model, IDS)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_familys_attention_is_seen_and_its_logits_stay_the_same_to_the_last_bit(family: str) -> None:
    """Shared heads, sliding windows, capped scores where they are computed whole, norms of queries."""
    model = make(family)
    model.eval()
    plain = model(mx.array([IDS]))
    if family == "gemma2":  # caps its scores, and so computes them by itself
        with pytest.raises(Unusable, check=lambda error: error.phrase.code == "inside.attention_unseen"):
            attention(model, IDS)
        return
    with seen_attention():
        watched = model(mx.array([IDS]))
    assert mx.array_equal(plain, watched).item()
    for weights in attention(model, IDS):
        assert weights.shape == (4, len(IDS), len(IDS))
        assert mx.allclose(weights.sum(axis=-1), mx.ones((4, len(IDS))), atol=1e-5).item()
        assert mx.triu(weights, 1).max().item() == 0


def test_a_window_hides_what_lies_before_it() -> None:
    near, far = attention(make("llama"), IDS)[:2]
    assert near[:, 9, :3].max().item() == 0 < far[:, 9, :3].min().item()


def masks(length: int) -> dict[str, Any]:
    past = mx.arange(length)[:, None] >= mx.arange(length)
    return {
        "none": None,
        "causal": "causal",
        "bool": past,
        "bool of each head": mx.broadcast_to(past, (1, 4, length, length)),
        "added": mx.where(past, 0.0, -1e9),
    }


@pytest.mark.parametrize("sinks", [False, True])
@pytest.mark.parametrize("mask", list(masks(1)))
def test_weights_times_values_are_what_the_fused_product_gives(mask: str, sinks: bool) -> None:
    mx.random.seed(0)
    queries, keys, values = (mx.random.normal((2, heads, 7, 8)) for heads in (4, 2, 2))
    given = {"mask": masks(7)[mask], "sinks": mx.array([0.5, -1.0, 2.0, 0.0]) if sinks else None}
    weights = attention_weights(queries, keys, 0.35, **given)
    fused = mx.fast.scaled_dot_product_attention(queries, keys, values, scale=0.35, **given)
    assert mx.allclose(weights @ mx.repeat(values, 2, axis=1), fused, atol=1e-5).item()
    assert (weights.sum(axis=-1).max().item() < 1) == sinks


def test_a_cache_of_whole_keys_is_seen_and_a_quantized_one_is_said_to_be_out_of_sight() -> None:
    model = make("llama", head_dim=64, sliding_window=None, layer_types=["full_attention"] * 4)
    model.eval()
    whole = make_prompt_cache(model)
    model(mx.array([IDS[:4]]), cache=whole)
    assert attention(model, IDS[4:], cache=whole)[0].shape == (4, 6, 10)
    quantized = make_prompt_cache(model)
    model(mx.array([IDS[:4]]), cache=quantized)
    packed = [each.to_quantized(group_size=64, bits=8) for each in quantized]
    with pytest.raises(Unusable, check=lambda error: error.phrase.code == "inside.attention_unseen"):
        attention(model, IDS[4:], cache=packed)


def test_what_is_not_the_layers_attention_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        module, "attention_weights", lambda *given: mx.roll(attention_weights(*given), 1, axis=-1)
    )
    with pytest.raises(Unusable, check=lambda error: error.phrase.code == "inside.attention_unproven"):
        attention(make("qwen3"), IDS)


def test_a_model_without_attention_is_said_to_have_none() -> None:
    mamba = make("mamba", trained=0, **{"state_size": 4, "conv_kernel": 4, "time_step_rank": 4}, **SSM)
    with pytest.raises(Unusable, check=lambda error: error.phrase.code == "inside.attention_unseen"):
        attention(mamba, IDS)


SSM = {"use_bias": False, "use_conv_bias": True, "tie_word_embeddings": True}


def test_divergence_is_nothing_between_equals_one_bit_between_strangers_and_right_by_hand() -> None:
    p, q = mx.array([0.5, 0.5, 0.0]), mx.array([0.0, 0.0, 1.0])
    assert jensen_shannon(p, p).item() == 0
    assert jensen_shannon(p, q).item() == pytest.approx(1, abs=1e-6)
    by_hand = 0.5 * (0.5 * np.log2(0.5 / 0.75) + 0.5 * np.log2(0.5 / 0.25)) + 0.5 * np.log2(1 / 0.75)
    found = jensen_shannon(mx.array([0.5, 0.5]), mx.array([1.0, 0.0]))
    assert found.item() == pytest.approx(by_hand, abs=1e-6)


def test_divergence_names_the_layer_whose_queries_were_changed() -> None:
    base, tuned = make("qwen3"), make("qwen3")
    query = tuned.layers[2].self_attn.q_proj
    query.lora_b = mx.random.normal(query.lora_b.shape)
    changed = divergence(attention(base, IDS), attention(tuned, IDS))
    assert changed.shape == (4, 4)
    assert changed[:2].max() == 0
    assert changed.mean(axis=1).argmax() == 2
    assert mx.array_equal(attention(base, IDS)[1][3], attention(tuned, IDS)[1][3])
