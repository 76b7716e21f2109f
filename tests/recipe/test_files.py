"""Recipes as files, and the ready ones with the figures that are published for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.catalogue import phrase
from studio.errors import RecipeError
from studio.models.count import count_parameters
from studio.models.form import WeightForm
from studio.recipe.files import read_recipe, ready_recipes, write_recipe
from studio.recipe.recipe import Recipe
from studio.train.prepare import form_of, tuning_of
from tests.conftest import refused

# The config.json that each model is published with, as far as it has to do with shapes and precision.
CONFIGS: dict[str, dict[str, Any]] = {
    "Qwen/Qwen2.5-1.5B-Instruct": {
        "model_type": "qwen2", "hidden_size": 1536, "num_hidden_layers": 28, "intermediate_size": 8960,
        "num_attention_heads": 12, "num_key_value_heads": 2, "rms_norm_eps": 1e-6, "vocab_size": 151936,
        "max_position_embeddings": 32768, "rope_theta": 1e6, "tie_word_embeddings": True,
        "torch_dtype": "bfloat16",
    },
    "Qwen/Qwen3-0.6B-Base": {
        "model_type": "qwen3", "hidden_size": 1024, "num_hidden_layers": 28, "intermediate_size": 3072,
        "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128, "rms_norm_eps": 1e-6,
        "vocab_size": 151936, "max_position_embeddings": 32768, "rope_theta": 1e6,
        "tie_word_embeddings": True, "torch_dtype": "bfloat16",
    },
    "meta-llama/Llama-3.1-8B": {
        "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32, "intermediate_size": 14336,
        "num_attention_heads": 32, "num_key_value_heads": 8, "rms_norm_eps": 1e-5, "vocab_size": 128256,
        "max_position_embeddings": 131072, "rope_theta": 5e5, "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
    },
}  # fmt: skip
PUBLISHED = {  # trained, and with the model's own
    "Qwen/Qwen2.5-1.5B-Instruct": (18_464_768, 1_562_179_072),
    "Qwen/Qwen3-0.6B-Base": (20_185_088, 616_235_008),
    "meta-llama/Llama-3.1-8B": (41_943_040, 8_072_204_288),
}


def test_the_ready_recipes_are_those_of_the_published_configurations() -> None:
    ready = ready_recipes()
    assert {one.recipe.model for one in ready} == set(CONFIGS)
    assert all(one.title and one.help.endswith(".") for one in ready)
    assert [problem for one in ready for problem in one.recipe.problems()] == []
    assert [entry.path for one in ready for entry in one.recipe.idle()] == []


@pytest.mark.parametrize("ready", ready_recipes(), ids=lambda ready: ready.name)
def test_published_parameter_counts_come_out_to_the_last_digit(ready: Any, tmp_path: Path) -> None:
    recipe: Recipe = ready.recipe
    (tmp_path / "config.json").write_text(json.dumps(CONFIGS[recipe.model]))
    counted = count_parameters(tmp_path, tuning_of(recipe), form_of(recipe))
    assert (counted.trainable, counted.total + counted.trainable) == PUBLISHED[recipe.model]


def test_the_8b_model_weighs_what_4_bits_and_their_scales_weigh(tmp_path: Path) -> None:
    ready = next(one for one in ready_recipes() if one.name == "llama-3.1-8b")
    (tmp_path / "config.json").write_text(json.dumps(CONFIGS[ready.recipe.model]))
    norms = 65 * 4096
    counted = count_parameters(tmp_path, tuning_of(ready.recipe), form_of(ready.recipe))
    assert counted.weights_bytes == (counted.total - norms) * 4.5 / 8 + norms * 2


def test_a_recipe_says_its_form_only_where_the_base_stays_frozen() -> None:
    asked = Recipe().with_values({"base.quantize": "8-bit", "base.group_size": "32", "precision": "float16"})
    assert form_of(asked) == WeightForm(8, 32, "affine", "float16")
    assert form_of(asked.with_values({"method": "full"})) == WeightForm(precision="float16")


def test_a_file_holds_the_model_and_what_is_not_as_by_default(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    write_recipe(file, Recipe().with_values({"rank": 8, "learning_rate": 1e-4, "lora_plus": 16}))
    text = 'model = "starter"\n\n[lora]\nrank = 8\n\n[optimizer]\nlearning_rate = 0.0001\nlora_plus = 16.0\n'
    assert file.read_text() == text
    write_recipe(file, Recipe())
    assert file.read_text() == 'model = "starter"\n'


@settings(max_examples=30, deadline=None)
@given(text=st.text(st.characters(codec="utf-8")), rate=st.floats(1e-30, 1), seed=st.integers(0, 2**31 - 1))
def test_a_recipe_comes_back_from_its_file(tmp_path_factory: Any, text: str, rate: float, seed: int) -> None:
    recipe = Recipe(model=text).with_values(
        {"watch.prompts": text, "learning_rate": rate, "seed": seed, "checkpointing": True, "method": "dora"}
    )
    file = tmp_path_factory.mktemp("recipe") / "mine.toml"
    write_recipe(file, recipe)
    assert read_recipe(file) == recipe


def test_whole_numbers_may_stand_for_choices_and_for_fractions(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[base]\nquantize = "4-bit"\ngroup_size = 32\n[lora]\nalpha = 8\n')
    recipe = read_recipe(file)
    assert (recipe.base.group_size, recipe.lora.alpha) == ("32", 8.0)


@pytest.mark.parametrize(
    ("text", "code", "values"),
    [
        ("[lora]\nrnak = 3", "recipe.near_field", {"name": "lora.rnak", "near": "lora.rank"}),
        ("[lroa]\nrank = 3", "recipe.near_field", {"name": "lroa.rank", "near": "lora.rank"}),
        ("rank = 3", "recipe.near_field", {"name": "rank", "near": "lora.rank"}),
        ("lora = 3", "recipe.near_field", {"name": "lora"}),
        (
            "[lora]\nrank = 0",
            "value.at_least",
            {"title": phrase("field.of", title="Rank", path="lora.rank"), "limit": 1},
        ),
    ],
)
def test_a_bad_file_is_told_with_its_name_and_the_mend(
    text: str, code: str, values: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with refused("recipe.in_file", RecipeError, file=file, fault=code) as raised:
        read_recipe(file)
    why = dict(raised.value.phrase.values)["fault"]
    assert values.items() <= dict(why.values).items()


def test_a_file_that_is_no_toml_is_told_with_its_name(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[lora]\nrank = 3\nrank = 4")
    with refused("recipe.unreadable", RecipeError, file=file):
        read_recipe(file)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with refused("recipe.missing", RecipeError, file=tmp_path / "gone.toml"):
        read_recipe(tmp_path / "gone.toml")
