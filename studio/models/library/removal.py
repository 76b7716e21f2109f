"""Models taken from this machine: only from folders that models are kept in, and each in its keeper's way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import ModelError
from studio.events.models import ModelFacts
from studio.files import discard, disk_errors
from studio.models.gguf.source import parts_of
from studio.models.library.places import HUB, OLLAMA, STARTER, hub_cache, known_places

if TYPE_CHECKING:
    from huggingface_hub import DeleteCacheStrategy


def remove(facts: ModelFacts, own: Path, *, for_good: bool = False) -> int:
    """Take a model from this machine; the bytes that are free again by that.

    What is in the Hugging Face cache is deleted as its own package does, every revision of a repository, or
    one GGUF file of it. What is ours or LM Studio's goes to the Trash, where it still takes its place, or is
    deleted `for_good`. Raises ModelError for a model of another place, and NoTrash where there is none.
    """
    place = Path(facts.place)
    refuse(facts, own)
    if facts.source == HUB:
        strategy = _strategy(place)
        strategy.execute()
        return strategy.expected_freed_size
    paths = parts_of(place).files if place.is_file() else (place,)
    with disk_errors(place):
        for path in paths:
            discard(path, for_good=for_good)
    _clear_above(place.parent, known_places(own)[facts.source])
    return facts.size if for_good else 0


def refuse(facts: ModelFacts, own: Path) -> None:
    """Raise ModelError where a model is not to be deleted from here."""
    place = Path(facts.place)
    if facts.source == STARTER:
        raise ModelError("library.ships")
    if facts.source == OLLAMA:
        raise ModelError("library.of_ollama", name=facts.name)
    if not os.path.lexists(place):
        raise ModelError("library.gone", place=place)
    if not any(_lies_in(place, root) for root in known_places(own).get(facts.source, ())):
        raise ModelError("library.elsewhere", place=place)


def _lies_in(place: Path, root: Path) -> bool:
    """Whether a place is below a root, by its name and where the folder leads that it stands in."""
    place, root = Path(os.path.abspath(place)), Path(os.path.abspath(root))
    above = place.parent.resolve()
    return place.is_relative_to(root) and place != root and above.is_relative_to(root.resolve())


def _strategy(place: Path) -> DeleteCacheStrategy:
    """How huggingface_hub itself would delete a snapshot's repository, or one of its GGUF files."""
    from huggingface_hub import scan_cache_dir

    cache = hub_cache()
    scanned, name = scan_cache_dir(cache), place.relative_to(cache).parts[0]
    found = next((each for each in scanned.repos if each.repo_path.name == name), None)
    if found is None:
        raise ModelError("library.damaged", place=cache / name)
    wanted = {cache.resolve() / part.relative_to(cache) for part in parts_of(place).files}
    files = [file for revision in found.revisions for file in revision.files]
    others = [
        f for f in files if f.file_path not in wanted and f.file_path.suffix in (".gguf", ".safetensors")
    ]
    if place.is_file() and others:
        return scanned.delete_files(*(file for file in files if file.file_path in wanted))
    return scanned.delete_revisions(*(each.commit_hash for each in found.revisions))


def _clear_above(folder: Path, roots: tuple[Path, ...]) -> None:
    """Remove the folders that are empty now, up to the place that models are kept in."""
    for each in _up_to(folder, roots):
        with suppress(OSError):  # something else is in it
            each.rmdir()


def _up_to(folder: Path, roots: tuple[Path, ...]) -> Iterator[Path]:
    while folder not in roots and any(folder.is_relative_to(root) for root in roots):
        yield folder
        folder = folder.parent
