"""Accepted rows on their way into a dataset, and which of them are there already."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from itertools import count
from pathlib import Path

from studio.dataset.manifest import NAME, Manifest, is_saved
from studio.dataset.save.export import row_of
from studio.dataset.steps.steps import AnyStep, Mix
from studio.errors import DataError
from studio.files import write_text
from studio.synth.folder import SyntheticFolder
from studio.synth.generators import GENERATORS
from studio.synth.rows import SyntheticRow


def ancestors(dataset: Path) -> frozenset[Path]:
    """The dataset and all it was made of: files and saved datasets, as far as their manifests tell."""
    found: set[Path] = set()
    ahead = [dataset]
    while ahead:
        path = ahead.pop()
        path = path.parent if path.name == NAME else path
        if path not in found:
            found.add(path)
            ahead += _sources(path)
    return frozenset(found)


def _sources(path: Path) -> list[Path]:
    try:
        return [Path(source.path) for source in Manifest.read(path).sources] if is_saved(path) else []
    except DataError:
        return []  # a damaged manifest is told of where it is opened


def folders_of(made: Path, dataset: Path | None) -> list[SyntheticFolder]:
    """The folders below `made` that belong to a dataset, the newest first; to none: those from documents."""
    line = ancestors(dataset) if dataset else frozenset[Path]()
    parents = {path.parent for path in line}
    found = []
    for manifest in made.glob("*/making.json"):
        folder = SyntheticFolder(manifest.parent)
        try:
            data = folder.plan().data
        except DataError:
            continue  # of a newer version, or damaged: told of apart
        if folder.path in parents or (Path(data) in line if data else dataset is None):
            found.append(folder)
    return sorted(found, key=lambda folder: folder.path.name, reverse=True)


def damaged_folders(made: Path) -> list[tuple[Path, str]]:
    """The folders below `made` of which nobody can tell what they belong to, each with why."""
    found = []
    for manifest in sorted(made.glob("*/making.json")):
        try:
            SyntheticFolder(manifest.parent).plan()
        except DataError as error:
            found.append((manifest.parent, str(error)))
    return found


def added(folder: SyntheticFolder, dataset: Path | None, steps: Iterable[AnyStep] = ()) -> frozenset[int]:
    """The numbers of the folder's rows that the dataset, with these steps, holds just as they are now."""
    mixed = [Path(step.path) for step in steps if isinstance(step, Mix)]
    sources = {*ancestors(dataset), *mixed} if dataset else set()
    files = [path for path in sources if path.parent == folder.path]
    there = {line for file in files if file.is_file() for line in file.read_text("utf-8").splitlines()}
    if not there:
        return frozenset()
    return frozenset(row.number for row, review in folder.reviewed() if review.counts and _line(row) in there)


def write_rows(folder: SyntheticFolder, numbers: Collection[int]) -> Path:
    """Write these of the accepted rows into a file of their own in the folder, as JSONL.

    Raises DataError when none of them is accepted.
    """
    rows = [row for row, review in folder.reviewed() if review.counts and row.number in numbers]
    if not rows:
        raise DataError("synth.none_accepted")
    title = GENERATORS[folder.plan().maker].title.lower()
    name = f"{len(rows)} made row{'s' if len(rows) != 1 else ''} ({title})"
    path = _free(folder.path, name)
    write_text(path, "".join(f"{_line(row)}\n" for row in rows))
    return path


def _free(folder: Path, name: str) -> Path:
    names: Iterable[str] = (f"{name}{'' if number == 1 else f' {number}'}.jsonl" for number in count(1))
    return next(path for each in names if not (path := folder / each).exists())


def _line(row: SyntheticRow) -> str:
    return json.dumps(row_of(row.record(0)), ensure_ascii=False)
