"""Teach the starter model to read: next-token training of a small Qwen3 on the packed corpus.

Runs as two processes when started under `MLX_RANK` and `MLX_HOSTFILE` (the ring backend): elementwise work
in MLX uses one core per process, so two single-threaded readers are 1.6 times as fast as one with two.
"""

import json
import os
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optimizers
import numpy as np
from mlx.utils import tree_flatten
from mlx_lm.models.qwen3 import Model, ModelArgs

CONFIG: dict[str, Any] = {
    "architectures": ["Qwen3ForCausalLM"],
    "model_type": "qwen3",
    "hidden_size": 256,
    "num_hidden_layers": 4,
    "intermediate_size": 640,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 64,
    "hidden_act": "silu",
    "attention_bias": False,
    "attention_dropout": 0.0,
    "initializer_range": 0.02,
    "rms_norm_eps": 1e-6,
    "rope_theta": 10000.0,
    "max_position_embeddings": 1024,
    "tie_word_embeddings": True,
    "use_cache": True,
    "torch_dtype": "float32",
    "pad_token_id": 0,
    "eos_token_id": [2, 0],
}
CONTEXT = 128
ROWS_PER_STEP = 16
LEARNING_RATE = 3e-3
WARMUP_STEPS = 60
STEPS_BETWEEN_COPIES = 400


def new_model(vocabulary_size: int) -> Model:
    """An untrained model of the starter's shape."""
    return Model(ModelArgs.from_dict({**CONFIG, "vocab_size": vocabulary_size}))


def schedule(steps: int) -> Any:
    """Linear warmup, then a cosine down to a hundredth."""
    warmup = optimizers.linear_schedule(0.0, LEARNING_RATE, WARMUP_STEPS)
    cosine = optimizers.cosine_decay(LEARNING_RATE, max(1, steps - WARMUP_STEPS), LEARNING_RATE / 100)
    return optimizers.join_schedules([warmup, cosine], [WARMUP_STEPS])


def pretrain(tokens: np.ndarray, vocabulary_size: int, folder: Path, seed: int = 1) -> None:
    """Read the tokens once, in shuffled windows, and write the model, also every few hundred steps."""
    group = mx.distributed.init(backend="ring") if "MLX_RANK" in os.environ else mx.distributed.init()
    rank, size = group.rank(), group.size()
    mx.random.seed(seed)
    model = new_model(vocabulary_size)
    windows = len(tokens) // (CONTEXT + 1)
    rows = tokens[: windows * (CONTEXT + 1)].reshape(windows, CONTEXT + 1).astype(np.int32)
    rows = rows[np.random.default_rng(seed).permutation(windows)]
    steps = windows // ROWS_PER_STEP
    optimizer = optimizers.AdamW(schedule(steps), betas=[0.9, 0.98], weight_decay=0.05, bias_correction=True)
    optimizer.init(model.trainable_parameters())
    mx.eval(model.parameters(), optimizer.state)

    def loss_of(batch: mx.array) -> mx.array:
        return nn.losses.cross_entropy(model(batch[:, :-1]), batch[:, 1:], reduction="mean")

    loss_and_gradients = nn.value_and_grad(model, loss_of)

    @partial(mx.compile, inputs=[model.state], outputs=[model.state])
    def forward_and_back(batch: mx.array) -> tuple[mx.array, Any]:
        loss, gradients = loss_and_gradients(batch)
        return loss, gradients

    @partial(mx.compile, inputs=[model.state, optimizer.state], outputs=[model.state, optimizer.state])
    def update(gradients: Any) -> None:
        clipped, _ = optimizers.clip_grad_norm(gradients, 1.0)
        optimizer.update(model, clipped)

    started = time.perf_counter()
    share = ROWS_PER_STEP // size
    for step in range(steps):
        first = step * ROWS_PER_STEP + rank * share
        loss, gradients = forward_and_back(mx.array(rows[first : first + share]))
        if size > 1:
            gradients = nn.average_gradients(gradients, group)
        update(gradients)
        mx.eval(model.state, optimizer.state, loss)
        if rank == 0 and (step % 25 == 0 or step == steps - 1):
            seconds = time.perf_counter() - started
            sys.stdout.write(f"step {step + 1}/{steps}  loss {loss.item():.4f}  {seconds:.0f} s\n")
            sys.stdout.flush()
        if rank == 0 and (step + 1) % STEPS_BETWEEN_COPIES == 0:
            save_model(model, vocabulary_size, folder)
    if rank == 0:
        save_model(model, vocabulary_size, folder)


def save_model(model: Model, vocabulary_size: int, folder: Path) -> None:
    """Write weights and configuration in the layout of the Hugging Face hub."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = dict(tree_flatten(model.parameters()))
    mx.save_safetensors(str(folder / "model.safetensors"), weights, metadata={"format": "mlx"})
    config = {**CONFIG, "vocab_size": vocabulary_size}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    generation = {"do_sample": False, "eos_token_id": [2, 0], "pad_token_id": 0}
    (folder / "generation_config.json").write_text(json.dumps(generation, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _tokens, _folder = Path(sys.argv[1]), Path(sys.argv[2])
    pretrain(np.load(_tokens), int(sys.argv[3]), _folder, int(sys.argv[4]))
