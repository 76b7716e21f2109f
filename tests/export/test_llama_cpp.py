"""llama.cpp reads the files that we write with the model's own tokens, and answers as the model does here.

What it gave stands in a fixture (`tests/oracles/make_llama_cpp.py`), with the checksums of the files that it
read.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from studio.export.gguf_file import check_gguf
from studio.models.rope import StatedRoPE
from tests.oracles.llama_cpp_models import FILES, STARTER, TUNED, asked, open_model, write_file

ORACLE = json.loads((Path(__file__).parents[1] / "oracles" / "fixtures" / "llama_cpp.json").read_text())
APART = {"f16": 3e-3, "bf16": 1e-2, "q8_0": 7e-2, "q4_0": 7e-2}
"""How far logits are apart at most, as a share of their norm. llama.cpp rounds what it multiplies weights of
8 bits and fewer with to 8 bits, too, which drawn weights magnify."""
APART_TRAINED = {"f16": 1e-3, "q8_0": 2e-2, "q4_0": 2e-2}


@pytest.mark.parametrize("name", FILES)
def test_llama_cpp_reads_and_answers_as_the_model_does_here(name: str, tmp_path: Path) -> None:
    family, precision, _ = FILES[name]
    (tmp_path / "model").mkdir()
    opened, file = open_model(family, tmp_path / "model"), tmp_path / f"{name}.gguf"
    write_file(file, opened, precision)
    theirs: dict[str, Any] = ORACLE["files"][name]
    if family != TUNED:  # which is the sum of what was trained, and rounded as a machine does
        assert hashlib.sha256(file.read_bytes()).hexdigest() == theirs["sha256"], "what it has read"

    said = asked(opened)
    encode = opened.tokenizer.encode
    assert [encode(text, add_special_tokens=False) for text in said["texts"]] == theirs["texts"]
    assert [encode(text) for text in said["texts"]] == theirs["begun"]
    assert said["prompts"] == theirs["chats"]

    config = json.loads((opened.folder / "config.json").read_text())
    model = check_gguf(file, opened.module, config, precision)
    if name == "phi3-long":  # it takes the factors for long texts as soon as there is room for one
        for part in model.modules():
            if isinstance(part, StatedRoPE):
                part.limit = 0
    largest = (APART_TRAINED if family in (STARTER, TUNED) else APART)[precision]
    for prompt, logits, answer in zip(said["prompts"], theirs["logits"], theirs["answers"], strict=True):
        found = np.array(model(mx.array([prompt + answer]))[0].astype(mx.float32))[len(prompt) - 1 : -1]
        own = found[0, :: ORACLE["step"]]
        assert np.linalg.norm(own - logits) <= largest * np.linalg.norm(logits)
        if precision == "f16":
            assert found.argmax(axis=-1).tolist() == answer
