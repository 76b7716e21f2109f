"""What the oracles are asked: the recipes, and rows of token ids that are all trained in every step.

A step takes the whole of a case's rows, so no order of examples can make a difference. Needs no torch;
the starter's rows are read with transformers.
"""

from __future__ import annotations

import json
import math
from itertools import islice
from typing import Any

import numpy as np

from tests.oracles.toys import CONFIGS, STARTER

END = 2
"""The token that ends an answer, in all three models."""

_ADAPTER = {"lora.rank": 4, "lora.alpha": 8.0, "loop.batch_size": 2, "loop.epochs": 20.0}
RECIPES: dict[str, dict[str, Any]] = {
    "sft": {
        **_ADAPTER,
        "loop.accumulation": 3,  # of 5 rows: the last batch has one alone
        "optimizer.schedule": "cosine",
        "optimizer.warmup_steps": 4,
        "optimizer.weight_decay": 0.1,
    },
    "dpo": {
        **_ADAPTER,
        "objective": "dpo",
        "preference.beta": 0.1,
        "loop.accumulation": 2,
        "optimizer.schedule": "linear",
        "optimizer.warmup_steps": 2,
    },
    "orpo": {
        **_ADAPTER,
        "objective": "orpo",
        "preference.beta": 0.25,
        "loop.accumulation": 2,
        "optimizer.schedule": "constant",
        "optimizer.warmup_steps": 5,
    },
    "simpo": {
        **_ADAPTER,
        "objective": "simpo",
        "loop.epochs": 10.0,
        "preference.simpo_beta": 1.5,
        "preference.simpo_gamma": 0.7,
        "loop.accumulation": 2,
        "optimizer.schedule": "linear",
        "optimizer.warmup_steps": 3,
    },
    "rank_stabilized": {
        **_ADAPTER,
        "lora.rank_stabilized": True,
        "loop.epochs": 8.0,
        "loop.accumulation": 3,
        "optimizer.schedule": "linear",
        "optimizer.warmup_steps": 2,
    },
    "dora": {
        **_ADAPTER,
        "method": "dora",
        "loop.epochs": 8.0,
        "loop.accumulation": 3,
        "optimizer.schedule": "linear",
        "optimizer.warmup_steps": 2,
    },
    "dpo_after_sft": {
        **_ADAPTER,
        "base.adapter": "sft",
        "lora.rank": 3,
        "objective": "dpo",
        "preference.beta": 0.1,
        "loop.epochs": 10.0,
        "loop.accumulation": 2,
        "optimizer.schedule": "linear",
        "optimizer.warmup_steps": 2,
    },
}
"""Fields of the recipe by their full names, the rest at their defaults (of which dropout is 0).

`base.adapter` is the case that one goes on from: it is trained first.
"""

_PEAK_AND_CLIP = {
    "starter": {
        "sft": (1e-3, 0.4),
        "dpo": (2e-4, 1.0),
        "orpo": (1e-3, 1.0),
        "simpo": (1e-3, 0.5),
        "rank_stabilized": (1e-3, 0.0),
        "dora": (1e-3, 0.5),
        "dpo_after_sft": (5e-4, 1.0),
    },
    "random": {
        "sft": (2e-3, 1.6),
        "dpo": (5e-4, 1.5),
        "orpo": (1e-3, 1.6),
        "simpo": (1e-3, 1.0),
        "rank_stabilized": (1e-3, 0.0),
        "dora": (2e-3, 1.85),
        "dpo_after_sft": (1e-3, 1.5),
    },
}
"""The highest rate, at which the loss falls visibly and calmly, and a norm that some of the steps exceed."""


