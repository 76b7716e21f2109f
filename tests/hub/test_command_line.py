"""`studio models search` and `download`, against the Hub on this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.cli.commands import run
from tests.hub.models import BASE, GATED, PICKLED, SMOL
from tests.hub.server import COMMIT, Hub


@pytest.mark.long
def test_a_model_is_found_on_the_command_line(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "search", "--fast", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["facts"]["name"] for each in found["models"]][:3] == [SMOL, BASE, GATED]
    assert PICKLED in next(each["facts"]["problem"] for each in found["models"] if each["facts"]["problem"])
    assert run(["models", "search", "tiny", "--tuning", "base", "--fast"]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(f"{BASE}  qwen3  0.03 M  32 bits  ")
    assert first.endswith("900 downloads, 1 like, base")
    assert run(["models", "search", "nobody has this", "--fast"]) == 0
    assert capsys.readouterr().out.startswith("Nothing was found.")


@pytest.mark.long
def test_a_model_is_downloaded_on_the_command_line(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "download", BASE, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["name"], found["revision"]) == (BASE, COMMIT)
    assert (Path(found["folder"]) / "model.safetensors").is_file()
    assert run(["models", "download", "ada/nothing", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["code"] == "hub.no_model"
