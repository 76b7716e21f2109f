"""A real model's GGUF file becomes a folder that answers as transformers does with the file itself.

Runs where STUDIO_SMOLLM2 names the file; `tests/oracles/make_smollm2.py` tells where it is from.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from mlx_lm import stream_generate
from mlx_lm.utils import load

from studio.models.cache import ModelCache
from studio.models.gguf.convert import convert_gguf
from studio.models.gguf.facts import read_gguf_facts
from tests.oracles.make_smollm2 import LENGTH, STEP

ORACLE = json.loads((Path(__file__).parents[2] / "oracles" / "fixtures" / "smollm2.json").read_text())
FILE = Path(os.environ.get("STUDIO_SMOLLM2", "none"))


@pytest.mark.long
@pytest.mark.skipif(not FILE.is_file(), reason="STUDIO_SMOLLM2 does not name the file")
def test_a_real_file_becomes_a_folder_that_answers_as_transformers_does_with_it(tmp_path: Path) -> None:
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() == ORACLE["sha256"]
    facts = read_gguf_facts(FILE)
    assert (facts.architecture, facts.parameters, facts.context) == ("llama", 134_515_008, 8192)
    assert (facts.license, facts.is_chat, facts.problem) == ("apache-2.0", True, None)

    list(convert_gguf(FILE, tmp_path / "made", "float32"))
    opened = ModelCache().open(tmp_path / "made")
    model, tokenizer = load(str(tmp_path / "made"))[:2]
    for asked in ORACLE["asked"]:
        turns = [{"role": "user", "content": asked["question"]}]
        assert opened.tokenizer.encode(asked["question"]) == asked["plain"]
        assert opened.tokenizer.apply_chat_template(turns, add_generation_prompt=True) == asked["prompt"]
        prompt = mx.array([asked["prompt"]])
        for module in (opened.module, model):
            logits = np.array(module(prompt)[0, -1])[::STEP]
            assert np.abs(logits - asked["logits"]).max() < 2e-4
        answer = stream_generate(model, tokenizer, asked["prompt"], max_tokens=LENGTH)
        assert [piece.token for piece in answer][:LENGTH] == asked["answer"]
