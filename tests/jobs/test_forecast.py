"""The job that follows the form, and the command."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from pytestqt.qtbot import QtBot

from studio.cli.commands import run
from studio.events import DatasetRead, Forecasted, ModelCounted
from studio.forecast.activations import heights
from studio.jobs.forecast import Examples, ForecastJob
from studio.jobs.job import Done, Outcome
from studio.jobs.queue import JobQueue, QueueName
from studio.jobs.read import DatasetJob
from studio.paths import resource
from studio.recipe.recipe import Recipe
from studio.train.dataset_cache import DatasetCache
from studio.train.memory import machine_limit
from tests.jobs.engine_jobs import Count


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


def test_a_forecast_traces_on_the_thread_that_trains_and_between_two_of_its_steps(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the time of a trace MLX has another default device, in all threads: nothing may train then."""
    threads: list[int] = []
    plain = mx.stream

    def noted(asked: Any) -> Any:
        threads.append(threading.get_ident())
        return plain(asked)

    monkeypatch.setattr(mx, "stream", noted)
    heights.cache_clear()
    queue = JobQueue()
    training = Count(10, pause=0.01)
    device, ended = mx.default_device(), list[Outcome]()
    queue.submit(training, QueueName.ENGINE, lambda event: None, ended.append)
    forecast = ForecastJob(Recipe())
    queue.submit(forecast, QueueName.INTERRUPT, lambda event: None, ended.append)
    qtbot.waitUntil(lambda: len(ended) == 2)
    queue.shut_down()
    assert ended == [Done(), Done()]
    at_work = {place[1] for _, place in (entry for entry in training.diary.read() if entry != "saved")}
    assert threads
    assert set(threads) == at_work != {threading.get_ident()}
    assert mx.default_device() == device


@pytest.mark.on_gpu
def test_a_child_process_has_the_same_device() -> None:
    code = "from studio.process import prepare_process; prepare_process(); import mlx.core as mx; "
    code += "print(mx.default_device() == mx.gpu, mx.device_info()['max_recommended_working_set_size'])"
    said = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["True", str(machine_limit())]
