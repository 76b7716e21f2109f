"""Several processes under mlx.launch train what one process trains, and any of them may die."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import mlx.core as mx
import numpy as np
import psutil
import pytest

from studio.events import Prepared, Rewards, Step, Validated
from studio.jobs.train import TrainJob
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.runs.store import RunStore, summarize
from studio.train.ranks import Ranks
from tests.conftest import write_pairs, write_rows

CHANGES = {
    "epochs": 2,
    "dropout": 0,
    "accumulation": 2,
    "batch_size": 5,
    "rank": 4,
    "validate_every": 2,
    "learning_rate": 0.01,
}
HELPER = Path(__file__).with_name("peer.py")


class Launched:
    """Two processes under mlx.launch, in a process group of their own."""

    def __init__(self, *arguments: str) -> None:
        command = [str(Path(sys.executable).with_name("mlx.launch")), "--backend", "ring", "-n", "2"]
        command += ["-p", str(_free_ports(2)), sys.executable, *arguments]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # mlx.launch spins where its input has ended
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def ends(self, seconds: float = 600) -> tuple[str, str]:
        """What was said on stdout and stderr, when all have ended."""
        out, err = self.process.communicate(timeout=seconds)
        return out, err

    def ranks(self) -> dict[int, int]:
        """The process of each rank that is alive."""
        found = {}
        for process in psutil.process_iter():
            with contextlib.suppress(OSError, psutil.Error):
                rank = process.environ().get("MLX_RANK")
                if rank is not None and os.getpgid(process.pid) == self.process.pid:
                    found[int(rank)] = process.pid
        return found

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


@pytest.fixture
def launch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Launched]]:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")  # many threads on few cores wait for each other
    started: list[Launched] = []

    def start(*arguments: str) -> Launched:
        started.append(Launched(*arguments))
        return started[-1]

    yield start
    for each in started:
        each.kill()


def train(data: Path, model: Path, home: Path, changes: dict[str, object]) -> list[str]:
    settings = [word for name, value in changes.items() for word in ("--set", f"{name}={value}")]
    options = ["--model", str(model), "--home", str(home), "--json"]
    return ["-m", "studio", "train", str(data), *options, *settings]


def alone(data: Path, model: Path, runs: Path, changes: dict[str, object]) -> RunFolder:
    recipe = Recipe().with_values({"model": str(model), "data.path": str(data), **changes})
    for _ in TrainJob(recipe, runs).run_events(ModelCache()):
        pass
    return only_run(runs)


def only_run(runs: Path) -> RunFolder:
    (run,) = RunStore(runs).summaries()
    return RunFolder(run.folder)


def final(run: RunFolder) -> dict[str, np.ndarray]:
    folder = run.checkpoints()[-1]
    files = [folder / "adapters.safetensors", folder / "optimizer.safetensors"]
    return {name: np.array(array) for file in files for name, array in mx.load(str(file)).items()}


def assert_like(one: RunFolder, other: RunFolder) -> None:
    """The same weights, optimizer state and reports, to 1e-5 of their scale."""
    first, second = final(one), final(other)
    assert first.keys() == second.keys()
    for name, array in first.items():
        assert np.abs(second[name] - array).max() <= 1e-5 * max(np.abs(array).max(), 1e-8), name
    kinds = (Step, Validated, Rewards)
    events = [[e for e in run.events() if isinstance(e, kinds)] for run in (one, other)]
    assert [type(e) for e in events[0]] == [type(e) for e in events[1]]
    for left, right in zip(*events, strict=True):
        if isinstance(left, Rewards):
            assert isinstance(right, Rewards)
            assert right.margin == pytest.approx(left.margin, abs=1e-5)
        else:
            assert right.loss == pytest.approx(left.loss, abs=1e-5)  # type: ignore[union-attr]
    assert events[0]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"objective": "dpo", "epochs": 1}, id="dpo", marks=pytest.mark.long),
        pytest.param(
            {"quantize": "8-bit", "group_size": "32", "epochs": 1, "accumulation": 1},
            id="quantized",
            marks=pytest.mark.long,
        ),
    ],
)
def test_two_processes_train_what_one_trains(
    changes: dict[str, object], tiny_model: Path, tmp_path: Path, launch: Callable[..., Launched]
) -> None:
    changes = {**CHANGES, **changes}
    rows = write_pairs if "objective" in changes else write_rows
    data = rows(tmp_path / "data.jsonl", 27)  # 21 train: a batch of one row leaves the other process none
    both = launch(*train(data, tiny_model, tmp_path / "home", changes))
    single = alone(data, tiny_model, tmp_path / "single", changes)
    _, err = both.ends()
    assert both.process.returncode == 0, err
    assert next(e.train_examples for e in single.events() if isinstance(e, Prepared)) % 5 == 1
    assert_like(single, only_run(tmp_path / "home" / "runs"))


@pytest.mark.long
def test_a_run_of_two_processes_that_is_killed_goes_on_to_the_same_bits(
    tiny_model: Path, tmp_path: Path, launch: Callable[..., Launched]
) -> None:
    data = write_rows(tmp_path / "data.jsonl", 59)  # an epoch's last batch has fewer rows
    whole = launch(*train(data, tiny_model, tmp_path / "whole", CHANGES))
    out, err = whole.ends()
    undisturbed = only_run(tmp_path / "whole" / "runs")
    assert json.loads(out), "one process reports, the other says nothing"
    assert err.count("parameters train") == 1

    killed = launch(*train(data, tiny_model, tmp_path / "parts", {**CHANGES, "rest": 0.5}))
    _wait_for(lambda: list((tmp_path / "parts/runs").glob("*/checkpoints/step-000002")), killed)
    killed.kill()
    parts = only_run(tmp_path / "parts" / "runs")
    assert parts.checkpoints()[-1].name < undisturbed.checkpoints()[-1].name
    resumed = launch("-m", "studio", "resume", parts.name, "--home", str(tmp_path / "parts"))
    resumed.ends()
    first, second = final(undisturbed), final(parts)
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert summarize(parts).state == "done"
    left = list((tmp_path / "temporary").glob("studio-*"))
    assert left == [], "what the killed process could not remove, the next one did"


@pytest.mark.long
def test_ctrl_c_saves_and_ends_all(
    tiny_model: Path, toy_data: Path, tmp_path: Path, launch: Callable[..., Launched]
) -> None:
    home = tmp_path / "home"
    both = launch(*train(toy_data, tiny_model, home, {**CHANGES, "epochs": 50, "save_every": 1000}))
    _wait_for(lambda: _steps(home) >= 2, both)
    ranks = both.ranks()
    assert sorted(ranks) == [0, 1]
    os.killpg(both.process.pid, signal.SIGINT)  # as a terminal does: the launcher, and all that it started
    both.ends()
    run = only_run(home / "runs")
    assert summarize(run).state == "stopped"
    assert len(run.checkpoints()) == 1
    assert not both.ranks()


@pytest.mark.long
def test_the_first_process_saves_when_the_other_is_lost(
    tiny_model: Path, toy_data: Path, tmp_path: Path, launch: Callable[..., Launched]
) -> None:
    home = tmp_path / "home"
    both = launch(*train(toy_data, tiny_model, home, {**CHANGES, "epochs": 50, "save_every": 1000}))
    _wait_for(lambda: _steps(home) >= 2, both)
    os.kill(both.ranks()[1], signal.SIGKILL)
    both.ends()
    assert not both.ranks()
    run = only_run(home / "runs")
    (saved,) = run.checkpoints()
    assert int(saved.name.removeprefix("step-")) == _steps(home)


@pytest.mark.long
def test_processes_add_up_and_pass_on(tmp_path: Path, launch: Callable[..., Launched]) -> None:
    both = launch(str(HELPER), str(tmp_path))
    out, err = both.ends()
    assert sorted(out.split()) == ["0", "1"], err
    assert "PeerLost" in err  # the second process waited for the first, which had left


def test_a_process_alone_is_the_first_and_sets_nothing_up() -> None:
    code = (
        "import mlx.core as mx; mx.distributed.init = None\n"
        "from studio.train.ranks import Ranks; r = Ranks();"
        "assert (r.rank, r.size, r.first) == (0, 1, True); assert r.number(0.1) == 0.1;"
        "assert r.share([1, 2, 3]) == [1, 2, 3]; assert r.from_first(b'x') == b'x'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_one_process_under_the_launcher_is_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("\n", encoding="utf-8")  # what mlx.launch -n 1 writes
    monkeypatch.setenv("MLX_RANK", "0")
    monkeypatch.setenv("MLX_HOSTFILE", str(hosts))
    assert Ranks().size == 1


def _free_ports(count: int) -> int:
    """The first of `count` neighbouring ports that nobody listens on."""
    while True:
        first = random.SystemRandom().randrange(20_000, 32_000)  # below those that are given out unasked
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for port in range(first, first + count):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first


def _steps(home: Path) -> int:
    files = list((home / "runs").glob("*/events.jsonl"))
    return sum(isinstance(e, Step) for file in files for e in RunFolder(file.parent).events())


def _wait_for(found: Callable[[], object], both: Launched, seconds: float = 600) -> None:
    end = time.monotonic() + seconds
    while not found():
        assert both.process.poll() is None, both.ends()
        assert time.monotonic() < end
        time.sleep(0.02)
