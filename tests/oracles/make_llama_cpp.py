"""Writes fixtures/llama_cpp.json: what llama.cpp reads, and answers, with the GGUF files that we write.

To renew it, write the files with the app's own environment, then have llama.cpp read them in one of its own
(`pip install llama-cpp-python==0.3.36`, which builds llama.cpp: some minutes):

    .venv/bin/python -m tests.oracles.llama_cpp_models FOLDER
    llama/bin/python tests/oracles/make_llama_cpp.py FOLDER
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LENGTH = 12
"""Tokens that each answer goes on for, always with the likeliest."""
STEP = 16
"""Of the logits, every so manieth is kept."""


def read(file: Path, asked: dict[str, Any]) -> dict[str, Any]:
    """What one file gives: tokens of texts and conversations, logits after each prompt, and answers."""
    from llama_cpp import GGML_TYPE_F32, Llama

    model = Llama(
        str(file),
        n_ctx=asked["context"],
        n_batch=256,
        logits_all=True,
        verbose=False,
        n_threads=1,
        type_k=GGML_TYPE_F32,
        type_v=GGML_TYPE_F32,
        flash_attn=False,
    )
    begins = model.metadata.get("tokenizer.ggml.add_bos_token") == "true"

    def ids(text: str, first: bool) -> list[int]:
        return [int(each) for each in model.tokenize(text.encode(), add_bos=first, special=True)]

    found: dict[str, Any] = {
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "texts": [ids(text, first=False) for text in asked["texts"]],
        "begun": [ids(text, first=True) for text in asked["texts"]],
        "chats": [
            ids(text.removeprefix(asked["bos"]) if begins else text, first=True) for text in asked["chats"]
        ],
        "logits": [],
        "answers": [],
    }
    for prompt in asked["prompts"]:
        model.reset()
        model.eval(prompt)
        last = model.scores[model.n_tokens - 1]
        found["logits"].append([round(float(each), 4) for each in last[::STEP]])
        answer: list[int] = []
        for _ in range(LENGTH):
            answer.append(int(model.scores[model.n_tokens - 1].argmax()))
            model.eval(answer[-1:])
        found["answers"].append(answer)
    model.close()
    return found


def main(folder: Path) -> None:
    """Read each file by itself."""
    asked = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
    found = {
        name: read(folder / f"{name}.gguf", each | asked["families"][each["family"]])
        for name, each in asked["files"].items()
    }
    text = json.dumps({"step": STEP, "files": found}, separators=(",", ":"))
    (HERE / "fixtures" / "llama_cpp.json").write_text(text.replace('},"', '},\n"') + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
