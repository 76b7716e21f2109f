"""What a config says and its family does not read: refused where answers change, else told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlx import nn

from studio.errors import ModelError
from studio.models.reading import SLIDING, ConfigReading

_OFF = (None, False, 0)
_ONE = (None, 1)
NEUTRAL: dict[str, tuple[Any, ...]] = {
    "final_logit_softcapping": _OFF,
    "attn_logit_softcapping": _OFF,
    "logit_softcapping": _OFF,
    "logits_soft_cap": _OFF,
    "router_logit_softcapping": _OFF,
    "logit_scale": _ONE,
    "logits_scaling": _ONE,
    "lm_head_multiplier": _ONE,
    "embedding_multiplier": _ONE,
    "residual_multiplier": _ONE,
    "attention_multiplier": _ONE,
    "attention_in_multiplier": _ONE,
    "attention_out_multiplier": _ONE,
    "key_multiplier": _ONE,
    "ssm_in_multiplier": _ONE,
    "ssm_out_multiplier": _ONE,
    "ssm_multipliers": (None,),
    "mlp_multipliers": (None,),
    "scale_emb": _ONE,
    "scale_depth": (None,),
    "dim_model_base": (None,),
    "mup_enabled": _OFF,
    "query_pre_attn_scalar": (None,),
    "scale_attn_weights": (None, True),
    "scale_attn_by_inverse_layer_idx": _OFF,
    "use_bidirectional_attention": _OFF,
    "use_parallel_residual": (None,),
    "parallel_attn": (None,),
    "alibi": _OFF,
    "clip_qkv": _OFF,
    "qk_layernorm": _OFF,
    "use_qk_norm": _OFF,
    "attn_temperature_tuning": _OFF,
    "attention_chunk_size": (None,),
    "no_rope_layers": (None,),
    "rope_interleave": (None,),
    "swiglu_alpha": (None,),
    "swiglu_limit": (None,),
    "linear_allow_neg_eigval": _OFF,
    "block_auto_adjust_ff_dim": (None,),
    "altup_correct_scale": (None,),
    "multi_query": (None,),
    "mamba_hidden_act": (None,),
    "time_step_min": (None,),
    "time_step_max": (None,),
    "position_embedding_type": (None, "absolute", "rope"),
    "norm_topk_prob": (None,),
    "moe_norm_min": (None,),
    "routed_scaling_factor": _ONE,
    "route_scale": _ONE,
    "router_scaling_factor": _ONE,
    "n_group": _ONE,
    "topk_group": _ONE,
    "scoring_func": (None,),
    "topk_method": (None,),
    "decoder_sparse_step": _ONE,
    "mlp_only_layers": (None, []),
    "num_experts_per_tok": (None,),
}
"""Keys that change what a model answers, with the values at which they do not. Of those that have no such
value for all families, the one that transformers takes by default is what a family takes for granted."""
SHAPES = (
    "attention_bias",
    "mlp_bias",
    "use_bias",
    "qkv_bias",
    "use_qkv_bias",
    "attention_out_bias",
    "add_bias_linear",
    "lm_head_bias",
    "use_conv_bias",
    "conv_bias",
    "mamba_conv_bias",
    "mamba_proj_bias",
    "projectors_bias",
    "tie_word_embeddings",
)
"""Keys that add weights: whether they are there is seen when weights are loaded."""
MISREAD = {
    "falcon_h1": ("key_multiplier", "attention_in_multiplier", "hidden_act"),
    "gpt_bigcode": ("multi_query",),
}
"""Keys that a family of mlx-lm's names and applies in another way than transformers does."""
_EPSILONS = (
    "rms_norm_eps",
    "norm_eps",
    "layer_norm_eps",
    "layer_norm_epsilon",
    "norm_epsilon",
    "layernorm_epsilon",
)
_WINDOWS = ("sliding_window", "attention_window_size", "sliding_window_size")


def refuse_unread(model: nn.Module, reading: ConfigReading, folder: object) -> None:
    """Raise ModelError where the config says what the family does not read, and answers would differ."""
    if _scales_head_otherwise(reading):
        size, base = reading.stated("hidden_size"), reading.stated("dim_model_base")
        raise ModelError("model.unread_head", folder=folder, size=size, base=base)
    for key in _unread_values(model, reading):
        raise refusal(folder, reading, key, reading.stated(key))


def _scales_head_otherwise(reading: ConfigReading) -> bool:
    """Whether the logits come from a tied head that mlx-lm does not scale, as transformers does."""
    size, base = reading.stated("hidden_size"), reading.stated("dim_model_base")
    kind = reading.text.get("model_type")
    return kind == "minicpm3" and bool(reading.stated("tie_word_embeddings")) and size != base


def unread_shapes(reading: ConfigReading) -> list[str]:
    """Keys that ask for weights, or for fewer, of which the family knows nothing."""
    usual = reading.twin.get("defaults", {})
    unknown = [key for key in SHAPES if key not in reading.family.reads]
    return [key for key in unknown if reading.stated(key) not in (None, usual.get(key, False))]


def unread_window(reading: ConfigReading) -> int | None:
    """How many tokens back the model was made to look where its family looks back to the first; else None."""
    kinds = reading.stated("layer_types")
    if reading.stated("use_sliding_window") is False or (kinds and SLIDING not in kinds):
        return None
    for key in _WINDOWS:
        size = reading.stated(key)
        if isinstance(size, int) and not isinstance(size, bool) and size > 0 and not _slides(reading, key):
            return size
    return None


def _slides(reading: ConfigReading, key: str) -> bool:
    """Whether the family looks back as far as the key says: it reads it, and knows in which layers."""
    family, kinds = reading.family, reading.text.get("layer_types")
    if key not in family.reads:
        return False
    return "layer_types" not in family.fields or bool(kinds and SLIDING in kinds)


def refusal(folder: object, reading: ConfigReading, key: str, value: object) -> ModelError:
    """Why a model is refused: the key that its family does not read."""
    kind = reading.text.get("model_type") or reading.config["model_type"]
    return ModelError("model.unread", folder=folder, key=key, value=value, kind=kind)


def _unread_values(model: nn.Module, reading: ConfigReading) -> Iterator[str]:
    usual = reading.twin.get("defaults", {})
    for key, neutral in NEUTRAL.items():
        value = reading.stated(key)
        if value in neutral or (key in reading.family.reads and not misread(reading, key)):
            continue
        if key in usual:
            if value != usual[key]:
                yield key
        elif len(neutral) > 1:
            yield key
    if epsilons := _epsilons_of(model):
        for key in _EPSILONS:
            value = reading.stated(key)
            known = key in reading.family.reads or not isinstance(value, float)
            if not known and (not usual or key in usual) and not any(_near(value, eps) for eps in epsilons):
                yield key


def misread(reading: ConfigReading, key: str) -> bool:
    """Whether the family applies a key in another way than transformers."""
    return key in MISREAD.get(str(reading.text.get("model_type")), ())


def _epsilons_of(model: nn.Module) -> set[float]:
    return {float(m.eps) for m in model.modules() if isinstance(getattr(m, "eps", None), float)}


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-3 * max(abs(one), abs(other))
