"""How many tokens a model knows and reads at once, by whatever names configs give it."""

from __future__ import annotations

from typing import Any

import pytest

from studio.models.reach import context_length, learned_positions, vocabulary_size

NAMES = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "max_sequence_length")


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_the_context_is_read(name: str) -> None:
    assert context_length({name: 2048}) == 2048
    assert context_length({"text_config": {name: 2048}, name: 77}) == 2048


@pytest.mark.parametrize(
    ("config", "length"),
    [
        ({"rope_scaling": {"type": "linear", "factor": 2.0}}, 8192),
        ({"rope_scaling": {"rope_type": "dynamic", "factor": 4}}, 16384),
        (
            {"rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 4096}},
            16384,
        ),
        (
            {"rope_scaling": {"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 2048}},
            4096,
        ),
        ({"rope_parameters": {"rope_type": "linear", "factor": 2.0}}, 8192),
        (
            {"rope_scaling": {"rope_type": "llama3", "factor": 8.0, "original_max_position_embeddings": 512}},
            4096,
        ),
        ({"rope_scaling": {"type": "longrope", "short_factor": [1.0]}}, 4096),
        ({"rope_scaling": {"rope_type": "linear", "factor": 8.0}, "model_type": "gemma3_text"}, 4096),
        ({"rope_scaling": None}, 4096),
        ({"rope_scaling": {"type": "linear", "factor": "big"}}, 4096),
    ],
)
def test_rope_scaling_extends_it_as_the_config_says(config: dict[str, Any], length: int) -> None:
    assert context_length({"max_position_embeddings": 4096, **config}) == length


def test_the_tokenizer_counts_where_the_config_names_none_and_it_is_sane() -> None:
    assert context_length({}, 2048) == 2048
    assert context_length({}, 10**30) == context_length({}, None) == context_length({}, 1e30) == 0
    assert context_length({"max_position_embeddings": 4096}, 2048) == 4096
    assert context_length({"max_position_embeddings": "long"}, "longer") == 0


def test_the_vocabulary_is_that_of_the_embedding() -> None:
    assert vocabulary_size({"vocab_size": 320}) == 320
    assert vocabulary_size({"text_config": {"vocab_size": 500}, "vocab_size": 320}) == 500
    assert vocabulary_size({"vocab_size": 50280, "embedding_size": 50304}) == 50304
    assert vocabulary_size({}) == vocabulary_size({"vocab_size": "many"}) == 0


def test_families_with_an_embedding_of_each_position_are_known() -> None:
    assert learned_positions({"model_type": "gpt2"})
    assert not learned_positions({"model_type": "llama"})
