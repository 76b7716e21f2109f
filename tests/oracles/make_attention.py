"""Writes fixtures/attention.json: what transformers' eager attention gives on the starter, sampled.

To renew it, in the environment that `make_fixtures.py` describes:

    oracle/bin/python tests/oracles/make_attention.py
"""

from __future__ import annotations

import json
import random
from pathlib import Path

HERE = Path(__file__).parent
STARTER = HERE.parents[1] / "resources" / "starter" / "model"
FILE = HERE / "fixtures" / "attention.json"
PROMPTS = (
    "What is the capital of Cambodia?",
    "Frog A frog has four legs. A frog is an amphibian. The sound that a frog makes is a croak.",
    "Write one line about rain, please, and then another about soup and a lamp.",
)
SAMPLES = 400
"""So many entries [layer, head, query, key] of each prompt, drawn among those that a mask leaves."""


def main() -> None:
    """Ask transformers, and keep what it says with seven digits."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(STARTER)
    model = AutoModelForCausalLM.from_pretrained(
        STARTER, attn_implementation="eager", dtype=torch.float32
    ).eval()
    drawn = random.Random(0)
    cases = []
    for prompt in PROMPTS:
        ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            weights = torch.stack(model(torch.tensor([ids]), output_attentions=True).attentions)[:, 0]
        layers, heads, length, _ = weights.shape
        samples = []
        for _ in range(SAMPLES):
            query = drawn.randrange(1, length)
            place = [drawn.randrange(layers), drawn.randrange(heads), query, drawn.randrange(query + 1)]
            samples.append([*place, round(float(weights[tuple(place)]), 7)])
        cases.append({"ids": ids, "shape": list(weights.shape), "samples": samples})
    FILE.write_text(json.dumps(cases) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
