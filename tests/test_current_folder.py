"""What lies in the current folder is data, whatever its name: no process of ours runs it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from studio.dataset.store.source import LARGE
from studio.process import prepare_process
from tests.conftest import write_rows
from tests.hub.server import Hub, hub_server

ROOT = Path(__file__).parents[1]
MODULES = ("csv", "json", "pickle", "gzip", "pyarrow", "numpy", "pydantic", "typer", "runs", "sitecustomize")
SCRIPT = [str(Path(sys.executable).with_name("studio"))]
MODULE = [sys.executable, "-m", "studio"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with data, and beside it modules that leave a mark where they are run."""
    folder = tmp_path / "cloned"
    folder.mkdir()
    for name in (*MODULES, "studio", "multiprocessing"):
        mark = f'open(r"{folder / name}.ran", "w").close()\nraise SystemExit(9)\n'
        (folder / f"{name}.py").write_text(mark)
    write_rows(folder / "rows.jsonl", 20)
    return folder


def run_in(folder: Path, *command: str | Path, **environment: str) -> str:
    """What a command says that is run in the folder, with the environment that a person has."""
    around = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    done = subprocess.run(
        [*map(str, command), "--json"],
        cwd=folder,
        env=around | {"STUDIO_HOME": str(folder.parent / "home")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in folder.glob("*.ran")] == []
    return done.stdout


@pytest.mark.long
def test_modules_beside_a_dataset_are_not_run(folder: Path) -> None:
    assert json.loads(run_in(folder, *SCRIPT, "data", "rows.jsonl"))["examples"] == 20


@pytest.mark.long
def test_nor_are_they_by_python_m(folder: Path) -> None:
    for name in ("studio", "multiprocessing"):  # what Python itself takes before a line of ours is run
        (folder / f"{name}.py").unlink()
    assert json.loads(run_in(folder, *MODULE, "data", "rows.jsonl"))["examples"] == 20


@pytest.mark.long
def test_nor_by_python_p_m_whatever_they_are_called(folder: Path) -> None:
    command = [sys.executable, "-P", "-m", "studio"]
    assert json.loads(run_in(folder, *command, "data", "rows.jsonl"))["examples"] == 20


@pytest.mark.long
def test_nor_by_the_child_that_scans_a_big_file(folder: Path) -> None:
    row = json.dumps({"prompt": "a", "completion": "b" * 500_000}) + "\n"
    (folder / "big.jsonl").write_text(row * (1 + LARGE // len(row)))
    assert json.loads(run_in(folder, *SCRIPT, "data", "big.jsonl"))["rows"] > 100


@pytest.mark.long
def test_nor_by_the_child_that_asks_the_hub(folder: Path) -> None:
    with hub_server(Hub("user/toys", {"train.jsonl": (folder / "rows.jsonl").read_bytes()})) as hub:
        around = {"HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "0", "HF_HOME": str(folder.parent / "hf")}
        run_in(folder, *SCRIPT, "data", "download", "user/toys", **around)
    assert list((folder.parent / "home").rglob("*.parquet"))


def test_every_python_that_a_ready_process_starts_leaves_the_current_folder_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    prepare_process()
    for way in (["-c", "import csv"], ["-m", "calendar"]):
        subprocess.run([sys.executable, *way], cwd=folder, capture_output=True, check=True)
    assert list(folder.glob("*.ran")) == []


def test_every_command_we_start_or_tell_of_is_safe() -> None:
    """Whoever adds a child says -P, starts it with `guard_children`, or names a program by its path."""
    sources = [path for path in (ROOT / "studio").rglob("*.py") if path.name != "__main__.py"]
    told = [ROOT / "README.md", *(ROOT / "packaging").rglob("*.*"), *sources]
    for path in (path for path in told if path.suffix in (".py", ".md", ".sh")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r'sys\.executable, "-[mc]"|python -m studio (train|resume)', text), path
        if "get_context(" in text:
            assert "guard_children()" in text, path
