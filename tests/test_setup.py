"""What set-up promises: any machine is made ready, or told in one sentence why not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from studio import process

ROOT = Path(__file__).parents[1]
PINS = (ROOT / "packaging" / "constraints.txt").read_text()
LINES = [line for line in PINS.splitlines() if not line.startswith("#")]
PINNED = {line.split("==")[0] for line in LINES}

needs_openblas = pytest.mark.skipif(
    not list(Path("/usr/lib").glob("*-linux-gnu/openblas-pthread/libopenblas.so.0")),
    reason="this machine has no Debian OpenBLAS, so there is nothing to load",
)


MISSING = "exit 127"
MAC = {"uname": "echo Darwin", "xcode-select": "echo /Library/Developer/CommandLineTools"}


def interpreter(version: str, processor: str = "arm64") -> str:
    """An interpreter that says what it is, and can make no environment, where set-up ends."""
    return f'[ "$1" = -c ] || exit 1; echo {version} {processor}'


def set_up_with(folder: Path, **programs: str) -> subprocess.CompletedProcess[str]:
    """Run set-up on a copy of the project in `folder`, with these scripts as programs and no other Python."""
    shutil.copytree(ROOT / "packaging", folder / "packaging", ignore=shutil.ignore_patterns("starter"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    place = folder / "programs"
    place.mkdir()
    none = dict.fromkeys(("python3", "python3.12", "python3.13", "python3.14"), MISSING)
    for name, script in (none | programs).items():
        (place / name).write_text(f"#!/bin/sh\n{script}\n")
        (place / name).chmod(0o755)
    environment = {"PATH": f"{place}:/usr/bin:/bin", "HOME": str(folder)}
    return subprocess.run(
        ["sh", "packaging/setup.sh"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("python3", "here"),
    [
        (interpreter("3.11.7"), "3.11.7"),
        (interpreter("3.15.0"), "3.15.0"),
        (MISSING, "missing"),
    ],
)
def test_an_unfit_python_is_refused_in_one_sentence(tmp_path: Path, python3: str, here: str) -> None:
    refused = set_up_with(tmp_path, python3=python3)
    assert refused.returncode == 2
    assert f"python3 here is {here}" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert refused.stdout == ""
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize(
    ("pythons", "taken"),
    [
        ({"python3": "3.9.6", "python3.12": "3.12.8"}, "3.12.8"),
        ({"python3": "3.9.6", "python3.12": "3.12.8", "python3.13": "3.13.9"}, "3.13.9"),
        ({"python3": "3.15.1", "python3.13": "3.13.9", "python3.14": "3.14.2"}, "3.13.9"),
        ({"python3": "3.14.2", "python3.12": "3.12.8", "python3.14": "3.14.2"}, "3.12.8"),
        ({"python3": "3.14.2"}, "3.14.2"),
        ({"python3": "3.12.1", "python3.13": "3.13.9"}, "3.12.1"),
        ({"python3": "3.12.1 x86_64", "python3.13": "3.13.9"}, "3.13.9"),
    ],
)
def test_a_mac_finds_a_python_that_fits(tmp_path: Path, pythons: dict[str, str], taken: str) -> None:
    programs = {name: interpreter(*said.split()) for name, said in pythons.items()}
    ended = set_up_with(tmp_path, **MAC, sw_vers="echo 15.7.1", **programs)
    assert f"Python {taken} cannot make a virtual environment" in ended.stderr  # so far it came with it
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("mac", "said"),
    [
        ({"xcode-select": "exit 2"}, "xcode-select --install"),
        ({"python3": interpreter("3.12.1", "x86_64")}, "does not run on Intel"),
        ({"sw_vers": "echo 13.6.1"}, "needs macOS 14 or later"),
    ],
)
def test_a_mac_is_told_in_one_sentence_what_it_lacks(tmp_path: Path, mac: dict[str, str], said: str) -> None:
    programs = {**MAC, "sw_vers": "echo 15.7.1", "python3": interpreter("3.13.9")}
    refused = set_up_with(tmp_path, **programs | mac)
    assert (refused.returncode, refused.stderr.count("\n"), refused.stdout) == (2, 1, "")
    assert said in refused.stderr


@pytest.mark.parametrize(
    ("macos", "warned"), [("26.0", True), ("26.1.2", True), ("26.2", False), ("26.10", False)]
)
def test_a_mac_with_an_older_macos_26_is_warned_and_set_up(tmp_path: Path, macos: str, warned: bool) -> None:
    ended = set_up_with(tmp_path, **MAC, sw_vers=f"echo {macos}", python3=interpreter("3.13.9"))
    assert (f"This is macOS {macos}, and MLX for macOS 26 is built for 26.2" in ended.stderr) is warned
    assert "Setting up" in ended.stdout


def test_every_dependency_is_pinned_exactly() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    names = {re.split(r"[\[<>=~; ]", line, maxsplit=1)[0] for line in asked}
    assert names <= PINNED
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line) for line in LINES)
    assert len(PINNED) == len(LINES), "one version each, whatever the platform"


def test_the_parts_of_mlx_are_pinned_for_both_platforms() -> None:
    versions = {
        line.split("==")[1] for line in LINES if line.split("==")[0] in {"mlx", "mlx-metal", "mlx-cpu"}
    }
    assert {"mlx", "mlx-metal", "mlx-cpu"} <= PINNED
    assert len(versions) == 1


def test_no_package_index_is_named() -> None:
    assert "://" not in PINS
    assert "index" not in PINS
    assert not (ROOT / "uv.lock").exists() or "uv.lock" in (ROOT / ".gitignore").read_text()


def test_continuous_integration_runs_make_test_and_nothing_hidden() -> None:
    commands = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if line and line[0] != "#"]
    assert commands == ['cd "$(dirname "${BASH_SOURCE[0]}")/.." && make test && exec make test-long']
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert (
        "run: make test\n      - run: make test-long"
        in (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    )


def test_make_lists_its_targets() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("setup", "run", "test", "test-long", "check", "screens", "bench"):
        assert f"make {target} " in listed


@needs_openblas
def test_mlx_multiplies_with_the_fast_blas() -> None:
    """Once in a process of its own with it and once without: the difference is an order of magnitude."""
    program = (
        "import sys, time\n"
        "from studio.process import use_fast_blas\n"
        "use_fast_blas() if sys.argv[1] == 'fast' else None\n"
        "import mlx.core as mx\n"
        "a = mx.random.normal((384, 384)); mx.eval(a @ a)\n"
        "began = time.process_time(); mx.eval(a @ a); print(time.process_time() - began)\n"
    )
    fast, slow = (
        min(float(subprocess.check_output([sys.executable, "-c", program, speed])) for _ in range(2))
        for speed in ("fast", "slow")
    )
    assert fast < slow / 3


def test_a_mac_loads_no_other_blas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(process.ctypes, "CDLL", lambda *_, **__: pytest.fail("it loaded a library"))
    process.use_fast_blas()
