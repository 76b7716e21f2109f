"""What a newer version wrote is refused and left alone; what an older one wrote becomes today's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.app.downloads import UNFINISHED, WantedModel, _kept
from studio.dataset.library import ENTRIES, Library
from studio.dataset.manifest import NAME as DATASET
from studio.dataset.manifest import Manifest
from studio.errors import StudioError
from studio.files import FORMAT, FileKind, NewerFile, newer_among
from studio.generate.presets import PRESETS, Presets
from studio.generate.prompt_library import PROMPTS, PromptLibrary
from studio.generate.sampling import Sampling
from studio.paths import Paths
from studio.recipe.files import read_recipe
from studio.runs.folder import RunFolder
from studio.runs.sweeps import read_sweep
from studio.settings import Settings, read_settings, write_settings
from studio.synth.folder import SyntheticFolder

SAMPLING = Sampling.model_validate({"temperature": 0.5})

FIRST: dict[str, tuple[FileKind, Any, str]] = {
    "presets.json": (PRESETS, {"mine": SAMPLING.model_dump(mode="json")}, "presets"),
    "prompts.json": (PROMPTS, ["Hello", "Who are you?"], "prompts"),
    "downloads.json": (UNFINISHED, [{"name": "a/b", "file": ""}], "downloads"),
}
"""The kinds of which there is an older version: a file of it, and under which name its content stands now."""


def put(path: Path, document: Any) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path.read_text(encoding="utf-8")


def _read_sweep(home: Path) -> object:
    return read_sweep(home / "a.sweep.json")


NEWER: dict[str, Callable[[Path], object]] = {
    "settings.json": lambda home: write_settings(home / "settings.json", Settings()),
    "presets.json": lambda home: Presets(home / "presets.json").save("other", SAMPLING),
    "prompts.json": lambda home: PromptLibrary(home / "prompts.json").add("Hello"),
    "downloads.json": lambda home: UNFINISHED.write(home / "downloads.json", {}),
    "a.sweep.json": _read_sweep,
    "run/run.json": lambda home: RunFolder(home / "run").manifest(),
    f"saved/{DATASET}": lambda home: Manifest.read(home / "saved"),
    "made/making.json": lambda home: SyntheticFolder(home / "made").plan(),
    "recipe.toml": lambda home: read_recipe(home / "recipe.toml"),
}
"""Every kind that is kept, and what reads it, or would write over it."""


@pytest.mark.parametrize("name", NEWER)
def test_what_a_newer_version_wrote_is_refused_and_left_as_it_is(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    before = put(file, {FORMAT: 99, "schema_version": 99, "recipe": {}})
    if file.suffix == ".toml":
        file.write_text(before := "format = 99\nfuture = 1\n", encoding="utf-8")
    with pytest.raises(StudioError) as refused:
        NEWER[name](tmp_path)
    assert refused.value.code == "file.newer"
    assert all(word in str(refused.value) for word in (str(file), "version 99", "Update the app"))
    assert file.read_text(encoding="utf-8") == before
    assert [each.name for each in file.parent.iterdir() if each.is_file()] == [file.name]


def test_newer_settings_are_told_of_and_the_defaults_used(tmp_path: Path) -> None:
    put(file := tmp_path / "settings.json", {FORMAT: 2, "appearance": "dark"})
    settings = read_settings(file)
    assert (settings.appearance, "version 2" in settings.damage) == ("system", True)


def test_what_is_known_of_a_dataset_by_a_newer_version_stays(tmp_path: Path) -> None:
    library, data = Library(Paths.under(tmp_path)), tmp_path / "rows.jsonl"
    library.note(data, rows=3)
    (file,) = (tmp_path / "library").iterdir()
    assert json.loads(file.read_text())["version"] == ENTRIES.version
    newer = put(file, {"version": 9, "path": str(data)})
    library.note(data, rows=4)
    assert file.read_text() == newer


@pytest.mark.parametrize("name", FIRST)
def test_an_older_file_becomes_todays_and_stays_beside_it(name: str, tmp_path: Path) -> None:
    kind, old, key = FIRST[name]
    file = tmp_path / name
    before = put(file, old)
    for _ in range(2):
        assert kind.read(file)[key] == old
    assert json.loads(file.read_text(encoding="utf-8")) == {FORMAT: 2, key: old}
    copy = file.with_name(f"{name}.v1.bak")
    assert copy.read_text(encoding="utf-8") == before
    assert sorted(tmp_path.iterdir()) == sorted([file, copy])


def test_what_was_kept_is_used_after_it_became_todays(tmp_path: Path) -> None:
    for name, (_, old, _) in FIRST.items():
        put(tmp_path / name, old)
    assert Presets(tmp_path / "presets.json").find("mine").sampling == SAMPLING
    assert PromptLibrary(tmp_path / "prompts.json").all() == ("Hello", "Who are you?")
    assert list(_kept(tmp_path / "downloads.json")) == [WantedModel("a/b")]


def test_a_copy_of_another_time_is_kept_too(tmp_path: Path) -> None:
    for number, prompts in enumerate((["one"], ["two"]), 1):
        put(file := tmp_path / "prompts.json", prompts)
        PROMPTS.read(file)
        assert len(list(tmp_path.glob("*.bak*"))) == number


def test_what_is_of_another_kind_is_damaged_and_not_brought_to_today(tmp_path: Path) -> None:
    before = put(file := tmp_path / "prompts.json", 3)
    with pytest.raises(ValueError, match="another kind"):
        PROMPTS.read(file)
    assert file.read_text(encoding="utf-8") == before
    assert newer_among([(file, PROMPTS), (tmp_path / "none.json", PROMPTS)]) == []
    put(file, {FORMAT: 3})
    assert isinstance(newer_among([(file, PROMPTS)])[0], NewerFile)


KILLED = """
import os, sys
from pathlib import Path
from studio.app.downloads import UNFINISHED
from studio.generate.presets import PRESETS
from studio.generate.prompt_library import PROMPTS
kinds = {"presets.json": PRESETS, "prompts.json": PROMPTS, "downloads.json": UNFINISHED}
replace = Path.replace
for folder in sorted(Path(sys.argv[1]).iterdir()):
    for name, kind in kinds.items():
        if os.fork():
            assert os.waitstatus_to_exitcode(os.wait()[1]) == -9
            continue
        left = int(folder.name[0])
        def killed(self, target, before=folder.name[1] == "b"):
            global left
            left -= 1
            if left < 0 and before:
                os.kill(os.getpid(), 9)
            done = replace(self, target)
            if left < 0:
                os.kill(os.getpid(), 9)
            return done
        Path.replace = killed
        kind.read(folder / name)
"""


@pytest.mark.long
def test_a_process_that_is_killed_in_the_middle_costs_nothing(tmp_path: Path) -> None:
    for moment in ("0b", "0a", "1b", "1a"):  # before and after each of both files gets its name
        for name, (_, old, _) in FIRST.items():
            put(tmp_path / moment / name, old)
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=True, timeout=60)
    for folder in tmp_path.iterdir():
        for name, (kind, old, key) in FIRST.items():
            assert kind.read(folder / name)[key] == old
            assert json.loads((folder / f"{name}.v1.bak").read_text(encoding="utf-8")) == old
        assert len([each for each in folder.iterdir() if each.suffix == ".bak"]) == len(FIRST)
