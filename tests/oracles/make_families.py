"""Writes fixtures/families.json: what transformers answers for a tiny model of every family, and for each of
its config's keys at another value, where that changes the answer.

To renew it, in the environment that `make_fixtures.py` describes:

    oracle/bin/python tests/oracles/make_families.py [FAMILY ...]
"""

from __future__ import annotations

import copy
import json
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

FILE = HERE / "fixtures" / "families.json"
FAMILIES = [
    "afmoe",
    "apertus",
    "bitnet",
    "cohere",
    "cohere2",
    "deepseek_v3",
    "ernie4_5",
    "ernie4_5_moe",
    "exaone4",
    "exaone_moe",
    "falcon_h1",
    "gemma",
    "gemma2",
    "gemma3",
    "gemma3_text",
    "glm",
    "glm4",
    "glm4_moe",
    "glm4_moe_lite",
    "gpt_bigcode",
    "gpt_neox",
    "gpt_oss",
    "gptj",
    "granite",
    "granitemoe",
    "granitemoehybrid",
    "helium",
    "hunyuan_v1_dense",
    "jamba",
    "lfm2",
    "llama",
    "longcat_flash",
    "mamba",
    "minicpm3",
    "minimax",
    "ministral3",
    "mistral",
    "mixtral",
    "nemotron",
    "nemotron_h",
    "olmo2",
    "olmo3",
    "olmo_hybrid",
    "olmoe",
    "phi",
    "phi3",
    "phimoe",
    "qwen2",
    "qwen2_moe",
    "qwen3",
    "qwen3_moe",
    "qwen3_next",
    "recurrent_gemma",
    "seed_oss",
    "smollm3",
    "solar_open",
    "stablelm",
    "starcoder2",
]
SMALL: dict[str, Any] = {
    "vocab_size": 64,
    "vocab_size_per_layer_input": 64,
    "hidden_size": 64,
    "hidden_size_per_layer_input": 8,
    "d_model": 64,
    "n_embd": 64,
    "emb_dim": 64,
    "n_inner": None,
    "intermediate_size": 96,
    "intermediate_size_mlp": 96,
    "ffn_hidden_size": 96,
    "expert_ffn_hidden_size": 32,
    "shared_intermediate_size": 48,
    "shared_expert_intermediate_size": 48,
    "moe_shared_expert_intermediate_size": 48,
    "moe_intermediate_size": 32,
    "expert_dim": 32,
    "block_ff_dim": 96,
    "num_hidden_layers": 4,
    "n_layer": 4,
    "n_layers": 4,
    "num_layers": 2,
    "num_attention_heads": 4,
    "n_head": 4,
    "n_heads": 4,
    "num_key_value_heads": 2,
    "global_num_key_value_heads": None,
    "head_dim": 16,
    "global_head_dim": 16,
    "rotary_dim": 8,
    "lru_width": 64,
    "num_experts": 4,
    "num_local_experts": 4,
    "n_routed_experts": 4,
    "moe_num_experts": 4,
    "zero_expert_num": 2,
    "num_experts_per_tok": 2,
    "moe_topk": 2,
    "moe_k": 2,
    "top_k_experts": 2,
    "n_shared_experts": 1,
    "num_shared_experts": 1,
    "moe_num_shared_experts": 1,
    "n_group": 1,
    "topk_group": 1,
    "num_expert_group": 1,
    "first_k_dense_replace": 1,
    "num_dense_layers": 1,
    "moe_layer_start_index": 1,
    "moe_layer_end_index": -1,
    "q_lora_rank": 24,
    "kv_lora_rank": 16,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 8,
    "qk_head_dim": 16,
    "v_head_dim": 16,
    "max_position_embeddings": 96,
    "n_positions": 96,
    "original_max_position_embeddings": 96,
    "sliding_window": 64,
    "attention_window_size": 64,
    "attention_chunk_size": 64,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 8,
    "mamba_d_ssm": 64,
    "mamba_n_heads": 8,
    "mamba_d_head": 8,
    "mamba_num_heads": 8,
    "mamba_head_dim": 8,
    "mamba_n_groups": 1,
    "mamba_d_state": 8,
    "mamba_chunk_size": 8,
    "mamba_expand": 1,
    "ssm_state_size": 8,
    "state_size": 8,
    "num_heads": 16,
    "n_groups": 2,
    "chunk_size": 8,
    "time_step_rank": 4,
    "mamba_dt_rank": 4,
    "block_size": 32,
    "laurel_rank": 8,
    "num_kv_shared_layers": 0,
    "altup_num_inputs": 2,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "query_pre_attn_scalar": 16,
    "mtp_num_hidden_layers": 0,
    "num_nextn_predict_layers": 0,
}
TINY_EYES = {
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 1,
    "image_size": 224,
    "patch_size": 14,
}
OF_A_FAMILY: dict[str, dict[str, Any]] = {
    "gpt_neox": {"intermediate_size": 256},
    "recurrent_gemma": {"num_key_value_heads": 1},
    "lfm2": {"layer_types": ["conv", "conv", "full_attention", "conv"], "full_attn_idxs": [2]},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1, "layers_block_type": None},
    "granitemoehybrid": {"layer_types": ["mamba", "attention", "mamba", "attention"]},
    "gpt_bigcode": {"n_inner": 256},
    "phimoe": {"attention_bias": True, "lm_head_bias": True},
}
"""What mlx-lm's model files take for granted, as it holds for all published models of the kind."""
WITHOUT_EFFECT = (
    "dropout",
    "pdrop",
    "init",
    "cache",
    "token_id",
    "output_",
    "coef",
    "pretraining_tp",
    "dtype",
    "return_dict",
    "chunk_size_feed",
    "is_encoder",
    "cross_attention",
    "router_jitter",
    "jitter",
    "rescale_prenorm",
    "transformers_version",
    "architectures",
    "quantiz",
    "vision",
    "image",
    "video",
    "audio",
)
ROPES: dict[str, dict[str, Any]] = {
    "rope theta": {"rope_type": "default", "rope_theta": 777000.0},
    "rope linear": {"rope_type": "linear", "factor": 4.0},
    "rope dynamic": {"rope_type": "dynamic", "factor": 4.0},
    "rope yarn": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16},
    "rope yarn of a base": {
        "rope_type": "yarn",
        "factor": 8.0,
        "rope_theta": 5000.0,
        "beta_fast": 8.0,
        "beta_slow": 2.0,
        "original_max_position_embeddings": 32,
    },
    "rope llama3": {
        "rope_type": "llama3",
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 32,
    },
    "rope longrope, long": {"rope_type": "longrope", "factor": 4.0, "original_max_position_embeddings": 12},
    "rope longrope, short": {"rope_type": "longrope", "factor": 4.0, "original_max_position_embeddings": 32},
    "rope partial": {"partial_rotary_factor": 0.75},
}


