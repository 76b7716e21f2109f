"""Writes fixtures/losses.json: the summed -log p that transformers gives rows of text by the starter's model.

To renew it, in the environment that `make_fixtures.py` describes:

    oracle/bin/python tests/oracles/make_losses.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
STARTER = HERE.parents[1] / "resources" / "starter"
LINES = 6
"""Of the text that nothing is tuned on; and as many rows of which only an answer counts."""


def main() -> None:
    """Read each row by itself: no padding, no mask, in fp32, summed in fp64."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.use_deterministic_algorithms(True)
    tokenizer = AutoTokenizer.from_pretrained(STARTER / "model")
    model = AutoModelForCausalLM.from_pretrained(STARTER / "model", dtype=torch.float32).eval()
    rows = [{"ids": ids, "trained": trained} for ids, trained in _rows(tokenizer)]
    with torch.no_grad():
        for row in rows:
            log_p = model(torch.tensor([row["ids"]])).logits[0].double().log_softmax(dim=-1)
            counted = [place for place, trained in enumerate(row["trained"]) if trained]
            row["loss"] = -sum(log_p[place - 1, row["ids"][place]].item() for place in counted)
    text = ",\n".join(json.dumps(row) for row in rows)
    (HERE / "fixtures" / "losses.json").write_text(f"[\n{text}\n]\n", encoding="utf-8")


def _rows(tokenizer: Any) -> list[tuple[list[int], list[bool]]]:
    lines = [line for line in (STARTER / "general.txt").read_text(encoding="utf-8").splitlines() if line]
    found = []
    for line in lines[:LINES]:
        ids = tokenizer(line)["input_ids"]
        found.append((ids, [False] + [True] * (len(ids) - 1)))
    asked = (STARTER / "instructions.jsonl").read_text(encoding="utf-8").splitlines()[:LINES]
    for row in map(json.loads, asked):
        prompt = tokenizer(f"<|im_start|>user\n{row['instruction']}<|im_end|>\n")["input_ids"]
        answer = tokenizer(f"{row['output']}<|im_end|>")["input_ids"]
        found.append((prompt + answer, [False] * len(prompt) + [True] * len(answer)))
    return found


if __name__ == "__main__":
    main()
