"""The shape of the house: who may import whom, and what showing the window must not load."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter import api

ROOT = Path(__file__).parents[1]
STUDIO = ROOT / "studio"
ABOVE_THE_ENGINE = {"__init__", "__main__", "app", "cli", "jobs", "ui"}


def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_dependencies_look_down_never_up_or_sideways() -> None:
    linted = run_python(
        "-c", "from importlinter import cli; raise SystemExit(cli.lint_imports(no_cache=True))"
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr


def modules_of_contract(identity: str, field: str) -> set[str]:
    contracts = api.read_configuration(str(ROOT / "pyproject.toml"))["contracts_options"]
    return set(next(contract[field] for contract in contracts if contract["id"] == identity))


def test_every_engine_room_is_held_to_work_without_qt() -> None:
    rooms = {
        path.stem for path in STUDIO.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    held = modules_of_contract("no-qt", "source_modules")
    assert {f"studio.{room}" for room in rooms - ABOVE_THE_ENGINE} == held


def test_every_pane_is_held_to_know_no_other() -> None:
    panes = {name.rpartition(".")[2] for name in modules_of_contract("panes", "modules")}
    assert panes == {path.parent.name for path in (STUDIO / "ui" / "panes").glob("*/__init__.py")}


def test_jobs_use_qt_core_and_no_other_part_of_qt() -> None:
    sources = "\n".join(path.read_text() for path in (STUDIO / "jobs").rglob("*.py"))
    assert set(re.findall(r"PySide6(?:\.\w+)?", sources)) <= {"PySide6.QtCore"}


@pytest.mark.parametrize("module", ["studio.app.studio", "studio.cli.commands"])
def test_importing_it_loads_no_engine(module: str) -> None:
    program = (
        f"import sys, {module}; print(*(set(sys.modules) & {{'mlx', 'mlx_lm', 'transformers', 'datasets'}}))"
    )
    imported = run_python("-W", "error", "-c", program)
    assert (imported.returncode, imported.stdout.split()) == (0, []), imported.stderr


def test_every_room_says_what_lives_there() -> None:
    silent = [path for path in STUDIO.rglob("__init__.py") if not path.read_text().startswith('"""')]
    assert silent == []
