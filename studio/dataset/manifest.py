"""What `dataset.json` says of a saved dataset. It is written last, so its presence means complete."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path, PurePath
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from studio.catalogue import Phrase, common, phrase
from studio.errors import DataError
from studio.events import Problem
from studio.files import NewerFile, read_object, restore, version_of
from studio.words import printable

NAME = "dataset.json"
SCHEMA = 1
_REASONS = 50  # kinds of problem that are counted one by one


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True)  # fields that a newer version adds are left aside


class SourceFile(_Plain):
    """A file that rows came from, as it was then."""

    name: str
    path: str
    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> SourceFile:
        name, where = printable(path.name), printable(str(path))
        return cls(name=name, path=where, bytes=path.stat().st_size, sha256=sha256(path))


class PartFile(_Plain):
    """One Parquet file: all of its rows belong to one part (empty: not divided)."""

    file: str
    part: str
    rows: int
    sha256: str


class StepCount(_Plain):
    """A line of the history: what was done, and how many rows there were before and after."""

    words: str
    before: int
    after: int


class Manifest(_Plain):
    """A saved dataset. `history` are the steps, as `steps_from` reads them; `problems` counts by reason.

    `columns` is the recipe's `data.columns` with which the first source was read; `texts` are the SHA-256 of
    the files beside the parts, which the first release did not write down.
    """

    schema_version: int = SCHEMA
    name: str
    format: str
    columns: str = ""
    fingerprint: str
    created: str
    app_version: str
    rows: dict[str, int]
    sources: tuple[SourceFile, ...]
    history: tuple[dict[str, Any], ...]
    counts: tuple[StepCount, ...]
    remarks: tuple[str, ...]
    problems: dict[str, int]
    files: tuple[PartFile, ...]
    texts: dict[str, str] = {}

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """The manifest in the folder. Raises DataError when it is damaged or of a newer version."""
        path = folder / NAME
        restore(folder, is_saved)
        missing = DataError("saved.missing", folder=folder, manifest=NAME)
        values = read_object(path, DataError, missing, phrase("saved.again"))
        try:
            version_of(path, values, SCHEMA, "schema_version")
            return cls.model_validate(values)._with_paths(partial(_whole, folder.expanduser().absolute()))
        except NewerFile as error:
            raise DataError(error.said) from error
        except (ValueError, TypeError) as error:
            fault = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
            raise DataError("saved.damaged", file=path, fault=fault) from error

    def text(self, folder: Path) -> str:
        """What `dataset.json` holds in this folder: paths from there on, which tell no name of a person."""
        return self._with_paths(partial(os.path.relpath, start=folder.expanduser().absolute()))._text()

    def published(self) -> str:
        """The same for somebody else's eyes: of each file its name, and not where it lies."""
        return self._with_paths(lambda path: PurePath(path).name)._text()

    def _text(self) -> str:
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"

    def _with_paths(self, changed: Callable[[str], str]) -> Manifest:
        """The manifest with every path that it holds changed so."""
        sources = tuple(
            source.model_copy(update={"path": changed(source.path) if source.path else ""})
            for source in self.sources
        )
        history = tuple(
            {**step, "path": changed(step["path"])}
            if step.get("path") and isinstance(step["path"], str)
            else step
            for step in self.history
        )
        return self.model_copy(update={"sources": sources, "history": history})


def _whole(folder: Path, path: str) -> str:
    """A path as the manifest in this folder has it, whole; earlier versions wrote whole ones."""
    return path if os.path.isabs(path) else os.path.normpath(folder / path)


def is_saved(path: Path) -> bool:
    """Whether this is the folder of a saved dataset."""
    try:
        with (path / NAME).open("rb") as file:
            return b'"schema_version"' in file.read(200)
    except OSError:
        return False


def sha256(path: Path) -> str:
    """All 64 hexadecimal digits of the file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def counted(problems: Iterable[Problem]) -> dict[str, int]:
    """How often each kind of problem occurs, in words that leave open what differs among its rows."""
    kinds = Counter[tuple[Any, ...]]()
    phrases: dict[tuple[Any, ...], Phrase] = {}
    for problem in problems:
        shape = problem.what.shape
        kinds[shape] += 1
        phrases[shape] = common(phrases[shape], problem.what) if shape in phrases else problem.what
    return dict(sorted((str(phrases[shape]), count) for shape, count in kinds.most_common(_REASONS)))
