from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from studio.cli import evaluation
from studio.cli.commands import run
from studio.export import conversion
from studio.forecast.uses import Candidate
from studio.models.present import named_model
from studio.paths import Paths
from tests.conftest import refused


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    assert run([*words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def mine(tmp_path: Path, tiny_model: Path) -> Path:
    """A model among those made here, another form of it in LM Studio's folder."""
    folder = tmp_path / "home/models/mine"
    shutil.copytree(tiny_model, folder)
    shutil.copytree(tiny_model, tmp_path / ".lmstudio/models/ann/Small-4bit")
    return folder


def test_models_are_listed_shown_and_deleted_by_name(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    use = ["chat", "fits", 3 * 2**30]
    kept = Paths.for_user().model_uses
    kept.write_text(json.dumps({Candidate(str(mine)).fingerprint: {"uses": [use]}}))
    found = told(capsys, "models", "list", "--fast")["models"]
    assert [(each["name"], each["source"]) for each in found] == [
        ("starter", "starter"),
        ("mine", "own"),
        ("ann/Small-4bit", "lm_studio"),
    ]
    assert run(["models", "list", "--fast"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("mine  qwen3  0.03 M  32 bits  ")
    assert lines[2] == "    chat fits (3.0 GB)"
    shown = told(capsys, "models", "show", "small-4bit")
    assert shown["facts"]["name"] == "ann/Small-4bit"
    assert json.loads(shown["config"])["model_type"] == "qwen3"
    assert told(capsys, "models", "show", str(mine))["facts"]["parameters"] == found[1]["parameters"]
    assert told(capsys, "models", "delete", "mine", "--for-good")["freed"] == found[1]["size"]
    assert not mine.exists()


def test_a_name_that_is_none_or_that_several_have_is_refused(
    mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(mine, tmp_path / ".lmstudio/models/bob/small-4bit")
    assert told(capsys, "models", "show", "none", code=2)["code"] == "library.unknown"
    answer = told(capsys, "models", "delete", "small-4bit", code=2)
    assert answer["code"] == "library.several"
    assert "ann/Small-4bit (" in answer["error"]
    assert told(capsys, "models", "delete", "starter", code=2)["code"] == "library.ships"
    missing = told(capsys, "forecast", "Qwen/Qwen3-0.6B", code=2)
    assert missing["error"].endswith("Download it: studio models download Qwen/Qwen3-0.6B")


def test_where_a_model_is_asked_for_it_may_be_named_as_it_is_listed(mine: Path, tmp_path: Path) -> None:
    own, other = mine.parent, str(tmp_path / ".lmstudio/models/ann/Small-4bit")
    assert named_model("mine", own) == str(mine)
    assert named_model("ann/Small-4bit", own) == named_model("small-4bit", own) == other
    assert named_model(str(mine), own) == str(mine)
    assert named_model("starter", own) == "starter"
    assert named_model(str(tmp_path / "nowhere"), own) == str(tmp_path / "nowhere")
    assert evaluation._contestant("model:mine").key == f"model:{mine}"
    with refused("library.not_here"):
        named_model("ann/Other", own)


def test_a_model_is_converted_among_those_made_here(
    mine: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversion, "PROBE", 24)
    assert told(capsys, "models", "convert", "mine", code=2)["code"] == "convert.no_form"
    told_of = told(capsys, "models", "convert", "mine", "--bits", "4", "--group", "32")
    assert told_of["folder"] == str(mine.parent / "mine-4bit")
    assert told_of["size_after"] < told_of["size_before"]
    listed = told(capsys, "models", "list", "--fast")["models"]
    assert [each["name"] for each in listed if each["source"] == "own"] == ["mine", "mine-4bit"]
