"""The whole way, from config.json to an answer, on other families than the starter's and on 4-bit weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from mlx import nn
from mlx_lm.utils import _get_classes

from studio.events import AnswerEnded, Prepared, RunOpened, Step
from studio.generate.contestant import one_prompt
from studio.generate.sampling import GREEDY
from studio.jobs.answers import ChatJob
from studio.jobs.train import TrainJob
from studio.models.adapter import Tuning
from studio.models.arrays import count, named
from studio.models.cache import ModelCache
from studio.models.count import count_parameters
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder

SHAPE = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "intermediate_size": 96,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 320,
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "eos_token_id": 2,
}
FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {},
    "qwen2": {"tie_word_embeddings": True},
    "gemma2": {
        "head_dim": 16,
        "query_pre_attn_scalar": 16,
        "attn_logit_softcapping": 50.0,
        "final_logit_softcapping": 30.0,
    },
    "phi3": {},
    "qwen3_moe": {
        "head_dim": 16,
        "num_experts": 4,
        "num_experts_per_tok": 2,
        "decoder_sparse_step": 1,
        "mlp_only_layers": [],
        "moe_intermediate_size": 32,
        "norm_topk_prob": True,
        "tie_word_embeddings": False,
    },
}


def make(folder: Path, tokenizer_of: Path, config: dict[str, Any], bits: int = 0) -> Path:
    """A random model of any family, with the tiny model's tokenizer."""
    folder.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tokenizer_of / name, folder)
    model_class, arguments = _get_classes(config=config)
    mx.random.seed(3)
    model = model_class(arguments.from_dict(config))
    if bits:
        nn.quantize(model, group_size=32, bits=bits)
        config = {**config, "quantization": {"group_size": 32, "bits": bits}}
    (folder / "config.json").write_text(json.dumps(config))
    mx.save_safetensors(str(folder / "model.safetensors"), named(model.parameters()))
    return folder


def assert_it_learns_and_answers(folder: Path, data: Path, runs: Path) -> None:
    recipe = Recipe().with_values({"model": str(folder), "data.path": str(data), "rank": 4})
    model_cache = ModelCache()
    events = list(TrainJob(recipe, runs).run_events(model_cache))
    losses = [e.loss for e in events if isinstance(e, Step)]
    assert losses[-1] < losses[0] - 0.3
    prepared = next(e for e in events if isinstance(e, Prepared))
    counted = count_parameters(folder, Tuning(rank=4))
    assert (prepared.trainable_parameters, prepared.total_parameters) == (counted.trainable, counted.total)
    run = RunFolder(Path(next(e.folder for e in events if isinstance(e, RunOpened))))
    sampling = GREEDY.model_copy(update={"max_tokens": 6})
    ended = [
        e
        for e in ChatJob(run, one_prompt("Say the number 3"), sampling).run_events(model_cache)
        if isinstance(e, AnswerEnded)
    ]
    assert {e.who for e in ended} == {"base", "tuned"}
    assert ended[0].text != ended[1].text


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_learns_and_answers(family: str, tiny_model: Path, toy_data: Path, tmp_path: Path) -> None:
    config = {"model_type": family, **SHAPE, **FAMILIES[family]}
    folder = make(tmp_path / family, tiny_model, config)
    counted = count_parameters(folder, Tuning(rank=4))
    assert counted.total == count(ModelCache().open(folder).module.parameters())
    assert_it_learns_and_answers(folder, toy_data, tmp_path / "runs")


@pytest.mark.long
def test_a_quantized_model_learns_and_answers(tiny_model: Path, toy_data: Path, tmp_path: Path) -> None:
    config = {"model_type": "qwen3", **SHAPE, "head_dim": 16, "tie_word_embeddings": True}
    folder = make(tmp_path / "quantized", tiny_model, config, bits=4)
    assert_it_learns_and_answers(folder, toy_data, tmp_path / "runs")
