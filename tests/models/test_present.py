from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from studio.models.present import present


@pytest.mark.parametrize(
    "place",
    [
        ".cache/huggingface/hub/models--ann--small/snapshots/0a1b",
        ".lmstudio/models/ann/small",
        ".cache/lm-studio/models/ann/small",
        "mine/small",
    ],
)
def test_a_model_is_found_where_programs_keep_it_or_beside_a_known_one(
    tmp_path: Path, tiny_model: Path, place: str
) -> None:
    known = str(tmp_path / "mine" / "other")
    assert present("ann/small", ["starter", known]) == ""
    folder = tmp_path / place
    shutil.copytree(tiny_model, folder)
    assert present("ann/small", ["starter", known]) == str(folder)
    assert present(str(folder)) == str(folder)
    (folder / "model.safetensors").unlink()  # half a download is none
    assert present("ann/small", ["starter", known]) == ""


def test_the_cache_is_looked_for_where_its_own_settings_say(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "elsewhere/models--ann--small/snapshots/0a1b"
    shutil.copytree(tiny_model, folder)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "elsewhere"))
    assert present("ann/small") == str(folder)


def test_the_starter_is_always_here() -> None:
    assert present("starter") == "starter"
