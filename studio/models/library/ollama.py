"""What Ollama keeps: manifests that name a model, and the blobs, GGUF files among them, that make it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from studio.catalogue import Said, phrase
from studio.events.models import ModelFacts
from studio.files import parsed

_MODEL, _TEMPLATE, _LICENSE = (
    f"application/vnd.ollama.image.{part}" for part in ("model", "template", "license")
)
_HOST, _LIBRARY = "registry.ollama.ai", "library"
_DIGEST = re.compile(r"sha256[:-][0-9a-f]{64}")


def manifests(place: Path) -> Iterator[tuple[str, Path, dict[str, Path]]]:
    """Each model of Ollama's folder: its name, its GGUF file, and its blobs by the kind of layer."""
    for manifest in _manifest_files(place):
        blobs = _blobs(place, manifest)
        if blobs and (file := blobs.get(_MODEL)):
            yield _name(manifest.relative_to(place / "manifests")), file, blobs


def unreadable(place: Path) -> list[Said]:
    """What is to be said of manifests that cannot be read."""
    broken = [file for file in _manifest_files(place) if _blobs(place, file) is None]
    return [phrase("library.manifest", file=str(file)) for file in broken]


def with_layers(facts: ModelFacts, blobs: Mapping[str, Path]) -> ModelFacts:
    """The facts of a GGUF file and what the layers beside it add: a template, the licence's first line."""
    terms = facts.license
    if not terms and _LICENSE in blobs:
        with suppress(OSError, IndexError):
            terms = blobs[_LICENSE].read_text("utf-8", "replace").strip().splitlines()[0].strip()
    return replace(facts, license=terms, is_chat=facts.is_chat or _TEMPLATE in blobs)


def _manifest_files(place: Path) -> list[Path]:
    folder = place / "manifests"
    found = sorted(folder.rglob("*")) if folder.is_dir() else []
    return [file for file in found if file.is_file() and not file.name.startswith(".")]


def _blobs(place: Path, manifest: Path) -> dict[str, Path] | None:
    """Where the layers of a manifest lie, by their kind; None where it cannot be read."""
    try:
        layers = parsed(manifest.read_text(encoding="utf-8"))["layers"]
        return {str(layer["mediaType"]): _blob(place, layer["digest"]) for layer in layers}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _blob(place: Path, digest: str) -> Path:
    """Where a blob lies. Raises ValueError for a digest that is none, and might leave the folder."""
    if not _DIGEST.fullmatch(digest):
        raise ValueError(digest)
    return place / "blobs" / digest.replace(":", "-")


def _name(manifest: Path) -> str:
    """As Ollama itself names it: what is of its own library without the host and the owner."""
    parts = manifest.parts
    if len(parts) < 4:
        return ":".join(parts[-2:])
    host, *owner, name, tag = parts
    before = [*([] if host == _HOST else [host]), *([] if owner == [_LIBRARY] else owner)]
    return "/".join([*before, f"{name}:{tag}"])
