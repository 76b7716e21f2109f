"""A list of models says what a GGUF file holds, and why no model is made of it, from its first bytes."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGMLQuantizationType as Kind

from studio.models.gguf.facts import read_gguf_facts, remarks_on
from studio.models.gguf.header import is_gguf, read_gguf_header
from studio.models.gguf.source import read_source
from tests.models.gguf.files import TOKENS, write_small


def problem(file: Path) -> str:
    """The code of why it cannot be made trainable."""
    said = read_gguf_facts(file).problem
    return getattr(said, "code", "")


def test_the_facts_of_a_file_are_those_that_it_says(tmp_path: Path) -> None:
    facts = read_gguf_facts(write_small(tmp_path / "owner-small.gguf", kind=Kind.Q8_0), "lm_studio")
    numbers = 10 * 32 + 32 + 32 * 32
    assert (facts.name, facts.source, facts.form) == ("owner-small", "lm_studio", "gguf")
    assert (facts.architecture, facts.parameters, facts.context) == ("llama", numbers, 64)
    assert facts.bits == round((8.5 * (numbers - 32) + 32 * 32) / numbers, 2)
    assert (facts.license, facts.is_chat, facts.problem) == ("apache-2.0", True, None)
    assert facts.size == (tmp_path / "owner-small.gguf").stat().st_size


def test_a_file_that_is_called_by_its_checksum_has_the_name_that_it_says(tmp_path: Path) -> None:
    file = write_small(tmp_path / "sha256-0f3c", values={"tokenizer.chat_template": None})
    facts = read_gguf_facts(file, "ollama")
    assert (is_gguf(file), facts.name, facts.is_chat) == (True, "Small one", False)
    assert read_gguf_facts(file, "ollama", "small:1b").name == "small:1b"


def test_what_a_folder_made_of_it_lacks_is_said(tmp_path: Path) -> None:
    whole = write_small(tmp_path / "whole.gguf", kind=Kind.F16)
    assert remarks_on(whole) == ()
    bare = write_small(tmp_path / "bare.gguf", kind=Kind.Q4_0, values={"tokenizer.chat_template": None})
    for source, code in (("folder", "gguf.no_template"), ("ollama", "gguf.go_template")):
        assert [getattr(said, "code", "") for said in remarks_on(bare, source)] == [code, "gguf.rounded"]


def test_only_long_lists_are_left_out_unless_they_are_asked_for(tmp_path: Path) -> None:
    many = [f"t{number}" for number in range(2000)]
    file = write_small(tmp_path / "a.gguf", values={"tokenizer.ggml.tokens": many})
    header = read_gguf_header(file)
    assert header.values["tokenizer.ggml.tokens"] is None
    assert header.counts["tokenizer.ggml.tokens"] == 2000
    assert read_gguf_header(file, lists=True).values["tokenizer.ggml.tokens"] == many
    assert read_gguf_header(write_small(tmp_path / "b.gguf")).values["tokenizer.ggml.tokens"] == TOKENS


def test_a_split_model_is_one_with_all_its_parts(tmp_path: Path) -> None:
    whole = read_gguf_facts(write_small(tmp_path / "whole.gguf"))
    write_small(tmp_path / "m.gguf", split_max_tensors=1)
    parts = sorted(tmp_path.glob("m-*.gguf"))
    assert len(parts) == 3
    for part in parts:
        facts = read_gguf_facts(part)
        assert (facts.name, facts.place, facts.problem) == ("m", str(parts[0]), None)
        assert (facts.parameters, facts.bits) == (whole.parameters, whole.bits)
        assert facts.size == sum(each.stat().st_size for each in parts)
    parts[1].rename(tmp_path / "elsewhere")
    assert problem(parts[0]) == "gguf.parts_missing"
    write_small(parts[1])
    assert problem(parts[0]) == "gguf.part_of_another"
    only = parts[0].rename(tmp_path / "alone.gguf")
    assert problem(only) == "gguf.parts_unnamed"


@pytest.mark.parametrize(
    ("arch", "values", "code"),
    [
        ("mamba", {}, "gguf.family"),
        ("clip", {}, "gguf.projector"),
        ("llama", {"general.type": "mmproj"}, "gguf.projector"),
        ("llama", {"general.type": "adapter"}, "gguf.no_model"),
        ("llama", {"llama.expert_count": 8}, "gguf.experts"),
        ("llama", {"tokenizer.ggml.model": "rwkv"}, "gguf.tokenizer"),
        ("llama", {"tokenizer.ggml.tokens": None}, "gguf.tokenizer"),
        ("llama", {"tokenizer.ggml.pre": "never-heard-of"}, "gguf.split_text"),
        ("llama", {"tokenizer.ggml.pre": None}, "gguf.split_text"),
    ],
)
def test_what_cannot_be_made_trainable_is_said_in_words(
    tmp_path: Path, arch: str, values: dict[str, Any], code: str
) -> None:
    file = write_small(tmp_path / "a.gguf", arch, values=values)
    assert problem(file) == code
    assert str(file) in str(read_gguf_facts(file).problem)


def test_a_vocabulary_alone_and_a_foreign_quantization_are_no_models(tmp_path: Path) -> None:
    assert problem(write_small(tmp_path / "vocabulary.gguf", tensors={})) == "gguf.no_model"
    file = write_small(tmp_path / "odd.gguf", kind=Kind.Q8_0)
    data = file.read_bytes()
    for kind in (99, Kind.Q8_K.value):  # one that nobody knows, and one that is only used inside llama.cpp
        at = data.index(b"blk.0.attn_q.weight") + len(b"blk.0.attn_q.weight") + 4 + 2 * 8
        file.write_bytes(data[:at] + struct.pack("<I", kind) + data[at + 4 :])
        assert problem(file) in ("gguf.kind", "weights.cut_short")


def test_a_file_that_is_cut_off_or_garbled_anywhere_is_refused_and_never_a_crash(tmp_path: Path) -> None:
    file = write_small(tmp_path / "a.gguf")
    data = file.read_bytes()
    start = read_source(file).tensors[0].start
    for length in (0, 3, 4, 11, 23, 24, 100, start - 200, start - 64, len(data) - 40):
        file.write_bytes(data[:length])
        assert problem(file) in ("gguf.not_one", "gguf.damaged", "weights.cut_short")
    numbers = np.random.default_rng(2)
    for place in numbers.integers(4, start, 300):
        garbled = bytearray(data)
        garbled[place : place + 4] = bytes(numbers.integers(0, 256, 4, dtype=np.uint8))
        file.write_bytes(garbled)
        read_gguf_facts(file)
    file.unlink()
    assert problem(file) == "gguf.gone"


@pytest.mark.parametrize(
    ("begin", "code"),
    [
        (b"GGUF\x01\0\0\0", "gguf.version"),
        (b"GGUF\0\0\0\x03", "gguf.other_order"),
        (b"PK\x03\x04", "gguf.not_one"),
        (b"version https://git-lfs.github.com/spec/v1\n", "weights.pointer"),
    ],
)
def test_other_files_are_told_apart(tmp_path: Path, begin: bytes, code: str) -> None:
    file = tmp_path / "a.gguf"
    file.write_bytes(begin + bytes(64))
    assert problem(file) == code
