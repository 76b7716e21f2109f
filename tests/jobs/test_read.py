"""Reading a dataset as a job."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from studio.child_process import WRITE
from studio.dataset.read.mapping import UnknownColumns
from studio.dataset.render import isolated as apart
from studio.events import ColumnsAsked, DatasetRead, Event, Progress
from studio.jobs.queue import JobQueue, QueueName
from studio.jobs.read import DatasetJob
from studio.recipe.recipe import Recipe
from studio.train.dataset_cache import DatasetCache
from tests.conftest import write_rows


def test_closing_the_window_while_a_template_loops_ends_its_process(
    qtbot: QtBot, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("SECONDS", "TRIAL_SECONDS"):
        monkeypatch.setattr(apart, limit, 1e9)
    model = Path(shutil.copytree(tiny_model, tmp_path / "looping"))
    config = json.loads((model / "tokenizer_config.json").read_text(encoding="utf-8"))
    loop = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    config["chat_template"] = loop + config["chat_template"]
    (model / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    recipe = Recipe().with_values(
        {"model": str(model), "data.path": str(write_rows(tmp_path / "d.jsonl", 5))}
    )
    before = _writers()
    queue, heard = JobQueue(), list[Event]()
    queue.submit(DatasetJob(recipe), QueueName.READING, heard.append, lambda _: None)
    qtbot.waitUntil(lambda: Progress("examples rendered", 0, 5) in heard)
    assert _writers() - before
    queue.shut_down()
    assert not _writers() - before


def _writers() -> set[psutil.Process]:
    children = psutil.Process().children()
    return {child for child in children if WRITE in child.cmdline()}


def test_unknown_columns_are_asked_about_and_the_guess_reads_the_file(
    tmp_path: Path, tiny_model: Path
) -> None:
    path = tmp_path / "a.jsonl"
    rows = [{"Frage": f"Was ist {n}?", "Antwort": f"Die Zahl {n}."} for n in range(20)]
    path.write_text("\n".join(map(json.dumps, rows)))
    recipe = Recipe().with_values({"model": str(tiny_model), "data.path": str(path)})
    told: list[Event] = []
    with pytest.raises(UnknownColumns):
        told.extend(DatasetJob(recipe).run_events(DatasetCache()))
    asked = next(event for event in told if isinstance(event, ColumnsAsked))
    assert [(column.name, column.kind) for column in asked.columns] == [
        ("Frage", "text"),
        ("Antwort", "text"),
    ]
    assert asked.columns[0].examples[:2] == ("Was ist 0?", "Was ist 1?")
    mapped = recipe.with_values({"data.columns": asked.guess})
    events = DatasetJob(mapped).run_events(DatasetCache())
    assert len(next(event for event in events if isinstance(event, DatasetRead)).rows) == 20
