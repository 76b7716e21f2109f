"""What would fill the memory is refused before it is read, with what to do instead."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from studio.data.dataset import Dataset
from studio.data.render import Renderer
from studio.data.room import check_room, memory_for, room_words
from studio.errors import DataError
from studio.jobs.save import SaveJob
from studio.models.tokenizer import load_tokenizer
from studio.train.parts import Data
from studio.train.recipe import Recipe


def leave(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """Let the machine have so many bytes free."""
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free))


def test_a_file_that_does_not_fit_is_refused_before_it_is_read(
    toy_data: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(monkeypatch, 10_000)
    with pytest.raises(DataError, match=r"too big to be held.*Take a part.*cap rows=100000"):
        Dataset.load(toy_data, Renderer(load_tokenizer(tiny_model)), Data(path=str(toy_data)), 0)
    with pytest.raises(DataError, match="too big to be held"):
        list(
            SaveJob(Recipe().with_values({"data.path": str(toy_data)}), toy_data.parent / "x").run_events(
                None
            )
        )


def test_a_file_that_fits_has_nothing_said_of_it(toy_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(monkeypatch, memory_for(toy_data))
    check_room(toy_data)
    assert room_words(toy_data) == ""


def test_a_folder_takes_what_its_files_take(toy_data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    for name in ("a.jsonl", "b.jsonl"):
        (folder / name).write_bytes(toy_data.read_bytes())
    (folder / "picture.png").write_bytes(bytes(10_000))
    assert memory_for(folder) == 2 * memory_for(toy_data)
