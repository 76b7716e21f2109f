"""All models on this machine, from every place where programs keep them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from studio.catalogue import Said, phrase
from studio.events.models import ModelFacts, ModelsFound
from studio.files import TEMPORARY
from studio.models.gguf.facts import read_gguf_facts
from studio.models.gguf.source import parts_of
from studio.models.library.facts import GGUF, folder_facts
from studio.models.library.ollama import manifests, unreadable, with_layers
from studio.models.library.places import (
    FOLDER,
    HUB,
    LM_STUDIO,
    OLLAMA,
    OWN,
    STARTER,
    hub_cache,
    lm_studio_folders,
    ollama_folder,
    snapshots,
)
from studio.models.library.shown import facts_of
from studio.models.weights import INDEX
from studio.paths import STARTER_MODEL, model_folder

_NO_LANGUAGE = re.compile(r"mmproj|^ggml-vocab", re.IGNORECASE)
"""GGUF files beside a model that are none themselves: what looks at pictures, and bare vocabularies."""
_DEEP = 3
"""So many folders deep a given folder is looked through."""


def found_models(own: Path, folders: Iterable[str] = ()) -> ModelsFound:
    """The models on this machine, each once: the starter, ours, those of other programs, given ones.

    `own` is the folder of what was made here; `folders` are models, GGUF files, or folders of them. A place
    that cannot be looked into is named, and the others are looked into.
    """
    looking, cache, ollama = _Looking(), hub_cache(), ollama_folder()
    looking.take(STARTER_MODEL, iter([folder_facts(model_folder(STARTER_MODEL), STARTER, STARTER_MODEL)]))
    looking.take(own, _in(own, OWN, 1, looking.remarks))
    looking.take(cache, _cached(cache, looking.remarks))
    for place in lm_studio_folders():
        looking.take(place, _in(place, LM_STUDIO, 2, looking.remarks))
    looking.take(ollama, _of_ollama(ollama))
    looking.remarks += unreadable(ollama)
    for given in folders:
        looking.take(given, _given(Path(given).expanduser(), looking.remarks))
    return ModelsFound(tuple(looking.models.values()), tuple(looking.remarks))


@dataclass
class _Looking:
    models: dict[str, ModelFacts] = field(default_factory=dict)
    remarks: list[Said] = field(default_factory=list)

    def take(self, place: object, models: Iterator[ModelFacts]) -> None:
        """Note the models of a place; the first to name a model keeps it."""
        try:
            for facts in models:
                self.models.setdefault(str(Path(facts.place).resolve()), facts)
        except OSError as error:
            self.remarks.append(_unreadable(place, error))


def _unreadable(place: object, error: OSError) -> Said:
    return phrase("library.unreadable", place=str(place), fault=error.strerror or str(error))


def _in(place: Path, source: str, deep: int, remarks: list[Said]) -> Iterator[ModelFacts]:
    """The models in the folders of a place, named by where they lie in it."""
    for folder in _folders(place, deep, remarks):
        yield from _of_folder(folder, source, folder.relative_to(place).as_posix())
    yield from _files(place, source, "")


def _of_folder(folder: Path, source: str, name: str) -> Iterator[ModelFacts]:
    files = list(_files(folder, source, f"{name}/"))
    yield from files
    if (folder / "config.json").is_file() or (not files and any(folder.glob("*.safetensors"))):
        yield folder_facts(folder, source, name)


def _given(place: Path, remarks: list[Said]) -> Iterator[ModelFacts]:
    """A given model or file, or those in a given folder; where there are none, it with what is wrong."""
    if place.is_file() or (place / "config.json").is_file():
        yield facts_of(place)
        return
    found = list(_in(place, FOLDER, _DEEP, remarks)) if place.is_dir() else []
    yield from found or [facts_of(place)]


def _folders(place: Path, deep: int, remarks: list[Said]) -> Iterator[Path]:
    """The folders below a place that hold files of models, not those below these."""
    for folder in _entries(place, remarks):
        if not folder.is_dir() or folder.name.startswith(".") or folder.name.endswith(TEMPORARY):
            continue
        if any(_is_models(file) for file in _entries(folder, remarks)):
            yield folder
        elif deep > 1:
            yield from _folders(folder, deep - 1, remarks)


def _entries(folder: Path, remarks: list[Said]) -> list[Path]:
    """What is in a folder, in order; where it may not be read, that is remarked on."""
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        remarks.append(_unreadable(folder, error))
        return []


def _is_models(file: Path) -> bool:
    return file.name == "config.json" or file.suffix in (".safetensors", ".gguf")


def _files(folder: Path, source: str, before: str) -> Iterator[ModelFacts]:
    """The GGUF files of a folder; of one in parts the first, with the size of all."""
    for file in sorted(folder.glob("*.gguf")) if folder.is_dir() else ():
        parts = parts_of(file)
        if parts.is_first and not _NO_LANGUAGE.search(file.name):
            yield read_gguf_facts(file, source, before + parts.stem)


def _cached(cache: Path, remarks: list[Said]) -> Iterator[ModelFacts]:
    """The models in the Hugging Face cache, as huggingface_hub itself looks through it."""
    from huggingface_hub import scan_cache_dir

    if not cache.is_dir():
        return
    scanned = scan_cache_dir(cache)
    remarks += [
        phrase("library.unreadable", place=str(cache), fault=str(warning)) for warning in scanned.warnings
    ]
    for repository in sorted(scanned.repos, key=lambda each: each.repo_id):
        if repository.repo_type != "model":
            continue
        sizes = {each.commit_hash: each.size_on_disk for each in repository.revisions}
        for folder in snapshots(repository.repo_path)[:1]:
            yield from _of_repository(folder, repository.repo_id, sizes.get(folder.name, 0))


def _of_repository(folder: Path, name: str, size: int) -> Iterator[ModelFacts]:
    files = list(_files(folder, HUB, f"{name}/"))
    yield from files
    if files and not (folder / "config.json").exists():
        return
    facts = folder_facts(folder, HUB, name, size)
    if facts.problem is not None and _is_incomplete(folder):
        facts = replace(facts, problem=phrase("library.incomplete", name=name))
    if not files or (folder / INDEX).exists() or any(folder.glob("*.safetensors")):
        yield facts


def _is_incomplete(folder: Path) -> bool:
    """Whether a download stopped: parts of files are there, or not all that its index names."""
    repository = folder.parent.parent
    return any((repository / "blobs").glob("*.incomplete")) or (folder / INDEX).exists()


def _of_ollama(place: Path) -> Iterator[ModelFacts]:
    for name, file, blobs in manifests(place):
        if file.is_file():
            yield with_layers(read_gguf_facts(file, OLLAMA, name), blobs)
        else:
            said = phrase("library.incomplete", name=name)
            yield ModelFacts(name, str(file), OLLAMA, GGUF, problem=said)
