"""A tokenizer in a GGUF file: how it splits is known as llama.cpp knows it, its pieces are tried out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.export.gguf_splits import CHECK, KNOWN, split_name
from studio.export.gguf_tokenizer import CHATS, TEXTS, GgufVocabulary, vocabulary_of
from studio.models.tokenizer import load_tokenizer
from tests.conftest import refused
from tests.oracles.llama_cpp_models import make_folder

ORACLE = json.loads((Path(__file__).parents[1] / "oracles" / "fixtures" / "gguf_pretypes.json").read_text())
SAME = {"mpt": "olmo", "qwen35": "qwen2"}
"""What the hash cannot tell apart, in llama.cpp's own converter neither."""


def test_every_hash_is_one_of_llama_cpps() -> None:
    assert ORACLE["text"] == CHECK
    assert KNOWN.items() <= ORACLE["known"].items()
    assert {"llama-bpe", "qwen2", "smollm", "tekken", "gpt-2", "gpt-4o", "dbrx"} <= set(KNOWN.values())


@pytest.mark.parametrize("name", [name for name, each in ORACLE["vocabularies"].items() if each["pre"]])
def test_the_vocabularies_in_llama_cpps_source_get_their_names(name: str) -> None:
    found = ORACLE["vocabularies"][name]
    assert split_name({}, found["ids"]) == SAME.get(name, found["pre"])


def read_again(family: str, folder: Path, change: Callable[[dict[str, Any]], None]) -> GgufVocabulary:
    """The vocabulary of a family's tokenizer after a change in its tokenizer.json."""
    make_folder(family, folder)
    described = json.loads((folder / "tokenizer.json").read_text())
    change(described)
    (folder / "tokenizer.json").write_text(json.dumps(described))
    return vocabulary_of(load_tokenizer(folder), 2880, folder)


def as_it_is(described: dict[str, Any]) -> None:
    """No change."""


def only_first(described: dict[str, Any]) -> None:
    described["normalizer"] = None
    step = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}
    described["pre_tokenizer"] = step


def lowered(described: dict[str, Any]) -> None:
    described["normalizer"]["normalizers"].append({"type": "Lowercase"})


def halved(described: dict[str, Any]) -> None:
    described["model"]["merges"] = described["model"]["merges"][::2]


def test_pieces_have_kinds_scores_and_the_space_that_is_put_before_a_text(tmp_path: Path) -> None:
    spaced = read_again("mistral", tmp_path, as_it_is)
    numbers = {text: number for number, text in enumerate(spaced.tokens)}
    whole = ("<unk>", "<s>", "[INST]", "<0x41>", "▁the")
    assert "".join(str(spaced.kinds[numbers[text]]) for text in whole) == "23361"
    assert spaced.scores[numbers["▁t"]] > spaced.scores[numbers["▁the"]]
    assert (spaced.spaced, spaced.adds_bos, spaced.unlike, spaced.merges) == (True, True, "", ())

    plain = read_again("gemma2", tmp_path, as_it_is)
    numbers = {text: number for number, text in enumerate(plain.tokens)}
    assert [plain.kinds[numbers[text]] for text in ("<start_of_turn>", "   ", "\n\n")] == [3, 4, 4]
    assert (plain.spaced, plain.unlike) == (False, "")


def test_a_space_before_the_first_word_only_is_read_so_in_conversations_and_said(tmp_path: Path) -> None:
    found = read_again("mistral", tmp_path, only_first)
    assert (found.spaced, found.unlike) == (False, TEXTS)


def test_conversations_that_do_not_begin_with_the_first_token_are_said(tmp_path: Path) -> None:
    for family in ("llama", "gemma2"):
        read_again(family, tmp_path, as_it_is)
        tokenizer = load_tokenizer(tmp_path)
        assert vocabulary_of(tokenizer, 2880, tmp_path).unlike == ""
        bare = "{% for m in messages %}{{ m.content }}{% endfor %}"
        assert vocabulary_of(tokenizer, 2880, tmp_path, bare).unlike == CHATS


@pytest.mark.parametrize("change", [lowered, halved])
def test_pieces_that_llama_cpp_would_join_otherwise_are_refused(
    change: Callable[[dict[str, Any]], None], tmp_path: Path
) -> None:
    with refused("export.gguf_tokenizer", kind="SentencePiece with rules of its own"):
        read_again("mistral", tmp_path, change)


def test_only_phi_3_is_called_so_as_llama_cpp_strips_spaces_by_the_name(tmp_path: Path) -> None:
    phi, other = read_again("phi3", tmp_path, as_it_is), read_again("mistral", tmp_path, as_it_is)
    assert (phi.strips, phi.unlike, phi.adds_bos) == (True, "", False)
    assert (phi.name_for("my-run"), phi.name_for("Phi-3 run")) == ("phi-3 my-run", "Phi-3 run")
    assert (other.name_for("my-Phi3-run"), other.name_for("my-run")) == ("my-phi 3-run", "my-run")
