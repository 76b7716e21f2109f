"""The starter pack: a real, small, untuned model, and samples that keep their promises."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from mlx_lm.utils import load

from studio.dataset.dataset import Dataset
from studio.dataset.read.load import read
from studio.dataset.render.render import Renderer
from studio.evaluate.golden import read_golden
from studio.evaluate.scorers.overlap import exact_match
from studio.generate.batch import likeliest
from studio.models.arrays import count
from studio.models.cache import ModelCache, OpenModel
from studio.recipe.recipe import Data


@pytest.fixture(scope="module")
def opened(starter: Path) -> OpenModel:
    return ModelCache().open(starter / "model")


def lines(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_all_of_it_is_small_and_the_model_is_what_it_says(starter: Path, opened: OpenModel) -> None:
    assert sum(file.stat().st_size for file in starter.rglob("*") if file.is_file()) <= 16 * 2**20
    assert 2_000_000 <= count(opened.module.parameters()) <= 4_000_000
    assert opened.config["model_type"] == "qwen3"
    assert 1_500 <= opened.config["vocab_size"] <= 4_000
    load(str(starter / "model"))  # as mlx-lm itself does


def test_the_template_has_roles_and_text_of_any_language_survives(opened: OpenModel) -> None:
    tokenizer = opened.tokenizer
    for text in ("Reykjavík, São Tomé", "Ελλάδα 你好 🙂", "a  b\n\tc"):
        assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False)) == text
    turns = [{"role": role, "content": role.upper()} for role in ("system", "user", "assistant")]
    text = tokenizer.apply_chat_template(turns, tokenize=False)
    assert all(word in text for word in ("system", "SYSTEM", "user", "USER", "assistant", "ASSISTANT"))


def test_the_untuned_model_completes_text_and_answers_nothing(starter: Path, opened: OpenModel) -> None:
    golden = read_golden(starter / "golden.jsonl")
    assert len(golden.items) == 100
    renderer = Renderer(opened.tokenizer)
    prompts = [renderer.prompt_ids(item.turns) for item in golden.items]
    told = likeliest(opened.module, opened.tokenizer, prompts, 24, renderer.stops)
    answered = dict(answer for answer in told if answer)
    right = sum(exact_match(answered[i], item.ideal) for i, item in enumerate(golden.items))
    assert right <= 15


def test_what_the_golden_set_asks_is_never_trained(starter: Path) -> None:
    """No golden answer, and no golden question, stands anywhere in the rows one can train on."""
    trained = "\n".join(
        (starter / name).read_text(encoding="utf-8").casefold()
        for name in ("instructions.jsonl", "chat.jsonl", "preferences.jsonl")
    )
    for row in lines(starter / "golden.jsonl"):
        assert row["ideal"].casefold() not in trained
        assert row["prompt"].casefold() not in trained


@pytest.mark.parametrize(
    ("name", "format", "rows"),
    [
        ("instructions.jsonl", "instruction", 800),
        ("chat.jsonl", "chat", 200),
        ("preferences.jsonl", "preference", 300),
        ("sentiment.csv", "classification", 300),
    ],
)
def test_every_row_of_a_sample_can_train(
    name: str, format: str, rows: int, starter: Path, opened: OpenModel
) -> None:
    dataset = Dataset.load(starter / name, Renderer(opened.tokenizer), Data(), 0)
    assert dataset.format == format
    assert len(dataset.train) + len(dataset.validation) + len(dataset.test) == pytest.approx(rows, rel=0.05)
    assert dataset.skipped == dataset.cut == 0


def test_the_csv_sample_has_commas_and_quotes_in_its_fields(starter: Path) -> None:
    with (starter / "sentiment.csv").open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    assert any("," in text for text in texts)
    assert any('"' in text for text in texts)


def test_the_messy_sample_is_read_with_every_fault_named(starter: Path) -> None:
    reading = read(starter / "messy.jsonl")
    assert len(reading.problems) >= 10
    assert all(problem.line > 0 and problem.reason for problem in reading.problems)
    assert len(reading.records) >= 20


def test_the_general_text_is_no_training_text(starter: Path) -> None:
    general = (starter / "general.txt").read_text(encoding="utf-8")
    assert 8_000 <= len(general) <= 40_000
    tuned_on = (starter / "instructions.jsonl").read_text(encoding="utf-8")
    assert not any(line in tuned_on for line in general.splitlines() if len(line) > 60)
