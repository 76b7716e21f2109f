"""A run's result on the Hugging Face Hub: its base by name, and files without the places of this machine."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.files import as_json, write_proof
from studio.files.proof import PROOF
from studio.hub.child import Report
from studio.hub.failure import Repository
from studio.hub.upload import Contents, Sending, send, told
from studio.models.library.places import HUB, LM_STUDIO
from studio.models.library.shown import facts_of

CARD, RESULTS = "README.md", ".eval_results"
_LARGEST = 2**20  # bytes of a file that is read through; tokenizers are larger, and name no places
_LICENSE = re.compile(r"[a-z0-9][a-z0-9.+-]*")


@dataclass(frozen=True)
class BaseModel:
    """The model that a run began with: its name on the Hub, nothing where it has none, and its licence."""

    name: str
    license: str

    @classmethod
    def of(cls, folder: Path) -> BaseModel:
        """By where it lies, and by its card."""
        facts = facts_of(folder)
        known = facts.name if facts.source in (HUB, LM_STUDIO) and facts.name.count("/") == 1 else ""
        return cls(known, facts.license if _LICENSE.fullmatch(facts.license) else "")


def without_places(folder: Path, names: Mapping[str, str]) -> None:
    """Put names in the place of this machine's paths in the texts of a folder, checksums made anew.

    `names` are what stands for each path and for what lies below it, the longest path first.
    """
    changed = False
    for file in sorted(folder.rglob("*.json")):
        if file.name == PROOF or file.stat().st_size > _LARGEST:
            continue
        before = json.loads(file.read_text(encoding="utf-8"))
        after = _named(before, names)
        if after != before:
            file.write_text(as_json(after, indent=2) + "\n", encoding="utf-8")
            changed = True
    if changed and (folder / PROOF).is_file():
        write_proof(folder)


def named_text(text: str, names: Mapping[str, str]) -> str:
    """A text with names in the place of this machine's paths."""
    for path in sorted(names, key=len, reverse=True):
        text = text.replace(path, names[path])
    return text


def _named(value: Any, names: Mapping[str, str]) -> Any:
    match value:
        case str():
            return named_text(value, names)
        case dict():
            return {key: _named(each, names) for key, each in value.items()}
        case list():
            return [_named(each, names) for each in value]
        case _:
            return value


def contents_of(folder: Path) -> Contents:
    """Every file that goes up, by its name there, the card first."""
    files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
    return {name: files[name] for name in sorted(files, key=lambda name: (name != CARD, name))}


def upload_result(
    folder: Path, repository: str, token: str, private: bool, message: str, report: Report
) -> None:
    """Put all of a folder into a model repository, in the Hub's process; see `studio.hub.upload`."""
    sending = Sending(Repository(repository), token, private, message)
    told(report, lambda heard: send(sending, contents_of(folder), report=heard))
