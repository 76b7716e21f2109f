"""Tokens that a model does not have are refused; rows and prompts beyond its context are told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.catalogue import phrase
from studio.dataset.checks.registry import check_all
from studio.dataset.dataset import Dataset
from studio.dataset.render.render import Renderer
from studio.dataset.render.truncate import Limits
from studio.errors import DataError
from studio.events import finished
from studio.models.tokenizer import load_tokenizer
from studio.recipe.fields import Data
from tests.cli.test_commands import FAST, Terminal
from tests.conftest import refused

CONTEXT = 64


@pytest.fixture
def studio(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(tmp_path / "home", capsys)


@pytest.fixture
def more_tokens(tiny_model: Path, tmp_path: Path) -> Path:
    """The tiny model of 320 rows with a tokenizer of 80 tokens more than the 259 it had."""
    folder = Path(shutil.copytree(tiny_model, tmp_path / "more"))
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    first = 1 + max(tokenizer["model"]["vocab"].values())
    tokenizer["added_tokens"] += [
        {
            **dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False),
            "id": first + n,
            "content": f"<|x{n}|>",
            "special": True,
        }
        for n in range(80)
    ]
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    return folder


@pytest.fixture
def short_context(tiny_model: Path, tmp_path: Path) -> Path:
    """The tiny model, trained on positions below 64 as its config says."""
    return changed(tiny_model, tmp_path / "short", max_position_embeddings=CONTEXT)


def changed(model: Path, folder: Path, **values: Any) -> Path:
    shutil.copytree(model, folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, **values}), encoding="utf-8")
    return folder


def rows(path: Path, *outputs: str) -> Path:
    lines = [json.dumps({"instruction": f"Say {n}", "output": said}) + "\n" for n, said in enumerate(outputs)]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def test_a_token_beyond_the_embedding_is_refused_wherever_rows_meet_the_model(
    studio: Terminal, more_tokens: Path, tmp_path: Path
) -> None:
    bad = rows(tmp_path / "bad.jsonl", *["fine"] * 20, "It is <|x70|>.")
    for arguments in (
        ("train", bad, "--model", more_tokens, *FAST),
        ("forecast", more_tokens, "--data", bad),
        ("data", bad, "--model", more_tokens),
    ):
        code, _ = studio(*arguments, home=arguments[0] == "train")
        assert code != 0
        assert beyond("<|x70|>", 329) in studio.stderr


def beyond(token: str, number: int) -> str:
    """What is said of a token that the model of 320 rows does not have."""
    return str(phrase("model.token_beyond", token=token, id=number, vocabulary=320, tokens=339))


def test_tokens_that_no_row_uses_do_no_harm_until_somebody_asks_with_them(
    studio: Terminal, more_tokens: Path, tmp_path: Path
) -> None:
    good = rows(tmp_path / "good.jsonl", *(f"It is {n} <|x3|>." for n in range(20)))
    studio.document("train", good, "--model", more_tokens, "--name", "good", *FAST)
    code, _ = studio("chat", "good", "--prompt", "What is <|x61|>?", "--max-tokens", 2, "--typed-tokens")
    assert code != 0
    assert beyond("<|x61|>", 320) in studio.stderr
    golden = tmp_path / "golden.jsonl"
    golden.write_text(json.dumps({"prompt": "<|x79|>?", "ideal": "yes"}) + "\n", encoding="utf-8")
    code, _ = studio("evaluate", "good", "--golden", golden)
    assert code != 0
    assert beyond("<|x79|>", 338) in studio.stderr


@pytest.mark.long
def test_rows_beyond_the_context_are_told_before_a_run_and_with_what_to_set(
    studio: Terminal, short_context: Path, tmp_path: Path
) -> None:
    data = rows(tmp_path / "long.jsonl", *["short"] * 16, *["long " * 20] * 4)
    told = "4 rows are longer than the model's context of 64 tokens"
    read = studio.document("data", data, "--model", short_context, home=False)
    assert [p["code"] for p in read["problems"] if not p["line"]] == ["file.beyond_context"]
    _, text = studio("forecast", short_context, "--data", data, home=False)
    assert told in text
    assert "set Max length (data.max_length) to 64" in text
    studio.document("train", data, "--model", short_context, "--name", "long", *FAST)
    assert told in studio.stderr
    studio.document("train", data, "--model", short_context, *FAST, "--set", "max_length=64")
    assert told not in studio.stderr

    # And where a person asks.
    studio.document("chat", "long", "--prompt", "word " * 20, "--max-tokens", 2)
    assert "tokens, and the model's context 64" in studio.stderr
    studio.document("chat", "long", "--prompt", "Hi", "--max-tokens", 60)
    assert "more together than the model's context of 64" in studio.stderr
    studio.document("chat", "long", "--prompt", "Hi", "--max-tokens", 2)
    assert "context" not in studio.stderr


def test_the_health_check_names_rows_beyond_the_context(chatml_dataset: Callable[..., Dataset]) -> None:
    dataset = chatml_dataset(Limits(context=CONTEXT))
    findings = {finding.check: finding for finding in finished(check_all(dataset.checked()))}
    assert findings["context"].lines == (3,)
    assert "Set Max length (data.max_length) to 64" in findings["context"].summary
    assert not chatml_dataset(Limits()).problems


def test_a_model_with_an_embedding_of_each_position_reads_nothing_beyond(
    chatml_dataset: Callable[..., Dataset],
) -> None:
    limits = Limits(context=CONTEXT, positions=True)
    with refused("dataset.beyond_positions", DataError, rows=1, context=64):
        chatml_dataset(limits)
    renderer = chatml_dataset(Limits()).renderer
    renderer.limits = limits
    with refused("model.positions", DataError, tokens=60, answer=5, context=64):
        renderer.remark([[1] * 60], 5)
    assert renderer.remark([[1] * 60], 4) == ""


@pytest.fixture
def chatml_dataset(tiny_model: Path, tmp_path: Path) -> Callable[..., Dataset]:
    path = rows(tmp_path / "d.jsonl", "a", "b", "long " * 20, "c", "d")
    return lambda limits: Dataset.load(path, Renderer(load_tokenizer(tiny_model), None, limits), Data(), 0)
