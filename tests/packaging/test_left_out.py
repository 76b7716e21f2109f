"""What the application goes without is nothing that it needs, and it is held to its size."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import content_rules
import left_out
import pytest

from studio.selftest.system import NEEDED

ROOT = Path(__file__).parents[2]
SPEC = (ROOT / "packaging/macos/studio.spec").read_text(encoding="utf-8")
SOURCES = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "studio").rglob("*.py"))]
PROVE = ROOT / "packaging/macos/prove.sh"


def test_no_package_that_we_import_is_left_out() -> None:
    imported = {
        name for source in SOURCES for name in re.findall(r"^\s*(?:from|import) (\w[\w.]*)", source, re.M)
    }
    parts = {name[: match.start()] for name in imported for match in re.finditer(r"\.|$", name)}
    assert {"PySide6", "mlx", "lm_eval", "typst"} <= parts
    assert parts & set(left_out.PACKAGES) == set()


def test_a_package_that_is_imported_by_its_name_is_named_in_the_spec() -> None:
    named = {name for source in SOURCES for name in re.findall(r'import_module\("([\w.]+)"\)', source)}
    others = {name for name in named if not name.startswith("studio.")}
    assert {name for name in others if f'"{name}"' not in SPEC} == {
        "wandb"
    }  # which it goes without, and says


def test_the_versions_that_the_selftest_asks_for_are_taken() -> None:
    assert {name for name in (*NEEDED, "mlx-metal", "mlx-cpu") if f'"{name}"' not in SPEC} == set()


def test_every_resource_that_the_source_names_is_there_and_taken() -> None:
    named = {name for source in SOURCES for name in re.findall(r'\bresource\("([^"{]+)"\)', source)}
    assert "starter/instructions.jsonl" in named
    assert {name for name in named if not (ROOT / "resources" / name).exists()} == set()
    assert [name for name in named if name.startswith("screens")] == []


@pytest.mark.parametrize(
    "where",
    [
        "pyarrow/_fs.cpython-312-darwin.so",
        "pyarrow/libarrow_python.so.2600",
        "pyarrow/libarrow_python.2600.dylib",
        "transformers/models/llama/tokenization_llama.py",
        "transformers/models/llama/configuration_llama.py",
        "transformers/models/auto/modeling_auto.py",
        "PySide6/Qt/plugins/platforms/libqcocoa.dylib",
        "PySide6/Qt/plugins/platforms/libqoffscreen.so",
        "PySide6/Qt/translations/qtbase_zh_CN.qm",
        "numpy-2.5.5.dist-info/METADATA",
    ],
)
def test_what_is_needed_is_taken(where: str) -> None:
    assert left_out.is_used(where)


@pytest.mark.parametrize(
    "where",
    [
        "pyarrow/_s3fs.cpython-312-darwin.so",
        "libarrow_s3.2600.dylib",
        "pyarrow/libarrow_python.so.2600.1.0",
        "transformers/models/llama/modeling_llama.py",
        "PySide6/Qt/plugins/sqldrivers/libqsqlodbc.dylib",
        "PySide6/Qt/translations/qtbase_de.qm",
        "scipy-1.18.1.dist-info/METADATA",
    ],
)
def test_what_nobody_asks_for_is_left_out(where: str) -> None:
    assert not left_out.is_used(where)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program that finds a fault in itself."""
    made = tmp_path / "Tuning Studio" / "Tuning Studio"
    made.parent.mkdir()
    made.write_text('#!/bin/sh\necho "asked: $*"\nexit 3\n')
    made.chmod(0o755)
    return made


def prove(program: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", PROVE, program], capture_output=True, text=True, check=False)


def test_a_frozen_program_that_fails_its_selftest_is_not_proven(program: Path) -> None:
    proof = prove(program)
    assert (proof.returncode, proof.stdout.splitlines()) == (3, ["0 MB of at most 650 MB", "asked: selftest"])


def test_a_frozen_program_that_is_too_large_is_not_even_run(program: Path) -> None:
    with (program.parent / "large").open("wb") as file:
        os.truncate(file.fileno(), content_rules.LIMIT + 10**6)  # takes no room on the disk
    proof = prove(program)
    assert (proof.returncode, proof.stdout) == (1, "651 MB of at most 650 MB\n")
    assert str(program.parent) in proof.stderr
