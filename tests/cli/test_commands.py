"""The command line: one JSON document on stdout, one sentence on stderr, and exit codes with a meaning."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from studio.__main__ import _run_command
from studio.cli.commands import run
from tests.conftest import write_rows

FAST = ["--set", "epochs=1", "--set", "rank=2", "--set", "batch_size=16"]


class Terminal:
    """Runs commands in this process."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self.capsys = home, capsys
        self.stderr = ""

    def __call__(self, *arguments: object, home: bool = True) -> tuple[int, str]:
        place = ["--home", str(self.home)] if home else []
        code = run([str(a) for a in arguments] + place)
        captured = self.capsys.readouterr()
        self.stderr = " ".join(captured.err.split())
        return code, captured.out

    def document(self, *arguments: object, home: bool = True) -> Any:
        code, out = self(*arguments, "--json", home=home)
        assert code == 0, self.stderr
        return json.loads(out)


@pytest.fixture
def studio(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(tmp_path / "home", capsys)


def test_train_evaluate_chat_and_runs_hand_on_one_document_each(
    studio: Terminal, tiny_model: Path, toy_data: Path
) -> None:
    trained = studio.document("train", toy_data, "--model", tiny_model, "--name", "first", *FAST)
    assert (trained["run"], trained["state"], trained["steps"]) == ("first", "done", 3)
    assert Path(trained["adapter"], "adapters.safetensors").exists()
    evaluated = studio.document("evaluate", "first", "--suite", "quick")
    assert {each["measure"] for each in evaluated["scores"]} >= {"golden_exact", "validation_loss"}
    assert len([each for each in evaluated["answers"] if each["task"] == "golden"]) == 6
    again = studio.document("evaluate", "first", "--suite", "quick", "--against", "first")["beside"]
    assert {each["differences"][0]["value"] for each in again["scores"]} == {0}
    assert (again["rows"][0]["measure"], again["rows"][0]["worse"]) == ("golden_exact", [])
    chatted = studio.document("chat", "first", "--prompt", "Hello", "--compare", "--max-tokens", 5)
    assert chatted["answers"].keys() == {"base", "tuned"}
    assert chatted["answers"]["tuned"]["tokens"] == 5
    listed = studio.document("runs")
    assert [(r["name"], r["state"]) for r in listed] == [("first", "done")]


def test_a_dataset_is_described_with_every_bad_line(
    studio: Terminal, tiny_model: Path, tmp_path: Path
) -> None:
    data = write_rows(tmp_path / "some.jsonl", 20)
    data.write_text(data.read_text() + '{"instruction": "x"}\nnot json\n')
    document = studio.document("data", data, "--model", tiny_model, home=False)
    assert (document["examples"], document["format"]) == (20, "instruction")
    assert [p["line"] for p in document["problems"]] == [21, 22]
    assert document["splits"] == {"train": 16, "validation": 2, "test": 2}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["train", "none.jsonl"], "There is no file at"),
        (["train"], "Missing argument 'DATA'"),
        (["train", "toy.jsonl", "--set", "rnk=3"], "The recipe has no field called rnk. Did you mean rank?"),
        (["train", "toy.jsonl", "--set", "rank"], "--set takes FIELD=VALUE"),
        (["train", "toy.jsonl", "--set", "rank=0"], "Rank (lora.rank) must be at least 1."),
        (["train", "toy.jsonl", "--model", "/none"], "There is no model at /none"),
        (["train", "toy.jsonl", "--model", "empty"], "is not a model folder: it has no config.json"),
        (["train", "toy.jsonl", "--model", "weightless"], "has no weights: no model*.safetensors"),
        (["train", "bad.jsonl"], "bad.jsonl"),
        (["evaluate", "none"], "There is no run called none. There are no runs yet"),
        (["resume", "none"], "There is no run called none"),
        (["chat", "none", "--prompt", "x", "--temperature", "9"], "--temperature must be at most 2."),
        (["frobnicate"], "No such command 'frobnicate'"),
    ],
)
def test_a_bad_request_is_one_sentence_and_exit_2(
    arguments: list[str],
    says: str,
    studio: Terminal,
    tiny_model: Path,
    toy_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "weightless").mkdir()
    (tmp_path / "weightless" / "config.json").write_text((tiny_model / "config.json").read_text())
    (tmp_path / "bad.jsonl").write_text("nothing\n[]\n")
    code, out = studio(*arguments)
    assert code == 2
    assert says in studio.stderr
    assert "Traceback" not in studio.stderr
    assert out == ""
    assert not (studio.home / "runs").exists()


def test_debug_shows_the_traceback(studio: Terminal) -> None:
    code, _ = studio("evaluate", "none", "--debug")
    assert code == 2
    assert "Traceback" in studio.stderr


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGINT, id="Ctrl-C"),
        pytest.param(signal.SIGTERM, id="terminate", marks=pytest.mark.long),
    ],
)
def test_a_stopped_command_saves_and_resume_ends_it(
    number: signal.Signals, studio: Terminal, tiny_model: Path, toy_data: Path
) -> None:
    arguments = ["train", toy_data, "--model", tiny_model, "--name", "long", "--set", "epochs=25"]
    command = [sys.executable, "-m", "studio", *map(str, arguments), "--home", str(studio.home)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    history = studio.home / "runs" / "long" / "events.jsonl"
    deadline = time.monotonic() + 600
    while not (history.exists() and '"Step"' in history.read_text()):
        assert time.monotonic() < deadline, process.poll()
        time.sleep(0.02)
    os.kill(process.pid, number)
    out, err = process.communicate(timeout=600)
    assert process.returncode == 130, err
    assert out == ""
    assert "what was learned is kept" in " ".join(err.split())
    assert studio.document("runs")[0]["state"] == "stopped"
    assert studio.document("resume", "long")["state"] == "done"


def test_a_full_disk_is_one_sentence_and_exit_1(
    studio: Terminal, tiny_model: Path, toy_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    code, _ = studio("train", toy_data, "--model", tiny_model, *FAST)
    assert code == 1
    assert "The disk is full" in studio.stderr
    assert list((studio.home / "runs").iterdir()) == []


def test_the_home_may_also_come_from_the_environment(
    studio: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere" / "runs" / "x").mkdir(parents=True)
    (tmp_path / "elsewhere" / "runs" / "x" / "run.json").write_text('{"recipe": {}}')
    assert [r["name"] for r in studio.document("runs", home=False)] == ["x"]


def test_a_home_that_is_a_file_and_a_missing_golden_set_are_named(
    studio: Terminal, tiny_model: Path, toy_data: Path, tmp_path: Path
) -> None:
    assert studio("runs", "--home", toy_data, home=False) == (2, "")
    assert "is a file, and --home needs a folder" in studio.stderr
    studio.document("train", toy_data, "--model", tiny_model, "--name", "a", *FAST)
    assert studio("evaluate", "a", "--golden", tmp_path / "none.jsonl") == (2, "")
    assert "There is no golden set at" in studio.stderr
    assert studio("chat", "a", "--prompt", "  ") == (2, "")
    assert "The prompt is empty" in studio.stderr


def test_a_misspelt_command_is_no_window() -> None:
    command = [sys.executable, "-m", "studio", "trian"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "No such command 'trian', and no file of that name. Did you mean 'train'?" in done.stderr


def test_ctrl_c_while_a_command_loads_leaves_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(arguments: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("studio.cli.commands.run", interrupted)
    assert _run_command(["runs"]) == 130
