"""A run's result goes to the Hub with a card made from the run, and nothing else that belongs here."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
import yaml
from huggingface_hub import ModelCard, parse_eval_result_entries

from studio.cli.commands import run as command_line
from studio.evaluate.scoring import scored
from studio.events import Answered, Evaluated, Event, Exported, GivenAnswer, Log, Uploaded, to_json
from studio.files import check_proof
from studio.hub.failure import TOKENS, HubError
from studio.jobs.publish import RunPublishJob
from studio.models.cache import ModelCache
from studio.runs.folder import RunFolder
from tests.app.keychain import own_keychain
from tests.conftest import refused
from tests.hub.server import Hub, hub_server

SECRET = "What is the code of the vault?"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "token"))
    with hub_server(Hub()) as hub, own_keychain():
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")  # this server takes large files over HTTP
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        yield hub


@pytest.fixture
def evaluated(starter_run: Path, tmp_path: Path) -> RunFolder:
    """A run with an evaluation, in which a prompt was asked."""
    run = RunFolder(tmp_path / "home" / "runs" / "short")
    shutil.copytree(starter_run, run.path)
    exact = scored("golden_exact", {"base": [0.0] * 30, "tuned": [1.0] * 28 + [0.0] * 2})
    who = (("base", "Base"), ("tuned", "Tuned"))
    result = Evaluated(
        "short", "30 golden prompts", "Better", ("It rose.",), (exact,), "golden_exact", who, 3.0
    )
    given = (GivenAnswer("base", SECRET, right=False), GivenAnswer("tuned", SECRET, right=True))
    folder = run.evaluations / "20261127-101010-000001"
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text(json.dumps({"options": {"suite": "quick"}}))
    (folder / "events.jsonl").write_text(to_json(Answered("golden", "1", SECRET, SECRET, given)) + "\n")
    (folder / "result.json").write_text(to_json(result) + "\n")
    return run


def published(run: RunFolder, **asked: Any) -> list[Event]:
    job = RunPublishJob(run, "ann/short", token="hf_write", **asked)
    return list(job.run_events(ModelCache()))


@pytest.mark.long
def test_an_adapter_goes_up_with_a_card_that_the_hub_reads(hub: Hub, evaluated: RunFolder) -> None:
    events = published(evaluated)
    assert events[-1] == Uploaded(f"{hub.url}/ann/short")
    (made,) = hub.made
    assert (made["organization"], made["name"], made["visibility"]) == ("ann", "short", "private")
    assert hub.tokens == {"hf_write"}
    exported = next(event for event in events if isinstance(event, Exported))
    results = ".eval_results/short.yaml"
    assert set(hub.put) == {*exported.files, "README.md", results}
    told = next(event.text for event in events if isinstance(event, Log) and "What goes to" in event.text)
    assert all(name in told for name in ("README.md (", "adapters.safetensors (", "for only you"))
    card = ModelCard(hub.put["README.md"].decode())
    assert (card.data.library_name, card.data.pipeline_tag) == ("mlx", "text-generation")
    assert card.data.tags == ["tuning-studio", "mlx", "lora", "sft"]
    (index,) = card.data.eval_results
    assert (index.metric_type, index.metric_value) == ("golden_exact", pytest.approx(28 / 30, abs=1e-6))
    (entry,) = parse_eval_result_entries(yaml.safe_load(hub.put[results]))
    assert (entry.task_id, entry.value) == ("golden_exact", pytest.approx(28 / 30, abs=1e-6))
    text = card.text
    assert "mlx_lm.generate --model BASE --adapter-path adapter" in text
    assert "**Better**" in text
    assert "| Exact match | 30 |" in text
    assert "| Steps | 2 |" in text
    assert "| Dataset | rows.jsonl |" in text
    assert "rank | 2 |" in text


def test_no_prompt_row_or_place_of_this_machine_leaves_it(
    hub: Hub, evaluated: RunFolder, tmp_path: Path, starter: Path
) -> None:
    published(evaluated)
    sent = b"\n".join(hub.put.values())
    rows = Path(evaluated.manifest()["recipe"]["data"]["path"])
    for private in (
        SECRET,
        str(tmp_path),
        str(starter),
        str(rows.parent),
        "Say the number",
        str(evaluated.path),
    ):
        assert private.encode() not in sent
    config = json.loads(hub.put["adapter_config.json"])
    assert config["model"] == "starter"


def test_what_came_up_is_the_adapter_with_checksums_that_hold(
    hub: Hub, evaluated: RunFolder, tmp_path: Path
) -> None:
    published(evaluated)
    for name, body in hub.put.items():
        (tmp_path / "down" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "down" / name).write_bytes(body)
    assert check_proof(tmp_path / "down")
    own, sent = (
        mx.load(str(folder / "adapters.safetensors")) for folder in (evaluated.adapter, tmp_path / "down")
    )
    assert all(bool(mx.array_equal(own[name], sent[name])) for name in own)


@pytest.mark.long
def test_the_base_is_named_where_it_came_from_the_hub(
    hub: Hub, starter_run: Path, starter: Path, tmp_path: Path
) -> None:
    base = tmp_path / "hf/hub/models--HuggingFaceTB--SmolLM2-135M-Instruct/snapshots/1234"
    shutil.copytree(starter / "model", base)
    (base / "README.md").write_text("---\nlicense: apache-2.0\n---\n# Smol\n")
    run = RunFolder(tmp_path / "runs" / "short")
    shutil.copytree(starter_run, run.path)
    manifest = json.loads((run.path / "run.json").read_text())
    manifest["recipe"]["model"] = str(base)
    (run.path / "run.json").write_text(json.dumps(manifest))
    published(run, form="peft", private=False)
    card = ModelCard(hub.put["README.md"].decode())
    assert (card.data.base_model, card.data.license) == ("HuggingFaceTB/SmolLM2-135M-Instruct", "apache-2.0")
    assert card.data.to_dict()["base_model_relation"] == "adapter"
    assert "It was not evaluated" in card.text
    assert hub.made[0]["visibility"] == "public"
    config = json.loads(hub.put["adapter_config.json"])
    assert config["base_model_name_or_path"] == "HuggingFaceTB/SmolLM2-135M-Instruct"


def test_nothing_is_written_for_a_name_or_a_token_that_will_not_do(
    hub: Hub, evaluated: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, token, code in (("short", "hf_x", "upload.no_name"), ("ann/short", "", "upload.no_token")):
        with refused(code, HubError):
            list(RunPublishJob(evaluated, name, token=token).run_events(ModelCache()))
    assert hub.asked == []
    hub.fault = (401, "")
    with refused("upload.token_refused", HubError, page=TOKENS):
        published(evaluated)


@pytest.mark.long
def test_it_is_published_on_the_command_line(
    hub: Hub, evaluated: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    words = ["export", "short", "--to", "hub", "--repository", "ann/short", "--form", "gguf", "--public"]
    assert command_line([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["address"] == f"{hub.url}/ann/short"
    assert "short-f16.gguf" in hub.put
    assert ModelCard(hub.put["README.md"].decode()).data.library_name == "gguf"
