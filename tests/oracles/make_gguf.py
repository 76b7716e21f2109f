"""Writes fixtures/gguf.json: what transformers answers with the GGUF files that we write, token by token.

To renew it, write the files with the app's own environment, then have transformers read them in the one that
`make_fixtures.py` describes, with gguf==0.19.0 in it:

    .venv/bin/python -m tests.oracles.gguf_models FOLDER
    oracle/bin/python tests/oracles/make_gguf.py FOLDER
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
STARTER = HERE.parents[1] / "resources" / "starter" / "model"
TEXTS = (
    "It is 1984, isn't it?",
    "<|im_start|>user\nSay  two\twords<|im_end|>\n<|im_start|>assistant\n",
    "Grüße, 東京! 12345 — über…",
)
LENGTH = 12


def main(folder: Path) -> None:
    """Read each file by itself, and let it go on from each text, always with the likeliest token."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(STARTER)
    found: dict[str, Any] = {
        "ids": [theirs(text)["input_ids"] for text in TEXTS],
        "answers": {},
        "sha256": {},
    }
    for file in sorted(folder.glob("*.gguf")):
        options = {"head_dim": 32} if file.stem.startswith("qwen3") else {}  # it takes every Qwen 3's for 128
        model = AutoModelForCausalLM.from_pretrained(
            folder, gguf_file=file.name, dtype=torch.float32, **options
        ).eval()
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file.name)
        found["sha256"][file.stem] = hashlib.sha256(file.read_bytes()).hexdigest()
        answers = []
        with torch.no_grad():
            for text, ids in zip(TEXTS, found["ids"], strict=True):
                if tokenizer(text, add_special_tokens=False)["input_ids"] != ids:
                    sys.stdout.write(f"{file.name}: other tokens for {text!r}\n")
                answer = list(ids)
                for _ in range(LENGTH):
                    answer.append(int(model(torch.tensor([answer])).logits[0, -1].argmax()))
                answers.append(answer[len(ids) :])
        found["answers"][file.stem] = answers
    text = json.dumps(found, indent=1, ensure_ascii=False)
    (HERE / "fixtures" / "gguf.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
