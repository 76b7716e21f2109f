"""Where models lie on this machine: the folders of the programs that download them, and ours."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

STARTER, OWN, HUB, LM_STUDIO, OLLAMA, FOLDER = "starter", "own", "hub", "lm_studio", "ollama", "folder"
"""Where a model comes from, as `ModelFacts.source` says it."""


def hub_cache() -> Path:
    """Where huggingface_hub keeps its downloads, as its own settings say."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if chosen := os.environ.get(name):
            return _path(chosen)
    if chosen := os.environ.get("HF_HOME"):
        return _path(chosen) / "hub"
    return _path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface" / "hub"


def lm_studio_folders() -> tuple[Path, ...]:
    """Where LM Studio keeps its models, as OWNER/NAME: today's folder, and that of earlier releases."""
    return tuple(Path.home() / name for name in (".lmstudio/models", ".cache/lm-studio/models"))


def ollama_folder() -> Path:
    """Where Ollama keeps its manifests and blobs, as its own setting says."""
    return _path(os.environ.get("OLLAMA_MODELS") or "~/.ollama/models")


def downloaded(model: str) -> Iterator[Path]:
    """Where a model of the Hub (owner/name) lies once it was downloaded, the newest snapshot first."""
    owner, _, name = model.partition("/")
    if not name or "/" in name:
        return
    yield from snapshots(hub_cache() / f"models--{owner}--{name}")
    for models in lm_studio_folders():
        yield models / owner / name


def snapshots(repository: Path) -> list[Path]:
    """The revisions of a repository in the cache: that of its main branch first, then the newest."""
    folder = repository / "snapshots"
    if not folder.is_dir():
        return []
    try:
        main = (repository / "refs" / "main").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        main = ""
    found = [each for each in folder.iterdir() if each.is_dir()]
    return sorted(found, key=lambda each: (each.name == main, each.stat().st_mtime), reverse=True)


def known_places(own: Path) -> Mapping[str, tuple[Path, ...]]:
    """The folders in which models may be deleted, by their source; `own` is the app's."""
    return {OWN: (own,), HUB: (hub_cache(),), LM_STUDIO: lm_studio_folders()}


def _path(text: str) -> Path:
    return Path(os.path.expandvars(text)).expanduser()
