"""A small LoRA fine-tuning as the application does it, to prove that the starter learns to answer."""

import time
from functools import partial
from random import Random
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optimizers
import numpy as np
from mlx_lm.tuner.utils import linear_to_lora_layers

KEYS = [f"self_attn.{name}_proj" for name in "qkvo"] + [f"mlp.{name}_proj" for name in ("gate", "up", "down")]
Pair = tuple[list[int], int]


def encode(tokenizer: Any, prompt: str, answer: str) -> Pair:
    """(ids, start): the chat with its answer, and where the answer's tokens begin."""
    asked = ask(tokenizer, prompt)
    ended = tokenizer.encode(answer, add_special_tokens=False)
    return asked + ended + [tokenizer.convert_tokens_to_ids("<|im_end|>")], len(asked)


def ask(tokenizer: Any, prompt: str) -> list[int]:
    """The ids of a chat that waits for an answer."""
    message = [{"role": "user", "content": prompt}]
    return list(tokenizer.apply_chat_template(message, add_generation_prompt=True, return_dict=False))


def prompt_of(row: dict[str, str]) -> str:
    """An Alpaca row's question."""
    return f"{row['instruction']}\n\n{row['input']}" if row["input"] else row["instruction"]


def batch_of(pairs: list[Pair]) -> tuple[mx.array, mx.array]:
    """(ids, weights), padded to a multiple of 16 so that few shapes are compiled."""
    length = -(-max(len(ids) for ids, _ in pairs) // 16) * 16 + 1
    ids, weights = np.zeros((len(pairs), length), np.int32), np.zeros((len(pairs), length), np.float32)
    for row, (tokens, start) in enumerate(pairs):
        ids[row, : len(tokens)] = tokens
        weights[row, start : len(tokens)] = 1
    return mx.array(ids), mx.array(weights)


def tune(
    model: nn.Module,
    tokenizer: Any,
    rows: list[dict[str, str]],
    *,
    learning_rate: float,
    epochs: int = 3,
    rank: int = 16,
    scale: float = 2.0,
    seed: int = 1,
) -> tuple[int, float]:
    """(steps, seconds) of adapting every linear layer to the rows; the model then carries its adapter."""
    mx.random.seed(seed)
    model.freeze()
    settings = {"rank": rank, "scale": scale, "dropout": 0.0, "keys": KEYS}
    linear_to_lora_layers(model, len(model.layers), settings)
    pairs = [encode(tokenizer, prompt_of(row), row["output"]) for row in rows]
    batches = epochs * -(-len(pairs) // 8)
    warmup = max(1, round(batches * 0.05))
    rate = optimizers.join_schedules(
        [
            optimizers.linear_schedule(0.0, learning_rate, warmup),
            optimizers.cosine_decay(learning_rate, batches - warmup),
        ],
        [warmup],
    )
    optimizer = optimizers.AdamW(rate, weight_decay=0.0, bias_correction=True)

    def loss_of(ids: mx.array, weights: mx.array) -> mx.array:
        losses = nn.losses.cross_entropy(model(ids[:, :-1]), ids[:, 1:])
        mean: mx.array = (losses * weights[:, 1:]).sum() / weights[:, 1:].sum()
        return mean

    loss_and_gradients = nn.value_and_grad(model, loss_of)

    @partial(mx.compile, inputs=[model.state, optimizer.state], outputs=[model.state, optimizer.state])
    def step(ids: mx.array, weights: mx.array) -> mx.array:
        loss: mx.array
        loss, gradients = loss_and_gradients(ids, weights)
        gradients, _ = optimizers.clip_grad_norm(gradients, 1.0)
        optimizer.update(model, gradients)
        return loss

    random, started, steps = Random(seed), time.perf_counter(), 0
    for _ in range(epochs):
        random.shuffle(pairs)
        for first in range(0, len(pairs), 8):
            loss = step(*batch_of(pairs[first : first + 8]))
            mx.eval(model.state, optimizer.state, loss)
            steps += 1
    return steps, time.perf_counter() - started


def answers(model: nn.Module, tokenizer: Any, prompts: list[list[int]], limit: int = 32) -> list[str]:
    """Greedy continuations of every prompt, each up to its end of turn; prompts of one length go together."""
    ends = tokenizer.convert_tokens_to_ids(["<|im_end|>", "<|endoftext|>"])
    members: dict[int, list[int]] = {}
    for index, ids in enumerate(prompts):
        members.setdefault(len(ids), []).append(index)
    texts = [""] * len(prompts)
    for length, indices in members.items():
        grown = np.array([prompts[index] for index in indices], np.int32)
        for _ in range(limit):
            following = mx.argmax(model(mx.array(grown))[:, -1], axis=-1)
            grown = np.concatenate([grown, np.array(following, np.int32)[:, None]], axis=1)
            if np.isin(grown[:, length:], ends).any(axis=1).all():
                break
        for index, row in zip(indices, grown[:, length:], strict=True):
            stop = int(np.isin([*row, ends[0]], ends).argmax())
            texts[index] = tokenizer.decode(row[:stop].tolist())
    return texts


def normal(text: str) -> str:
    """Text as exact match sees it: one space between words, no case."""
    return " ".join(text.split()).casefold()
