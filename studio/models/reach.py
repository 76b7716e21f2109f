"""How far a model reaches, as its config.json says: the tokens it knows, and how many it can read at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_CONTEXT = (
    "max_position_embeddings",
    "n_positions",
    "max_seq_len",
    "max_sequence_length",
    "seq_length",
    "max_seq_length",
    "n_ctx",
    "model_max_length",
    "max_target_positions",
)
_EXTENDED = ("llama3", "longrope", "su", "mrope", "default")
"""Kinds of rope scaling of which max_position_embeddings is the length after it."""

_LEARNED = ("gpt2", "gpt_bigcode")
"""Families with an embedding of every position: beyond it is memory that is not theirs."""

_SANE = range(16, 100_000_000)
"""What can be a context length; tokenizers without one say 10^30."""


def vocabulary_size(config: Mapping[str, Any]) -> int:
    """How many tokens the model's embedding holds; 0 where the config does not say."""
    for part in _parts(config):
        for key in ("embedding_size", "vocab_size", "padded_vocab_size"):
            if (size := _whole(part.get(key))) > 0:
                return size
    return 0


def context_length(config: Mapping[str, Any], tokenizer_length: Any = None) -> int:
    """How many tokens the model can read at once, with its rope scaling; 0 where nothing says.

    `tokenizer_length` is the tokenizer's `model_max_length`, which counts where the config names none.
    """
    for part in _parts(config):
        for key in _CONTEXT:
            if (length := _whole(part.get(key))) in _SANE:
                return max(length, _scaled(part, length))
    length = _whole(tokenizer_length)
    return length if length in _SANE else 0


def learned_positions(config: Mapping[str, Any]) -> bool:
    """Whether each position has an embedding of its own, so that nothing can be read beyond the context."""
    return config.get("model_type") in _LEARNED


def _parts(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The language model's own part where a multimodal config nests it, then the whole."""
    for key in ("text_config", "llm_config", "language_config"):
        if isinstance(config.get(key), Mapping):
            yield config[key]
    yield config


def _scaled(part: Mapping[str, Any], length: int) -> int:
    """The length after rope scaling, where the config names the one before.

    Gemma 3 scales with linear and names the length after it.
    """
    named = [part[key] for key in ("rope_scaling", "rope_parameters") if isinstance(part.get(key), Mapping)]
    scaling: Mapping[str, Any] = next(filter(None, named), {})
    kind = str(scaling.get("rope_type", scaling.get("type", "default")))
    factor = scaling.get("factor", 1)
    if kind in _EXTENDED or str(part.get("model_type", "")).startswith("gemma3"):
        return length
    if not isinstance(factor, int | float) or isinstance(factor, bool) or not 1 <= factor <= 10_000:
        return length
    before = _whole(scaling.get("original_max_position_embeddings")) or length
    return int(before * factor)


def _whole(value: Any) -> int:
    """A whole number, or 0 for anything else."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
