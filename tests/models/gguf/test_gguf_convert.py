"""A GGUF file becomes a folder that is trained and asked as the model that it holds."""

from __future__ import annotations

import json
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from studio.export.gguf_file import check_gguf
from studio.models.cache import ModelCache
from studio.models.gguf.convert import convert_gguf
from tests.oracles.llama_cpp_models import CHATS, CONFIGS, TEXTS, open_model, write_file

ORACLE = json.loads((Path(__file__).parents[2] / "oracles" / "fixtures" / "llama_cpp.json").read_text())


@pytest.mark.parametrize("family", CONFIGS)
def test_a_file_becomes_the_model_that_llama_cpp_reads(family: str, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    opened, file = open_model(family, tmp_path / "own"), tmp_path / f"{family}-f16.gguf"
    write_file(file, opened, "f16")
    parts = list(convert_gguf(file, tmp_path / "made", "float32"))
    assert parts[-1].done == parts[-1].total
    again = ModelCache().open(tmp_path / "made")

    theirs = ORACLE["files"][f"{family}-f16"]
    encode = again.tokenizer.encode
    assert [encode(text, add_special_tokens=False) for text in TEXTS] == theirs["texts"]
    assert [encode(text) for text in TEXTS] == theirs["begun"]
    for turns, ids in zip(CHATS, theirs["chats"], strict=True):
        said = [{"role": role, "content": text} for role, text in turns]
        assert again.tokenizer.apply_chat_template(said, add_generation_prompt=True) == ids
        assert again.tokenizer.decode(ids) == opened.tokenizer.decode(ids)

    own, config = opened.module, json.loads((opened.folder / "config.json").read_text())
    own = check_gguf(file, own, config, "f16")  # with the weights as they are stored
    ids = mx.array([theirs["chats"][1]])
    mine, stored = (np.array(model(ids).astype(mx.float32)) for model in (again.module, own))
    assert np.abs(mine - stored).max() <= 1e-5 * np.abs(stored).max()
