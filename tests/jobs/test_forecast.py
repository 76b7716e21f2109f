"""The job that follows the form, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.cli.commands import run
from studio.events import DatasetRead, Forecasted, ModelCounted
from studio.jobs.forecast import Examples, ForecastJob
from studio.jobs.read import DatasetJob
from studio.paths import resource
from studio.recipe.recipe import Recipe
from studio.train.dataset_cache import DatasetCache


def only(job: ForecastJob) -> Forecasted:
    counted, event = list(job.run_events(None))
    assert isinstance(counted, ModelCounted)
    assert counted.learning_rate > 0
    assert isinstance(event, Forecasted)
    return event


def test_a_dataset_that_was_read_gives_the_lengths() -> None:
    recipe = Recipe().with_values({"data.path": str(resource("starter/instructions.jsonl"))})
    read = next(e for e in DatasetJob(recipe).run_events(DatasetCache()) if isinstance(e, DatasetRead))
    examples = Examples.of(read.rows)
    assert len(examples.tokens) == sum(row.split == "train" for row in read.rows)
    found = only(ForecastJob(recipe, examples))
    assert found.seconds_per_epoch > 0
    assert found.peak < only(ForecastJob(recipe)).peak
    assert found.fits


def test_a_long_text_counts_as_the_pieces_it_is_divided_into() -> None:
    recipe = Recipe().with_values({"objective": "text", "max_length": 101, "batch_size": 1})
    assert only(ForecastJob(recipe, Examples((1001,), 1000))).steps_per_epoch == 10


def test_the_command_tells_the_parts_and_the_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_text((resource("starter/model") / "config.json").read_text())
    assert run(["forecast", str(tmp_path), "--set", "rank=4"]) == 0
    text = capsys.readouterr().out
    assert "parameters train" in text
    assert "Peak" in text
    assert "It fits." in text
    assert "--data" in text
    sample = str(resource("starter/instructions.jsonl"))
    assert run(["forecast", "starter", "--data", sample, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["fits"] is True
    assert document["seconds_per_epoch"] > 0


def test_a_folder_without_a_config_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["forecast", str(tmp_path)]) == 2
    assert "config.json" in capsys.readouterr().err
