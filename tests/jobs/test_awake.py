"""A Mac stays awake while a run trains; its GPU is asked for patience before MLX starts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from studio.jobs.recording import awake

SCRIPT = """#!/bin/sh
echo "$@" > "{folder}/asked"
echo $$ > "{folder}/pid"
exec sleep 60
"""


@pytest.fixture
def caffeinate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in on PATH that writes what it was asked and its process id, and then waits."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "caffeinate").write_text(SCRIPT.format(folder=tmp_path))
    (programs / "caffeinate").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return tmp_path


def wait_for(file: Path) -> str:
    deadline = time.monotonic() + 600
    while not (file.exists() and file.read_text().strip()):
        assert time.monotonic() < deadline, f"{file.name} was never written"
        time.sleep(0.01)
    return file.read_text().strip()


def lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_mac_stays_awake_until_the_work_ends(caffeinate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with awake():
        process = int(wait_for(caffeinate / "pid"))
        assert wait_for(caffeinate / "asked") == f"-is -w {os.getpid()}"
        assert lives(process)
    assert not lives(process)


def test_it_may_sleep_again_when_the_work_fails(caffeinate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    def fail() -> None:
        with awake():
            wait_for(caffeinate / "pid")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not lives(int(wait_for(caffeinate / "pid")))


def test_other_systems_are_left_alone(caffeinate: Path) -> None:
    assert sys.platform != "darwin" or pytest.skip("this is a Mac")
    with awake():
        time.sleep(0.2)
    assert not (caffeinate / "pid").exists()


def test_a_mac_without_the_program_still_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setenv("PATH", str(tmp_path))
    with awake():
        pass


PROGRAM = """
import atexit, os, sys
import studio.cli.commands
sys.platform = "{platform}"
import studio.__main__ as entry
sys.argv = ["studio", "--version"]
told = lambda: print(os.environ.get("AGX_RELAX_CDM_CTXSTORE_TIMEOUT"), "mlx.core" in sys.modules)
atexit.register(told)
entry.main()
"""


@pytest.mark.parametrize(
    ("platform", "set_before", "found"), [("darwin", "", "1"), ("darwin", "0", "0"), ("linux", "", "None")]
)
def test_the_gpu_is_asked_for_patience_on_a_mac_unless_the_person_chose(
    platform: str, set_before: str, found: str
) -> None:
    name = "AGX_RELAX_CDM_CTXSTORE_TIMEOUT"
    environment = {key: value for key, value in os.environ.items() if key != name}
    if set_before:
        environment[name] = set_before
    program = PROGRAM.format(platform=platform)
    ran = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines()[-1] == f"{found} False"
