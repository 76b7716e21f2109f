"""Whatever a family does to its logits, the head in chunks gives its loss and its gradient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx import nn
from mlx_lm.utils import _get_classes

from studio.dataset.render.batch import Batch, collate
from studio.dataset.render.render import Tokens
from studio.events import Log
from studio.jobs.train import TrainJob
from studio.models.arrays import named
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.train.kernels import head as heads
from studio.train.kernels.head import FrozenHead, Head, find_head
from studio.train.learner import token_losses
from tests.train.test_architectures import make

COMMON: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "intermediate_size": 48,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "vocab_size": 64,
    "max_position_embeddings": 256,
    "rms_norm_eps": 1e-5,
    "layer_norm_eps": 1e-5,
    "rope_theta": 1e4,
}
GRANITE = {"attention_multiplier": 0.3, "embedding_multiplier": 4.0, "residual_multiplier": 0.5}
FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {"tie_word_embeddings": False},
    "qwen3": {"tie_word_embeddings": True},
    "gemma2": {"query_pre_attn_scalar": 8, "final_logit_softcapping": 0.5},
    "cohere": {"logit_scale": 0.0625, "layer_norm_bias": False, "use_qk_norm": False},
    "cohere2": {"logit_scale": 0.25, "sliding_window": 64, "sliding_window_pattern": 2},
    "granite": {
        **GRANITE,
        "logits_scaling": 8.0,
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": True,
    },
    "granitemoe": {
        **GRANITE,
        "logits_scaling": 6.0,
        "attention_bias": False,
        "num_local_experts": 4,
        "num_experts_per_tok": 2,
    },
    "phi": {"partial_rotary_factor": 0.5, "layer_norm_eps": 1e-5},
    "gpt_neox": {"rotary_emb_base": 10000, "rotary_pct": 0.25, "use_parallel_residual": True},
    "gptj": {"n_embd": 32, "n_head": 4, "n_layer": 2, "n_positions": 256, "rotary_dim": 4, "n_inner": None},
    "stablelm": {
        "partial_rotary_factor": 0.25,
        "use_qkv_bias": True,
        "layer_norm_eps": 1e-5,
        "tie_word_embeddings": False,
    },
    "falcon_h1": {
        "tie_word_embeddings": True,
        "lm_head_multiplier": 0.3,
        "embedding_multiplier": 2.0,
        "mamba_d_ssm": 32,
        "mamba_n_heads": 4,
        "mamba_d_head": 8,
        "mamba_n_groups": 1,
        "mamba_d_state": 8,
        "mamba_chunk_size": 8,
    },
    "nanochat": {},
    "gemma4_text": {
        "final_logit_softcapping": 0.5,
        "num_hidden_layers": 5,
        "hidden_size_per_layer_input": 0,
        "vocab_size_per_layer_input": 64,
        "num_kv_shared_layers": 0,
        "global_head_dim": 8,
        "sliding_window": 64,
    },
    "gpt2": {"n_ctx": 256, "n_embd": 32, "n_head": 4, "n_layer": 2, "n_positions": 256,
             "layer_norm_epsilon": 1e-5},
    "mamba": {
        "state_size": 4,
        "expand": 2,
        "conv_kernel": 4,
        "use_bias": False,
        "use_conv_bias": True,
        "time_step_rank": 2,
    },
    "minicpm": {"dim_model_base": 8, "scale_depth": 1.4, "scale_emb": 12, "tie_word_embeddings": False},
}  # fmt: skip


def model_of(family: str, **changes: Any) -> nn.Module:
    """A random model whose last block is trained, with logits that are not small."""
    config = {"model_type": family, **COMMON, **FAMILIES.get(family, {}), **changes}
    model_class, arguments = _get_classes(config=config)
    mx.random.seed(4)
    model: nn.Module = model_class(arguments.from_dict(config))
    spread = {name: array * 3 for name, array in named(model.parameters()).items() if array.ndim == 2}
    model.load_weights(list(spread.items()), strict=False)
    model.freeze()
    model.layers[-1].unfreeze()
    mx.eval(model.parameters())
    return model


def batch_of() -> Batch:
    random = np.random.default_rng(2)
    return collate(
        [
            Tokens(tuple(random.integers(1, 64, n).tolist()), tuple(i >= prompt for i in range(n)))
            for n, prompt in ((30, 8), (9, 3), (25, 24))
        ]
    )


def assert_equal_to_all_logits(model: nn.Module, head: Head) -> None:
    batch = batch_of()
    positions = np.flatnonzero(batch.weights)
    factors = mx.arange(1, len(positions) + 1) / len(positions)

    def loss(with_head: Head | None, learning: bool = True) -> mx.array:
        return (token_losses(model, batch, positions, with_head, learning=learning) * factors).sum()

    plain, expected = nn.value_and_grad(model, lambda: loss(None))()
    found, gradient = nn.value_and_grad(model, lambda: loss(head))()
    assert found.item() == pytest.approx(plain.item(), rel=1e-5)
    assert loss(head, learning=False).item() == pytest.approx(plain.item(), rel=1e-5)
    expected, gradient = named(expected), named(gradient)
    assert any(mx.abs(array).max().item() > 1e-4 for array in expected.values())
    for name, array in expected.items():
        scale = max(float(mx.abs(array).max()), 0.01)  # some gradients are nothing but rounding
        np.testing.assert_allclose(gradient[name], array, rtol=1e-3, atol=1e-4 * scale, err_msg=name)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_familys_head_in_chunks_gives_its_own_loss_and_gradient(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "CHUNK_BYTES", 0)  # the smallest chunks, so that there are several
    model = model_of(family)
    head = find_head(model)
    assert head is not None
    assert isinstance(head.output, FrozenHead)
    assert_equal_to_all_logits(model, head)


@pytest.mark.parametrize("family", ["gemma2", "cohere", "granite", "phi", "gpt_neox", "nanochat"])
def test_so_does_one_that_is_trained(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "CHUNK_BYTES", 0)
    model = model_of(family)
    found = find_head(model)
    assert found is not None
    found.tap.layer.unfreeze()
    head = find_head(model)
    assert head is not None
    assert not isinstance(head.output, FrozenHead)
    assert_equal_to_all_logits(model, head)


@pytest.mark.parametrize("family", ["gemma2", "cohere", "phi"])
def test_so_does_a_quantized_one(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "CHUNK_BYTES", 0)
    model = model_of(family)
    nn.quantize(
        model,
        group_size=32,
        bits=4,
        class_predicate=lambda path, part: "layers" not in path and hasattr(part, "to_quantized"),
    )
    model.freeze()
    model.layers[-1].unfreeze()
    head = find_head(model)
    assert head is not None
    assert isinstance(head.output, FrozenHead)
    assert_equal_to_all_logits(model, head)


def test_what_a_model_does_to_logits_is_asked_of_the_model_and_not_looked_up() -> None:
    capped, plain = model_of("gemma2"), model_of("qwen3")
    logits = mx.array([[-100.0] * 32 + [0.1] * 32])
    head, other = find_head(capped), find_head(plain)
    assert head is not None
    assert head.output.finish is not None
    np.testing.assert_allclose(head.output.finish(logits), np.tanh(np.array(logits) / 0.5) * 0.5, rtol=1e-6)
    assert other is not None
    assert other.output.finish is None


@pytest.mark.parametrize("kind", [mx.float16, mx.bfloat16], ids=str)
@pytest.mark.parametrize("finish", [None, lambda logits: logits * 0.5], ids=["plain", "scaled"])
def test_flat_logits_over_a_large_vocabulary_have_their_gradient_in_16_bits(
    kind: mx.Dtype, finish: Any
) -> None:
    layer = nn.Linear(8, 70_000, bias=False)
    layer.weight = (0.01 * mx.random.normal((70_000, 8)) + 0.1).astype(kind)
    hidden, targets = (0.1 * mx.random.normal((3, 8))).astype(kind), mx.array([1, 5, 69_999])

    def gradient(of: nn.Linear, states: mx.array) -> mx.array:
        head = heads.plain_head(of, finish)
        return mx.grad(lambda h: head.losses(h, targets).sum())(states)

    found = gradient(layer, hidden)
    layer.weight = layer.weight.astype(mx.float32)
    expected = gradient(layer, hidden.astype(mx.float32))
    assert found.dtype == kind
    tolerance = 0.02 * float(mx.abs(expected).max())
    np.testing.assert_allclose(found.astype(mx.float32), expected, rtol=0.05, atol=tolerance)


def test_where_the_head_cannot_be_told_apart_the_run_says_so(
    tiny_model: Path, toy_data: Path, tmp_path: Path
) -> None:
    config = {
        "model_type": "seed_oss",
        **{**COMMON, "vocab_size": 320},
        "attention_bias": False,
        "attention_out_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": True,
    }
    folder = make(tmp_path / "model", tiny_model, config)
    values = {"model": str(folder), "data.path": str(toy_data), "rank": 2, "steps": 1, "forgetting": False}
    events = list(TrainJob(Recipe().with_values(values), tmp_path / "runs").run_events(ModelCache()))
    told = [event.text for event in events if isinstance(event, Log)]
    assert any("logits of whole rows" in text for text in told)
