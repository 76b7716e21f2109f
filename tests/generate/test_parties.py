"""Whoever cannot answer together, with others or with itself, answers one after another: the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from mlx import nn
from mlx.utils import tree_unflatten
from mlx_lm.models import llama4
from mlx_lm.tuner.utils import linear_to_lora_layers

from studio.generate.batch import AskedPrompt
from studio.generate.contestant import OpenContestant, contestant_of
from studio.generate.joined import bottom_of
from studio.generate.parties import Contest
from studio.generate.sampling import GREEDY
from studio.generate.shared import verify
from studio.jobs.train import TrainJob
from studio.models.cache import ModelCache
from studio.models.strength import outermost
from studio.recipe.recipe import Recipe
from tests.conftest import write_rows
from tests.generate.test_batch import alone, answered
from tests.jobs.test_contestants import QUICK, opened, runs
from tests.train.families import SHAPE, make

__all__ = ["runs"]

LIMITED = GREEDY.model_copy(update={"max_tokens": 9})
PROMPTS = ((5, 9, 20, 31), (7, 30, 12, 44, 13, 17, 33, 12, 50, 4, 6), (8, 3), (60, 5, 12, 9, 9, 40, 21))
MAMBA: dict[str, Any] = {
    "state_size": 4,
    "conv_kernel": 3,
    "use_bias": False,
    "use_conv_bias": True,
    "time_step_rank": 4,
}
FAMILIES: dict[str, tuple[dict[str, Any], list[tuple[bool, bool]]]] = {
    # what is different; and of each party, whether it is joined and whether its rows go together
    "gemma3_text": ({}, [(True, True)]),
    "llama": ({}, [(True, True)]),
    "mamba": (MAMBA, [(False, False), (False, False)]),  # whose padding would be read as tokens
    "qwen3_moe": ({}, [(False, True), (False, True)]),
    "llama4": ({}, [(False, False), (False, False)]),
}


def made(family: str, changes: dict[str, Any]) -> nn.Module:
    """A random model of a family with adapters."""
    if family != "llama4":
        return make(family, **changes)
    more = {
        "attention_bias": False,
        "attention_chunk_size": 8,
        "interleave_moe_layer_step": 2,
        "intermediate_size_mlp": 48,
        "num_experts_per_tok": 1,
        "num_local_experts": 2,
        "rope_scaling": None,
        "use_qk_norm": False,
    }
    config = {"model_type": "llama4", "text_config": {"model_type": "llama4", **SHAPE, **more}}
    mx.random.seed(2)
    model: nn.Module = llama4.Model(llama4.ModelArgs.from_dict(config))
    keys = {"self_attn.q_proj", "self_attn.o_proj"}
    linear_to_lora_layers(model, 4, {"rank": 2, "scale": 2.0, "dropout": 0.0, "keys": keys})
    for layer in outermost(model).values():
        layer.lora_b = 0.2 * mx.random.normal(layer.lora_b.shape)
    mx.eval(model.parameters())
    return model


def bare(model: nn.Module) -> nn.Module:
    own = [(path, bottom_of(layer)) for path, layer in outermost(model).items()]
    model.update_modules(tree_unflatten(own))
    return model.eval()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_answers_as_each_contestant_does_alone(family: str, runs: Path) -> None:
    changes, expected = FAMILIES[family]
    (like,) = opened(runs, "first", "base")
    weights = object()

    def contestant(key: str, module: nn.Module) -> OpenContestant:
        return replace(
            like,
            contestant=contestant_of(key),
            module=module.eval(),
            weights=weights,
            bare=lambda: bare(made(family, changes)),
        )

    tuned = contestant("tuned", made(family, changes))
    contest = Contest((contestant("base", bare(made(family, changes))), tuned))
    assert [(party.is_joined, party.together) for party in contest.parties] == expected
    for beginning in ((), tuple(range(3, 33))):  # which, where it is long enough, is read once
        asked = [
            AskedPrompt(each.key, beginning + prompt) for each in contest.contestants for prompt in PROMPTS
        ]
        found = answered(contest, asked, LIMITED, in_flight=3)
        for row, given in zip(asked, found, strict=True):
            assert given.text == alone(contest.of(row.contestant), row, LIMITED).text
        texts = [given.text for given in found]
        assert texts[:4] != texts[4:] or not expected[0][0], "where rows are mixed, it shows whose they are"


FORMS = ({"base.quantize": "4-bit", "base.group_size": "32"}, {"base.precision": "bfloat16"})


@pytest.mark.parametrize("form", FORMS, ids=["4 bits", "16 bits"])
def test_weights_in_another_form_are_shared_and_joined_as_well(
    form: dict[str, str], tiny_model: Path, tmp_path: Path
) -> None:
    rows = write_rows(tmp_path / "rows.jsonl", 40)
    values = {"model": str(tiny_model), "data.path": str(rows), **QUICK, **form, "learning_rate": 0.02}
    list(TrainJob(Recipe().with_values(values), tmp_path / "runs", "one").run_events(ModelCache()))
    found = opened(tmp_path / "runs", "one", "base", "tuned")
    (copy,) = verify(found)
    assert copy.sharing == ("base", "tuned")
    contest = Contest(found)
    assert [(party.is_joined, party.together) for party in contest.parties] == [(True, True)]
    asked = [AskedPrompt(each.key, prompt) for each in found for prompt in PROMPTS]
    assert all(given.tokens for given in answered(contest, asked, LIMITED))
