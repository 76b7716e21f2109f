"""`studio sweep`: a grid from the command line, its table, and how it goes on after Ctrl-C."""

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

from studio.cli.commands import run

FAST = ["--set", "epochs=1", "--set", "batch_size=16", "--set", "watch.forgetting=false"]


class Terminal:
    """Runs commands in this process, in a home of their own."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self.capsys = home, capsys
        self.stderr = ""

    def __call__(self, *arguments: object) -> tuple[int, str]:
        code = run([*map(str, arguments), "--home", str(self.home)])
        captured = self.capsys.readouterr()
        self.stderr = " ".join(captured.err.split())
        return code, captured.out

    def document(self, *arguments: object) -> Any:
        code, out = self(*arguments, "--json")
        assert code == 0, self.stderr
        return json.loads(out)


@pytest.fixture
def studio(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(tmp_path / "home", capsys)


def test_a_sweep_ends_in_one_document_and_asked_for_again_in_a_table(
    studio: Terminal, tiny_model: Path, toy_data: Path
) -> None:
    arguments = ["sweep", toy_data, "--model", tiny_model, "--over", "rank=1,2", "--name", "s", *FAST]
    document = studio.document(*arguments)
    assert document["over"] == {"lora.rank": ["1", "2"]}
    assert [(m["run"], m["changes"], m["state"]) for m in document["members"]] == [
        ("s-rank-1", {"lora.rank": 1}, "done"),
        ("s-rank-2", {"lora.rank": 2}, "done"),
    ]
    losses = {m["run"]: m["best_validation_loss"] for m in document["members"]}
    assert document["best"] == min(losses, key=losses.__getitem__)
    assert "2 of 2: Rank 2" in studio.stderr
    code, table = studio(*arguments)
    assert code == 0
    assert "1 of 2: Rank 1 (done already)" in studio.stderr
    head, *rows = table.splitlines()
    assert head.split() == ["RUN", "RANK", "BEST", "LOSS", "AT", "STEP", "STEPS", "TIME", "STATE"]
    assert [row.split()[:2] for row in rows[:2]] == [["s-rank-1", "1"], ["s-rank-2", "2"]]
    assert [line.split()[0] for line in rows if line.endswith("best")] == [document["best"]]
    assert [r["sweep"] for r in studio.document("runs")] == ["s", "s"]


@pytest.mark.long
def test_a_guided_search_reports_what_won_each_stage_by_how_much_and_at_what_cost(
    studio: Terminal, tiny_model: Path, toy_data: Path
) -> None:
    stages = ["--over", "learning_rate=1e-5,0.005", "--over", "rank=1,2", "--set", "rank=2"]
    arguments = ["sweep", toy_data, "--model", tiny_model, "--guided", "--alpha-follows", *stages, *FAST]
    document = studio.document(*arguments)
    assert document["sweep"] == "toy-search"
    rate, rank = document["searched"]
    assert (rate["field"], rate["kept"]) == ("optimizer.learning_rate", 0.005)
    assert [tried["run"] for tried in rank["tried"]] == ["toy-search-rank-1"]
    assert rank["gain"] == rank["loss_before"] - rank["loss_after"] >= 0
    assert rank["seconds"] > 0
    assert document["best_validation_loss"] == rank["loss_after"]
    code, table = studio("sweep", "--resume", "toy-search")
    assert code == 0
    assert "Learning rate 0.005 won (2 runs, " in table
    assert f"Rank {rank['kept']} " in table
    assert table.splitlines()[0].split()[:4] == ["RUN", "LEARNING", "RATE", "RANK"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sweep"], "studio sweep needs a dataset, or --resume with the name of a sweep."),
        (["sweep", "toy.jsonl"], "A sweep needs a field to go over."),
        (["sweep", "toy.jsonl", "--over", "rank=8,0"], "Rank (lora.rank) must be at least 1."),
        (["sweep", "none.jsonl", "--over", "rank=8,16"], "There is no file at"),
        (["sweep", "--resume", "none"], "There is no sweep called none."),
    ],
)
def test_a_bad_request_is_one_sentence_and_leaves_nothing_behind(
    arguments: list[str], says: str, studio: Terminal, toy_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(toy_data.parent)
    assert studio(*arguments) == (2, "")
    assert says in studio.stderr
    assert not (studio.home / "runs").exists()


@pytest.mark.long
@pytest.mark.parametrize(
    ("number", "code", "state"),
    [(signal.SIGINT, 130, "stopped"), (signal.SIGKILL, -9, "interrupted")],
    ids=["Ctrl-C", "killed"],
)
def test_a_sweep_that_was_cut_short_goes_on(
    number: signal.Signals, code: int, state: str, studio: Terminal, tiny_model: Path, toy_data: Path
) -> None:
    arguments = ["sweep", toy_data, "--model", tiny_model, "--over", "rank=1,2", "--set", "epochs=30"]
    command = [sys.executable, "-m", "studio", *map(str, arguments), "--home", str(studio.home)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    history = studio.home / "runs" / "toy-sweep-rank-1" / "events.jsonl"
    deadline = time.monotonic() + 600
    while not (history.exists() and '"Step"' in history.read_text()):
        assert time.monotonic() < deadline, process.poll()
        time.sleep(0.02)
    os.kill(process.pid, number)
    out, err = process.communicate(timeout=600)
    assert (process.returncode, out) == (code, "")
    if number == signal.SIGINT:
        assert "`studio sweep --resume toy-sweep` goes on." in " ".join(err.split())
    assert [r["state"] for r in studio.document("runs")] == [state]
    document = studio.document("sweep", "--resume", "toy-sweep")
    assert "1 of 2: Rank 1 (goes on where it stopped)" in studio.stderr
    assert [m["state"] for m in document["members"]] == ["done", "done"]
