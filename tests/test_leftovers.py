"""What a crash leaves is put back or cleared at the next start or use; what is somebody else's stays."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from studio.cli.commands import run
from studio.dataset.manifest import is_saved
from studio.errors import RunError
from studio.files import scratch_folder
from studio.files.lock import held, is_held
from studio.jobs.heal import HealJob
from studio.paths import Paths
from tests.conftest import write_rows

DIES = """
import os, sys
from pathlib import Path
from studio.cli.commands import run

real, left = {call}, [{calls}]

def dies(*arguments, **keywords):
    left[0] -= 1
    if left[0] < 0:
        os._exit(9)
    return real(*arguments, **keywords)

{call} = dies
run(sys.argv[1:])
"""


def killed(call: str, calls: int, *arguments: object) -> None:
    """Carry out a command whose process dies at such a call, after so many that go well."""
    code = DIES.format(call=call, calls=calls)
    ended = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], check=False, capture_output=True
    )
    assert ended.returncode == 9, ended.stderr


def done(*arguments: object) -> None:
    assert run([*map(str, arguments)]) == 0


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl", 30)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.long
@pytest.mark.parametrize("use", ["show", "save", "export", "train", "upload"])
def test_a_dataset_that_was_just_being_replaced_is_there_at_its_next_use(
    use: str, rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "set"
    done("data", "save", rows, out)
    killed("Path.rename", 1, "data", "save", rows, out, "--step", "cap rows=5 how=first")
    assert not out.exists()
    match use:
        case "show":
            done("data", out, "--json")
        case "save":
            done("data", "save", rows, out)
        case "export":
            done("data", "export", out, tmp_path / "out.jsonl")
        case "train":
            run(["train", str(out), "--set", "lora.rank=0"])  # refused, once the dataset was looked at
            done("data", out)
        case "upload":
            capsys.readouterr()
            assert run(["data", "upload", str(out), "a/b", "--json"]) != 0
            assert json.loads(capsys.readouterr().out)["code"] == "upload.no_token"
    assert is_saved(out)
    done("data", out, "--json")
    assert not [name for name in names(tmp_path) if name.startswith(".set")]


def test_a_dataset_hidden_by_an_earlier_release_is_put_back(rows: Path, tmp_path: Path) -> None:
    home = Paths.under(tmp_path / "home")
    done("data", "save", rows, home.datasets / "one")
    shutil.copytree(home.datasets / "one", tmp_path / ".two.old")
    (home.datasets / "one").rename(home.datasets / ".one.old")
    (home.datasets / ".notes.old").mkdir()  # not ours
    list(HealJob(home).run_events(None))
    assert names(home.datasets) == {"one", ".notes.old"}
    done("data", tmp_path / "two")
    assert is_saved(tmp_path / "two")


def test_an_old_folder_of_somebody_else_is_not_taken_for_a_dataset(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".work.old").mkdir()
    (tmp_path / ".work.old" / "notes.txt").write_text("mine")
    assert run(["data", str(tmp_path / "work"), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["code"] == "file.missing"
    assert names(tmp_path) >= {".work.old"}


def test_what_is_put_in_the_place_of_a_hidden_dataset_costs_neither(rows: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    done("data", "save", rows, out)
    killed("Path.rename", 1, "data", "save", rows, out)
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    assert run(["data", "save", str(rows), str(out)]) == 2
    kept = [path for path in tmp_path.iterdir() if path.name.startswith(".set.") and is_saved(path)]
    assert kept
    assert (out / "notes.txt").read_text() == "mine"


@pytest.mark.long
def test_the_rest_of_a_killed_export_is_cleared_by_the_next_use(rows: Path, tmp_path: Path) -> None:
    theirs = (".out.jsonl.123.tmp", ".out.jsonl.swp", f".mine.{os.getpid()}-1.tuning-studio.tmp")
    for name in theirs:
        (tmp_path / name).write_text("not ours, or of a process that lives")
    before = names(tmp_path)
    for use in (("data", rows), ("data", "export", rows, tmp_path / "other.jsonl", "--replace")):
        killed("os.fsync", 0, "data", "export", rows, tmp_path / "out.jsonl")
        assert len(names(tmp_path) - before) == 1
        done(*use)
        assert names(tmp_path) - before <= {"other.jsonl"}
        before = names(tmp_path)


def test_the_scratch_of_a_killed_process_is_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code = "import os\nfrom studio.files import scratch_folder\nwith scratch_folder('hub'):\n    os._exit(9)"
    subprocess.run([sys.executable, "-c", code], check=False, env={**os.environ, "TMPDIR": str(tmp_path)})
    (tmp_path / "tuning-studio-notes").mkdir()
    (left,) = tmp_path.glob("tuning-studio-hub-*")
    with scratch_folder("upload") as mine:
        assert not left.exists()
        with scratch_folder("hub"):
            assert mine.exists()  # of a process that lives
    assert names(tmp_path) == {"tuning-studio-notes"}


def test_a_lock_is_free_again_when_its_holder_was_killed(tmp_path: Path) -> None:
    lock, taken = tmp_path / "lock", RunError("Taken.")
    code = (
        "import sys, time; from pathlib import Path; from studio.errors import RunError;"
        "from studio.files.lock import held\n"
        "with held(Path(sys.argv[1]), RunError('')):\n    print('held', flush=True)\n    time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(lock)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert is_held(lock)
        with pytest.raises(RunError, match="Taken"), held(lock, taken):
            pass
        holder.kill()
        holder.wait()
        assert not is_held(lock)
        with held(lock, taken):
            assert is_held(lock)
    assert not is_held(lock)
