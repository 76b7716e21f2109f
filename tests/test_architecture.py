"""The shape of the house: who may import whom, and what showing the window must not load."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from importlinter import api

ROOT = Path(__file__).parents[1]
STUDIO = ROOT / "studio"
SHORT = {
    "catalogue/benchmarks.py",
    "catalogue/hub.py",
    "catalogue/evaluation.py",
    "catalogue/gguf.py",
    "events/export.py",
    "events/serving.py",
    "export/companions.py",
    "export/mlx_adapter.py",
    "evaluate/failures/changes.py",
    "evaluate/failures/shared_runs.py",
    "evaluate/measures/nothing.py",
    "evaluate/report/html.py",
    "evaluate/score_text.py",
    "evaluate/scorers/rulings.py",
    "evaluate/report/write.py",
    "app/hanging.py",
    "app/reports.py",
    "app/reveal.py",
    "jobs/report.py",
    "evaluate/task.py",
    "catalogue/inside.py",
    "catalogue/judging.py",
    "catalogue/selftest.py",
    "catalogue/serving.py",
    "catalogue/verdict.py",
    "dataset/documents/paragraph.py",
    "files/lock.py",
    "jobs/collecting.py",
    "jobs/heal.py",
    "models/arrays.py",
    "serve/snippets.py",
    "models/gguf/splits.py",
    "synth/confirmed.py",
    "train/finite.py",
    "ui/dialogs/dialog.py",
    "ui/plain.py",
    "ui/widgets/flow.py",
    "ui/plots/style.py",
    "ui/widgets/style.py",
    "ui/widgets/timing.py",
    "language.py",
}
"""Files of less than 60 lines that stand alone for a reason of their own."""
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


def test_what_the_window_needs_to_be_painted_loads_no_description_of_a_recipe() -> None:
    program = (
        "import sys, studio.app.start; print(*(set(sys.modules) & {'mlx', 'pydantic', 'studio.recipe'}))"
    )
    imported = run_python("-W", "error", "-c", program)
    assert (imported.returncode, imported.stdout.split()) == (0, []), imported.stderr


def test_every_room_says_what_lives_there() -> None:
    silent = [path for path in STUDIO.rglob("__init__.py") if not path.read_text().startswith('"""')]
    assert silent == []


def public_classes(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name
        elif isinstance(node, ast.TypeAlias) and not node.name.id.startswith("_"):
            yield node.name.id


def test_a_public_class_name_has_one_meaning() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in sorted(STUDIO.rglob("*.py")):
        for name in public_classes(path):
            places[name].append(str(path.relative_to(STUDIO)))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


def test_a_file_is_neither_too_long_nor_too_short() -> None:
    sizes = {
        str(path.relative_to(STUDIO)): len(path.read_text(encoding="utf-8").splitlines())
        for path in STUDIO.rglob("*.py")
        if path.name != "__init__.py"
    }
    assert {name: lines for name, lines in sizes.items() if lines > 400} == {}
    assert {name for name, lines in sizes.items() if lines < 60} == SHORT


def imported(path: Path, modules: set[str]) -> Iterator[str]:
    """Our modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                yield whole if whole in modules else node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def test_no_files_import_each_other_in_a_circle() -> None:
    """Nor with the package that they are in, which import-linter does not look at."""
    paths = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in STUDIO.rglob("*.py")
    }
    graph = {
        name: {other for other in imported(path, set(paths)) if other in paths and other != name}
        for name, path in paths.items()
    }
    tuple(TopologicalSorter(graph).static_order())  # raises CycleError, which names the circle
