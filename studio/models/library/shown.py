"""Everything a model on this machine says of itself, to be read by a person; never code, never weights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from studio.errors import ModelError
from studio.events.models import ModelFacts, ModelFile, ModelShown
from studio.models.gguf.facts import read_gguf_facts
from studio.models.gguf.source import parts_of, read_source
from studio.models.library.facts import card_of, folder_facts, template_of, text_of
from studio.models.library.ollama import manifests
from studio.models.library.places import (
    FOLDER,
    HUB,
    LM_STUDIO,
    OLLAMA,
    STARTER,
    hub_cache,
    lm_studio_folders,
    ollama_folder,
)
from studio.paths import STARTER_MODEL, model_folder

_TERMS = ("LICENSE", "LICENSE.txt", "LICENSE.md", "USE_POLICY.md")
_TEMPLATE = "tokenizer.chat_template"


def facts_of(place: Path) -> ModelFacts:
    """The facts of one folder or GGUF file, named as its program names it."""
    source, name = _origin(place)
    return read_gguf_facts(place, source, name) if place.is_file() else folder_facts(place, source, name)


def shown(place: Path) -> ModelShown:
    """What a model folder, or a GGUF file, says of itself; what it does not say is empty."""
    return _file_shown(place) if place.is_file() else _folder_shown(place)


def _folder_shown(folder: Path) -> ModelShown:
    front, card = card_of(folder)
    terms = next((str(folder / name) for name in _TERMS if (folder / name).is_file()), "")
    return ModelShown(
        facts_of(folder),
        card,
        text_of(folder / "config.json"),
        text_of(folder / "generation_config.json"),
        template_of(folder),
        front.get("license_link") or terms,
        tuple(_files(folder)),
    )


def _file_shown(file: Path) -> ModelShown:
    values, parts = {}, parts_of(file).files
    with suppress(ModelError):
        read = read_source(file).values
        values = {name: value for name, value in read.items() if not isinstance(value, list | None)}
    template = str(values.pop(_TEMPLATE, ""))
    _, card = card_of(file.parent)
    return ModelShown(
        facts_of(file),
        str(values.get("general.description", "")) or card,
        json.dumps(values, indent=2, ensure_ascii=False, default=str) if values else "",
        template=template,
        license_page=str(values.get("general.license.link", "")),
        files=tuple(ModelFile(part.name, part.stat().st_size) for part in parts if part.is_file()),
    )


def _files(folder: Path) -> Iterator[ModelFile]:
    for file in sorted(folder.rglob("*")) if folder.is_dir() else ():
        with suppress(OSError):
            if file.is_file():
                yield ModelFile(file.relative_to(folder).as_posix(), file.stat().st_size)


def _origin(place: Path) -> tuple[str, str]:
    """Whose a place is, and how it is called there."""
    if place == model_folder(STARTER_MODEL):
        return STARTER, STARTER_MODEL
    if place.is_relative_to(cache := hub_cache()):
        repository, *_ = place.relative_to(cache).parts
        return HUB, _with_file(repository.removeprefix("models--").replace("--", "/"), place)
    for models in lm_studio_folders():
        if place.is_relative_to(models):
            folder = place if place.is_dir() else place.parent
            return LM_STUDIO, _with_file(folder.relative_to(models).as_posix(), place)
    named = {file: name for name, file, _ in manifests(ollama_folder()) if file == place}
    return (OLLAMA, named[place]) if named else (FOLDER, "")


def _with_file(name: str, place: Path) -> str:
    return f"{name}/{place.stem}" if place.is_file() else name
