"""A file's tokenizer gives the tokens that llama.cpp gives."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from studio.errors import ModelError
from studio.models.gguf.header import GgufHeader, read_gguf_header
from studio.models.gguf.splits import SPLITS
from studio.models.gguf.vocabulary import end_ids, tokenizer_of, tokenizer_settings
from tests.models.gguf.files import write_small
from tests.oracles.make_gguf_splits import TEXT, write_vocabulary

ORACLE = json.loads((Path(__file__).parents[2] / "oracles" / "fixtures" / "gguf_splits.json").read_text())


def header_of(file: Path, **values: Any) -> GgufHeader:
    named = {f"tokenizer.ggml.{name}": value for name, value in values.items()}
    return read_gguf_header(write_small(file, values=named), lists=True)


@pytest.mark.parametrize("name", SPLITS)
def test_text_is_split_as_llama_cpp_splits_it(name: str, tmp_path: Path) -> None:
    header = read_gguf_header(write_vocabulary(tmp_path / "a.gguf", ORACLE["merges"], name), lists=True)
    tokenizer = tokenizer_of(header)
    ids = tokenizer.encode(TEXT, add_special_tokens=False).ids
    assert ids == ORACLE["ways"][ORACLE["names"][name]]
    whole = unicodedata.normalize("NFC", TEXT) if SPLITS[name].composed else TEXT
    assert tokenizer.decode(ids) == whole


@pytest.mark.parametrize(
    ("added", "begins", "ends"),
    [({}, False, False), ({"add_bos_token": True}, True, False), ({"add_eos_token": True}, False, True)],
)
def test_a_text_begins_and_ends_as_the_file_says(
    added: dict[str, Any], begins: bool, ends: bool, tmp_path: Path
) -> None:
    header = header_of(tmp_path / "a.gguf", bos_token_id=0, eos_token_id=1, **added)
    expected = [*([0] if begins else []), 2, 3, *([1] if ends else [])]
    assert tokenizer_of(header).encode("ab").ids == expected
    assert tokenizer_of(header).encode("<s>ab</s>", add_special_tokens=False).ids == [0, 2, 3, 1]


def test_the_whole_tokens_of_phi_3_take_the_spaces_that_follow_them(tmp_path: Path) -> None:
    values = {
        "general.name": "Phi-3 mini",
        "tokenizer.ggml.tokens": ["<s>", "</s>", "<|end|>", "a", "b", "Ġ"],
        "tokenizer.ggml.token_type": [3, 4, 3, 1, 1, 1],  # </s> is a person's own there
    }
    for name, spaces in (("Phi-3 mini", []), ("Another", [5, 5])):
        values["general.name"] = name
        header = read_gguf_header(write_small(tmp_path / "a.gguf", values=values), lists=True)
        encode = tokenizer_of(header).encode
        assert encode("</s>  a").ids == [1, *spaces, 3]
        assert encode("<|end|>  a").ids == [2, *spaces, 3]
        assert encode("<s>  a").ids == [0, 5, 5, 3]


def test_llama_3_begins_with_its_first_token_where_the_file_does_not_say(tmp_path: Path) -> None:
    header = header_of(tmp_path / "a.gguf", pre="llama-bpe", bos_token_id=0)
    assert tokenizer_of(header).encode("a").ids == [0, 2]
    header = header_of(tmp_path / "a.gguf", pre="llama-bpe", bos_token_id=0, add_bos_token=False)
    assert tokenizer_of(header).encode("a").ids == [2]


def test_what_ends_a_turn_is_among_the_ends_though_the_file_names_one(tmp_path: Path) -> None:
    tokens = ["<s>", "</s>", "a", "<|im_end|>", "<|eot_id|>"]
    kinds = [3, 3, 1, 3, 3]
    header = header_of(tmp_path / "a.gguf", tokens=tokens, token_type=kinds, eos_token_id=1, eot_token_id=4)
    assert end_ids(header) == [1, 4, 3]
    settings = tokenizer_settings(header)
    assert (settings["eos_token"], settings["model_max_length"]) == ("</s>", 64)
    assert "bos_token" not in settings


def test_a_token_that_the_file_names_and_does_not_have_is_not_taken(tmp_path: Path) -> None:
    header = header_of(tmp_path / "a.gguf", eos_token_id=4096, bos_token_id=1)
    assert end_ids(header) == []
    assert tokenizer_settings(header)["bos_token"] == "</s>"


@pytest.mark.parametrize(
    "lists",
    [
        {"token_type": [1, 1]},
        {"tokens": [1, 2, 3]},
        {"merges": ["ab"]},
        {"merges": ["a z"]},
        {"merges": [3, 4]},
        {"model": "llama", "scores": [0.5]},
        {"model": "llama", "tokens": ["<s>", "</s>"], "scores": ["a", "b"]},
    ],
)
def test_a_vocabulary_that_contradicts_itself_is_refused(lists: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ModelError) as error:
        tokenizer_of(header_of(tmp_path / "a.gguf", **lists))
    assert error.value.code == "gguf.tokens"
