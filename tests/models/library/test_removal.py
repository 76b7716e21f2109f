from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from studio.events.models import ModelFacts
from studio.models.library.found import found_models
from studio.models.library.removal import remove
from tests.conftest import refused
from tests.models.library.conftest import MakeCached, MakeGguf


def found(own: Path, *folders: Path) -> dict[str, ModelFacts]:
    return {facts.name: facts for facts in found_models(own, map(str, folders)).models}


def test_a_repository_leaves_the_cache_with_its_revisions_and_blobs_and_others_stay(
    tmp_path: Path, with_card: Path, cached: MakeCached, tiny_model: Path
) -> None:
    own, hub = tmp_path / "own", tmp_path / ".cache/huggingface/hub"
    cached("ann/small", with_card, "b" * 40)
    (with_card / "extra.txt").write_text("newer")
    cached("ann/small", with_card, "c" * 40)
    cached("ann/other", tiny_model)
    size = sum(file.stat().st_size for file in with_card.iterdir())
    assert remove(found(own)["ann/small"], own) == size  # blobs that revisions share are freed once
    assert sorted(found(own)) == ["ann/other", "starter"]
    assert [each.name for each in hub.iterdir() if each.name.startswith("models--")] == ["models--ann--other"]


def test_one_gguf_file_leaves_the_cache_and_the_others_of_its_repository_stay(
    tmp_path: Path, cached: MakeCached, write_gguf: MakeGguf
) -> None:
    own, made = tmp_path / "own", tmp_path / "made"
    write_gguf(made / "a-f16.gguf")
    (made / "README.md").write_text("A card.")
    write_gguf(made / "a-q8.gguf", template="{{ messages }}")
    cached("ann/a-GGUF", made)
    facts = found(own)["ann/a-GGUF/a-q8"]
    assert remove(facts, own) == facts.size
    assert sorted(found(own)) == ["ann/a-GGUF/a-f16", "starter"]
    remove(found(own)["ann/a-GGUF/a-f16"], own)  # the last one takes the rest with it
    assert not any((tmp_path / ".cache/huggingface/hub").glob("models--*"))


@pytest.mark.parametrize("for_good", [False, True])
def test_ours_and_lm_studios_go_to_the_trash_or_for_good(
    tmp_path: Path, with_card: Path, write_gguf: MakeGguf, for_good: bool
) -> None:
    own, lm_studio = tmp_path / "home/models", tmp_path / ".lmstudio/models"
    shutil.copytree(with_card, own / "mine")
    shutil.copytree(with_card, lm_studio / "bob/small")
    write_gguf(lm_studio / "carl/GGUF/one.gguf")
    write_gguf(lm_studio / "carl/GGUF/two.gguf")
    before = found(own)
    for name in ("mine", "bob/small", "carl/GGUF/one"):
        assert remove(before[name], own, for_good=for_good) == (before[name].size if for_good else 0)
    assert sorted(found(own)) == ["carl/GGUF/two", "starter"]
    assert [each.name for each in lm_studio.iterdir()] == ["carl"]  # no empty folder is left
    assert own.is_dir()


def test_nothing_is_deleted_outside_of_the_places_that_models_are_kept_in(
    tmp_path: Path, with_card: Path, ollama: Callable[[str], Path]
) -> None:
    own = tmp_path / "home/models"
    shutil.copytree(with_card, own / "mine")
    blob = ollama("registry.ollama.ai/library/small/1b")
    listed = found(own, with_card)
    mine = listed["mine"]
    forbidden = {
        "library.ships": listed["starter"],
        "library.of_ollama": listed["small:1b"],
        "library.elsewhere": listed["with-card"],
        "library.gone": replace(mine, place=str(own / "none")),
    }
    for code, facts in forbidden.items():
        with refused(code):
            remove(facts, own, for_good=True)
    (own / "link").symlink_to(tmp_path)
    for place in (own / ".." / ".." / "with-card", own, own / "link" / "with-card"):
        with refused("library.elsewhere"):
            remove(replace(mine, place=str(place)), own, for_good=True)
    assert with_card.is_dir()
    assert blob.is_file()


def test_of_a_linked_model_only_the_link_goes(tmp_path: Path, with_card: Path) -> None:
    own = tmp_path / "home/models"
    own.mkdir(parents=True)
    (own / "mine").symlink_to(with_card)
    remove(found(own)["mine"], own, for_good=True)
    assert not (own / "mine").exists()
    assert (with_card / "config.json").is_file()
