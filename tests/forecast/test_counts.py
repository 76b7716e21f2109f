"""Published figures come out of the forecast, to the last digit and from config.json alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from studio.cli.commands import app
from studio.errors import ModelError
from studio.models.adapter import Tuning
from studio.models.count import count_parameters
from tests.conftest import refused
from tests.forecast.test_forecast import QWEN3_06B, folder_with

GEMMA3_1B: dict[str, Any] = {
    "model_type": "gemma3_text", "hidden_size": 1152, "num_hidden_layers": 26, "intermediate_size": 6912,
    "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 256, "rms_norm_eps": 1e-6,
    "vocab_size": 262144, "sliding_window": 512, "sliding_window_pattern": 6,
}  # fmt: skip
GEMMA2_2B: dict[str, Any] = {
    "model_type": "gemma2", "hidden_size": 2304, "num_hidden_layers": 26, "intermediate_size": 9216,
    "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "rms_norm_eps": 1e-6,
    "vocab_size": 256000, "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0,
    "query_pre_attn_scalar": 256, "hidden_activation": "gelu_pytorch_tanh", "sliding_window": 4096,
}  # fmt: skip


def forecasted(model: Path, *options: str) -> str:
    found = CliRunner().invoke(app, ["forecast", str(model), *options])
    assert found.exit_code == 0, found.output
    return found.stdout


@pytest.mark.parametrize(
    ("config", "parameters"),
    [(GEMMA3_1B, 999_885_952), (GEMMA2_2B, 2_614_341_888), (QWEN3_06B, 596_049_920)],
    ids=lambda value: value["model_type"] if isinstance(value, dict) else "",
)
def test_a_tied_head_is_counted_once(config: dict[str, Any], parameters: int, tmp_path: Path) -> None:
    found = json.loads(forecasted(folder_with(tmp_path / "model", config), "--json"))
    assert found["total_parameters"] == parameters


def test_the_published_share_of_an_adapter_is_that_of_model_and_adapter_together(tmp_path: Path) -> None:
    model = folder_with(tmp_path / "qwen", QWEN3_06B)
    text = forecasted(model, "--set", "lora.rank=32")
    assert "20,185,088 parameters train: 3.28 % of 616,235,008 with the adapter, 596,049,920 without" in text
    found = json.loads(forecasted(model, "--set", "lora.rank=32", "--json"))
    assert found["trainable_parameters"] == 20_185_088
    assert found["total_parameters"] == 596_049_920
    assert found["adapted_parameters"] == 616_235_008
    assert found["trained_share"] == pytest.approx(0.0327555, abs=1e-7)


def test_full_fine_tuning_adds_nothing_to_the_model(tmp_path: Path) -> None:
    model = folder_with(tmp_path / "qwen", QWEN3_06B)
    assert "All 596,049,920 parameters train." in forecasted(model, "--set", "method=full")
    found = json.loads(forecasted(model, "--set", "method=full", "--json"))
    assert found["adapted_parameters"] == found["total_parameters"] == found["trainable_parameters"]
    assert found["trained_share"] == 1.0


@pytest.mark.long
def test_a_window_that_is_not_read_is_told_where_rows_are_longer(tmp_path: Path) -> None:
    config = {**QWEN3_06B, "model_type": "mistral", "tie_word_embeddings": False, "sliding_window": 4096}
    model = folder_with(tmp_path / "mistral", config)
    assert json.loads(forecasted(model, "--json"))["remarks"] == []
    longer = forecasted(model, "--set", "data.max_length=8192")
    assert "look back 4,096 tokens, which mlx-lm's model of its kind does not read" in longer
    assert len(json.loads(forecasted(model, "--set", "data.max_length=8192", "--json"))["remarks"]) == 1


def test_a_setting_that_is_not_read_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    model = folder_with(tmp_path / "gemma", {**GEMMA3_1B, "final_logit_softcapping": 30.0})
    found = CliRunner().invoke(app, ["forecast", str(model)])
    assert found.exit_code != 0
    with refused("model.unread", ModelError, key="final_logit_softcapping", value=30.0):
        count_parameters(model, Tuning())
