"""The health job on real files, and `studio data --health`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.cli.commands import run
from studio.dataset.checks.registry import CHECKS
from studio.dataset.read.load import read
from studio.dataset.save.folder import save
from studio.dataset.steps.result import Shaped
from studio.events import Checked, Event, Finding, FixPreviewed, Log
from studio.jobs.health import HealthJob, PreviewJob
from studio.recipe.recipe import Recipe
from studio.train.dataset_cache import DatasetCache
from tests.conftest import finish, write_rows


def _events(data: Path, model: Path, **changes: object) -> list[Event]:
    recipe = Recipe().with_values({"data.path": str(data), "model": str(model), **changes})
    return list(HealthJob(recipe).run_events(DatasetCache()))


def _findings(events: list[Event]) -> dict[str, Finding]:
    (checked,) = (event for event in events if isinstance(event, Checked))
    return {finding.check: finding for finding in checked.findings}


def _add(path: Path, **row: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def test_every_check_looks_at_the_dataset_as_a_run_would_see_it(toy_data: Path, tiny_model: Path) -> None:
    _add(toy_data, instruction="Say it", output="A<|im_end|>")
    _add(toy_data, instruction="Say it all", output="word " * 600)
    findings = _findings(_events(toy_data, tiny_model, max_length=256))
    assert list(findings) == list(CHECKS)
    assert findings["template tokens"].lines == (61,)
    assert findings["cut"].lines == (62,)
    assert findings["cut"].fix == ""  # a row that is left out needs no dropping
    assert findings["few rows"].total == 61


def test_the_split_is_the_runs_own(toy_data: Path, tiny_model: Path) -> None:
    _add(toy_data, instruction="say the number 7!", output="It is 7.")
    parts = {"validation_share": 0.3, "test_share": 0.3}
    found = [
        _findings(_events(toy_data, tiny_model, seed=seed, **parts))["leakage"].lines for seed in range(9)
    ]
    assert {(), (8,), (61,)} == set(
        found
    )  # held out are neither, or both; or the one, and then the other leaks


def test_the_golden_set_beside_the_dataset_is_compared(toy_data: Path, tiny_model: Path) -> None:
    golden = toy_data.with_name("golden.jsonl")
    golden.write_text('{"prompt": "Say the number 3", "ideal": "3"}\n', encoding="utf-8")
    leak = _findings(_events(toy_data, tiny_model, validation_share=0, test_share=0))["leakage"]
    assert (leak.lines, leak.evidence[0].other) == ((4,), -1)
    golden.write_text("nonsense\n", encoding="utf-8")
    events = _events(toy_data, tiny_model)
    assert any(isinstance(event, Log) and "golden set was not compared" in event.text for event in events)
    assert _findings(events)["leakage"].severity == "good"


def test_the_golden_rows_of_a_saved_dataset_are_compared_and_a_fix_is_previewed_with_them(
    toy_data: Path, tiny_model: Path, tmp_path: Path
) -> None:
    asked = "Why are the tides of the Bay of Fundy higher than those of any other bay in the world"
    for mark in ("?", "!"):
        _add(toy_data, instruction=f"{asked}{mark}", output="Because of its shape.")
    source = read(toy_data)
    parts = {record.line: "golden" if record.line == 62 else "" for record in source.records}
    kept = tmp_path / "kept"
    finish(save(kept, Shaped(source.records, parts, (), ()), format=source.format))
    leak = _findings(_events(kept, tiny_model, validation_share=0, test_share=0))["leakage"]
    assert leak.count == 1
    assert leak.evidence[0].other == -1
    recipe = Recipe().with_values({"data.path": str(kept), "model": str(tiny_model), "validation_share": 0})
    previewed = [
        e for e in PreviewJob(recipe, "leakage").run_events(DatasetCache()) if isinstance(e, FixPreviewed)
    ]
    assert [change.line for change in previewed[0].changes] == list(leak.lines)


def test_the_command_line_tells_the_health(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_rows(tmp_path / "some.jsonl", 20)
    _add(data, instruction="Say the number 3", output="jane@acme.org")
    assert run(["data", str(data), "--health", "--model", str(tiny_model)]) == 0
    told = capsys.readouterr().out
    assert "BAD  Personal data and keys: 1 row holds" in told
    assert "line 4, as line 21: Say the number 3 → It is 3." in told
    assert run(["data", str(data), "--health", "--model", str(tiny_model), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["examples"] == 21
    assert [finding["check"] for finding in document["health"]] == list(CHECKS)
