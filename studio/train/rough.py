"""A rule of thumb for families that cannot be traced: what a layer keeps, from the widths in its config."""

from __future__ import annotations

from typing import Any

from studio.models.folder import hidden_size
from studio.train.activations import Height, Shape

STATES, INNER, HEADS, SQUARES = 4.7, 5.2, 4.9, 1.0
"""How many arrays of each width a layer keeps: fitted to measured LoRA steps of a Qwen3, within 6 %."""
CHUNKS = 4 * 8 * 2**20
"""What a head in chunks takes at its highest."""


def rough_heights(config: dict[str, Any], layers: int, shape: Shape, trained: int) -> tuple[Height, Height]:
    """What `activations.heights` gives, roughly, for `trained` parameters in fp32.

    Of a mixture of experts each token's share counts. Precision is taken to be fp32, so it is high rather
    than low for models in 16 bits.
    """
    text = {**config, **(config.get("text_config") or {})}
    hidden = hidden_size(config)
    heads = int(text.get("num_attention_heads") or text.get("n_head") or max(1, hidden // 64))
    inner = int(text.get("intermediate_size") or 4 * hidden)
    if experts := int(text.get("num_experts_per_tok") or 0):
        inner = max(inner, experts * int(text.get("moe_intermediate_size") or inner))
    of_heads = heads * int(text.get("head_dim") or hidden // heads)
    numbers = STATES * hidden + INNER * inner + HEADS * of_heads + SQUARES * heads * shape.width
    size = 4.0 * shape.positions * numbers
    products = 3 * shape.positions * (4 * hidden * of_heads + 3 * hidden * inner)
    each = Height(size, size, products, products / 3, 6 * shape.positions * numbers)
    logits = 0.0 if "vocab_size" not in text else 4.0 * shape.targets * text["vocab_size"]
    on_top = 4 * trained + min(3 * logits, CHUNKS)
    whole = Height(*(layers * value for value in vars(each).values()))
    return Height(whole.head + on_top, whole.layers + on_top, *list(vars(whole).values())[2:]), each
