"""What the engine benchmarks train: a model of random weights, on examples with the lengths of real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

BATCH = 4
"""Examples, or pairs, in a step: mlx-lm's default."""

RANK, ALPHA = 16, 32.0


@dataclass(frozen=True)
class Shape:
    """The sizes of a Qwen3 with tied embeddings."""

    vocabulary: int
    layers: int = 8
    width: int = 256
    inner: int = 768
    heads: int = 4
    shared_heads: int = 2  # of keys and values
    head_width: int = 64

    def build(self) -> Any:
        """The model with random fp32 weights, evaluated; the peak of MLX's memory starts anew."""
        import mlx.core as mx

        mx.random.seed(0)
        model = self.tree()
        mx.eval(model.parameters())
        mx.clear_cache()
        mx.reset_peak_memory()
        return model

    def tree(self) -> Any:
        """The same model before anything is computed."""
        from mlx_lm.models import qwen3

        return qwen3.Model(
            qwen3.ModelArgs(
                model_type="qwen3",
                hidden_size=self.width,
                num_hidden_layers=self.layers,
                intermediate_size=self.inner,
                num_attention_heads=self.heads,
                num_key_value_heads=self.shared_heads,
                head_dim=self.head_width,
                rms_norm_eps=1e-6,
                vocab_size=self.vocabulary,
                max_position_embeddings=4096,
                rope_theta=1e6,
                tie_word_embeddings=True,
            )
        )


QWEN3_06B = Shape(151_936, layers=28, width=1024, inner=3072, heads=16, shared_heads=8, head_width=128)
"""A model that people tune, for what to expect of it (its config.json)."""


@dataclass(frozen=True)
class Example:
    """Token ids; the first `prompt` of them are read, the rest are learned."""

    ids: tuple[int, ...]
    prompt: int


@dataclass(frozen=True)
class Pair:
    """A chosen and a rejected answer to one prompt, each written out with it."""

    chosen: Example
    rejected: Example


def instructions(count: int, vocabulary: int) -> list[Example]:
    """Random tokens with the lengths of instruction data: heavy-tailed, about 35 % of them answers."""
    random = np.random.default_rng(3)
    prompts = np.clip(random.lognormal(4.2, 0.7, count), 12, 380).astype(int)
    answers = np.clip(random.lognormal(3.6, 0.8, count), 6, 260).astype(int)
    lengths = zip(prompts.tolist(), answers.tolist(), strict=True)
    return [Example(tuple(random.integers(1, vocabulary, p + a).tolist()), p) for p, a in lengths]


def whole_texts(count: int, vocabulary: int) -> list[Example]:
    """The same, with every token learned."""
    return [Example(example.ids, 0) for example in instructions(count, vocabulary)]


def pairs(count: int, vocabulary: int) -> list[Pair]:
    """Two answers of unequal length to each prompt, with the same lengths."""
    random = np.random.default_rng(5)
    made = []
    for example in instructions(count, vocabulary):
        length = int(np.clip(random.lognormal(3.6, 0.8), 6, 260))
        other = tuple(random.integers(1, vocabulary, length).tolist())
        made.append(Pair(example, Example(example.ids[: example.prompt] + other, example.prompt)))
    return made


def tokens(examples: Sequence[Example | Pair]) -> int:
    """How many tokens an epoch reads, padding aside. A pair's prompt counts with both of its answers."""
    return sum(
        len(item.chosen.ids) + len(item.rejected.ids) if isinstance(item, Pair) else len(item.ids)
        for item in examples
    )