def main() -> None:
    """Write the families named on the command line, or all."""
    warnings.simplefilter("ignore")
    import torch
    from transformers import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    made = json.loads(FILE.read_text(encoding="utf-8")) if sys.argv[1:] and FILE.exists() else {}
    for family in sys.argv[1:] or FAMILIES:
        try:
            made[family] = _family(family)
        except Exception as error:  # noqa: BLE001  # a family that cannot be built this small is told and left
            print(f"{family}: left out: {type(error).__name__} {str(error)[:200]}", flush=True)  # noqa: T201
            continue
        print(family, ", ".join(made[family]["cases"]), flush=True)  # noqa: T201
        FILE.write_text(_compact(made), encoding="utf-8")


def _family(family: str) -> dict[str, Any]:
    plain = _small(family)
    config, shapes, logits = _asked(plain)
    made = {"config": config, "shapes": shapes, "cases": {"plain": {"logits": logits}}}
    for name, change in _changes(plain):
        try:
            changed, others, found = _asked({**copy.deepcopy(plain), **change})
        except Exception:  # noqa: BLE001  # the family forbids this value
            continue
        if _apart(logits, found) < 1e-3:
            continue
        case: dict[str, Any] = {
            "config": {key: value for key, value in changed.items() if config.get(key) != value},
            "logits": found,
        }
        if others != shapes:
            case["shapes"] = others
        made["cases"][name] = case
    return made


def _apart(some: list[list[float]], others: list[list[float]]) -> float:
    return max(
        abs(a - b) for row, other in zip(some, others, strict=True) for a, b in zip(row, other, strict=True)
    )


def _small(family: str) -> dict[str, Any]:
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    default = CONFIG_MAPPING[family]().to_dict()
    text = default.get("text_config")
    small = {**_shrunk(text or default), **OF_A_FAMILY.get(family, {})}
    if not text:
        return {**small, "model_type": family}
    return {"model_type": family, "text_config": small, "vision_config": TINY_EYES}


def _shrunk(default: dict[str, Any]) -> dict[str, Any]:
    config = {
        key: SMALL[key] if key in SMALL and default[key] is not None else value
        for key, value in default.items()
    }
    if "head_dim" in default:
        config["head_dim"] = 8 if "qk_rope_head_dim" in default else SMALL["head_dim"]
    heads = config.get("num_key_value_heads", 0)
    if heads is None or "qk_rope_head_dim" in default:
        config["num_key_value_heads"] = 4
    for key in (
        "layer_types",
        "mlp_layer_types",
        "block_types",
        "hybrid_override_pattern",
        "layers_block_type",
    ):
        if isinstance(value := config.get(key), list):
            kinds = list(dict.fromkeys(value))
            config[key] = value[:4] if len(set(value[:4])) == len(kinds) else (kinds * 4)[:4]
    for key in ("no_rope_layers", "moe_layers", "intermediate_size", "activation_sparsity_pattern"):
        if isinstance(value := default.get(key), list):
            config[key] = [96] * 4 if key == "intermediate_size" else value[:4]
    config.pop("transformers_version", None)
    if isinstance(rope := config.get("rope_parameters"), dict) and "mrope_section" in rope:
        rope["mrope_section"] = [2, 1, 1]
    return config