def case(kind: str, name: str) -> dict[str, Any]:
    """The case as a fixture begins: `recipe`, `rates` (the learning rate of each step), and `rows`.

    A row is {ids, trained} or {prompt, chosen, rejected}, of token ids, and `trained` a string of 0 and 1.
    """
    peak, clip = _PEAK_AND_CLIP.get(kind, _PEAK_AND_CLIP["random"])[name]
    recipe = {**RECIPES[name], "optimizer.learning_rate": peak, "optimizer.clip": clip}
    pairs = recipe.get("objective", "sft") != "sft"
    if kind == "starter":
        rows = _starter_pairs() if pairs else _starter_rows()
    else:
        rows = _random_pairs(kind) if pairs else _random_rows(kind)
    return {"recipe": recipe, "rates": _rates(recipe), "rows": rows}


def _rates(recipe: dict[str, Any]) -> list[float]:
    """A line from 0 to the peak, then the fall to 0; neither 0 is a step of its own."""
    steps, warmup = round(recipe["loop.epochs"]), recipe["optimizer.warmup_steps"]
    peak: float = recipe["optimizer.learning_rate"]
    falls = [done / (steps - warmup + 1) for done in range(1, steps - warmup + 1)]
    shapes = {
        "cosine": lambda done: (1 + math.cos(math.pi * done)) / 2,
        "linear": lambda done: 1 - done,
        "constant": lambda done: 1.0,
    }
    shape = shapes[recipe["optimizer.schedule"]]
    return [peak * n / warmup for n in range(1, warmup + 1)] + [peak * shape(done) for done in falls]


def _starter_rows() -> list[dict[str, Any]]:
    """Five conversations of unlike length, the longest with several trained answers."""
    tokenizer = _starter_tokenizer()
    found = []
    for record in islice(_records("chat.jsonl"), 40):
        row = tokenizer.apply_chat_template(
            record["messages"], return_dict=True, return_assistant_tokens_mask=True
        )
        found.append({"ids": row["input_ids"], "trained": "".join(map(str, row["assistant_masks"]))})
    found.sort(key=lambda row: len(row["ids"]))
    return [found[index] for index in (0, 9, 18, 27, 36)]


def _starter_pairs() -> list[dict[str, Any]]:
    tokenizer = _starter_tokenizer()
    return [
        {
            "prompt": tokenizer.apply_chat_template(
                [{"role": "user", "content": record["prompt"]}],
                add_generation_prompt=True,
                return_dict=True,
            )["input_ids"],
            "chosen": [*tokenizer(record["chosen"])["input_ids"], END],
            "rejected": [*tokenizer(record["rejected"])["input_ids"], END],
        }
        for record in islice(_records("preferences.jsonl"), 4)
    ]


def _random_rows(kind: str) -> list[dict[str, Any]]:
    """Random tokens; of every row the prompt is not trained, and of the longest a part in between."""
    random = np.random.RandomState(3)
    sizes = [(4, 7), (9, 3), (2, 21), (14, 11), (19, 28)]
    rows = [(_tokens(random, kind, prompt + answer), prompt, answer) for prompt, answer in sizes]
    masks = ["0" * prompt + "1" * answer for _, prompt, answer in rows]
    masks[-1] = masks[-1][:30] + "0" * 7 + masks[-1][37:]
    return [{"ids": ids, "trained": mask} for (ids, _, _), mask in zip(rows, masks, strict=True)]


def _random_pairs(kind: str) -> list[dict[str, Any]]:
    random = np.random.RandomState(4)
    sizes = [(5, 8, 17), (12, 20, 6), (3, 9, 9), (21, 5, 11)]
    return [
        {
            "prompt": _tokens(random, kind, prompt),
            "chosen": [*_tokens(random, kind, chosen), END],
            "rejected": [*_tokens(random, kind, rejected), END],
        }
        for prompt, chosen, rejected in sizes
    ]


def _tokens(random: np.random.RandomState, kind: str, count: int) -> list[int]:
    return [int(token) for token in random.randint(END + 1, CONFIGS[kind]["vocab_size"], count)]


def _records(name: str) -> Any:
    with (STARTER / name).open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _starter_tokenizer() -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(STARTER / "model")