def _changes(plain: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A name and the keys to change, of the text model where a config nests it."""
    text = plain.get("text_config", plain)
    for name, change in _text_changes(text):
        yield name, {"text_config": {**copy.deepcopy(text), **change}} if text is not plain else change


def _text_changes(config: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    rope = config.get("rope_parameters")
    if isinstance(rope, dict):
        for name, change in ROPES.items():
            yield name, _roped(config, rope, dict(change))
    for key, value in config.items():
        if any(part in key for part in WITHOUT_EFFECT):
            continue
        if isinstance(value, bool):
            yield key, {key: not value}
        elif isinstance(value, float):
            yield key, {key: value * 1.7 + 0.3}
        elif "act" in key and isinstance(value, str):
            for act in ("silu", "gelu", "gelu_pytorch_tanh", "relu"):
                yield f"{key} {act}", {key: act}
        elif "softcap" in key:
            yield key, {key: 1.5}
        elif key in ("sliding_window", "attention_window_size", "attention_chunk_size"):
            yield (
                key,
                {key: 5, "use_sliding_window": True, "max_window_layers": 0}
                if "use_sliding_window" in config
                else {key: 5},
            )
        elif key in (
            "n_group",
            "topk_group",
            "decoder_sparse_step",
            "query_pre_attn_scalar",
            "num_experts_per_tok",
        ):
            yield key, {key: 3 if value == 2 else 2}


def _roped(config: dict[str, Any], rope: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    labels = [key for key, value in rope.items() if isinstance(value, dict)]
    rotated = int(
        (config.get("qk_rope_head_dim") or config.get("head_dim") or 16)
        * float(rope.get("partial_rotary_factor", 1.0))
    )
    if change.get("rope_type") == "longrope":
        change["short_factor"] = [1.0 + 0.3 * n for n in range(rotated // 2)]
        change["long_factor"] = [1.5 + 0.8 * n for n in range(rotated // 2)]
    if "partial_rotary_factor" in change and "partial_rotary_factor" not in rope:
        change["nothing"] = True
    changed = {
        "rope_parameters": {k: {**rope[k], **change} for k in labels} if labels else {**rope, **change}
    }
    if change.get("rope_type") == "dynamic":
        changed["max_position_embeddings"] = 16
    if "original_max_position_embeddings" in change and "original_max_position_embeddings" in config:
        changed["original_max_position_embeddings"] = change["original_max_position_embeddings"]
    return changed


def _asked(config: dict[str, Any]) -> tuple[dict[str, Any], dict[str, list[int]], list[list[float]]]:
    """The config as it is written, names and shapes in the file, and logits of a few tokens in two places."""
    import torch
    from safetensors import safe_open
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    from tests.oracles.drawn import TOKENS, drawn

    made = CONFIG_MAPPING[config["model_type"]].from_dict(copy.deepcopy(config))
    model = AutoModelForCausalLM.from_config(made, attn_implementation="eager")
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        file = Path(folder) / "model.safetensors"
        with safe_open(file, "pt") as saved:
            shapes = {name: list(saved.get_slice(name).get_shape()) for name in saved.keys()}  # noqa: SIM118  # no dictionary
        save_file(
            {name: torch.from_numpy(array) for name, array in drawn(shapes).items()}, file, {"format": "pt"}
        )
        written = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
        again = AutoModelForCausalLM.from_pretrained(
            folder, attn_implementation="eager", dtype=torch.float32
        ).eval()
        with torch.no_grad():
            logits = again(torch.tensor([TOKENS]), use_cache=False).logits[0]
    assert torch.isfinite(logits).all()
    return written, shapes, [[float(f"{n:.5g}") for n in logits[place, 8:16].tolist()] for place in (3, -1)]


def _compact(made: dict[str, Any]) -> str:
    lines = []
    for family, found in made.items():
        head = {key: value for key, value in found.items() if key != "cases"}
        cases = ",\n".join(f"  {json.dumps(name)}: {_line(case)}" for name, case in found["cases"].items())
        lines.append(f' "{family}": {_line(head)[:-1]},"cases":{{\n{cases}\n }}}}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _line(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


if __name__ == "__main__":
    main()
