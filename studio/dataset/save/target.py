"""Whether something may be written to a place: its sources stay as they are, and so does what is not ours."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from studio.catalogue import first_of
from studio.dataset.manifest import NAME, Manifest, is_saved, sha256
from studio.dataset.read.folders import GOLDEN_FILE, files_of, golden_beside
from studio.dataset.split import GOLDEN
from studio.errors import DataError, TargetError
from studio.files import check_target, restore, strangers

CARD = "README.md"
_CARD_MARK = "- tuning-studio\n"  # a tag in the card's front matter
_SHOWN = 5


def check_sources(out: Path, datasets: Iterable[Path]) -> None:
    """Raise TargetError where writing `out` would touch one of the datasets, or what they were made of."""
    check_target(out, (each for dataset in datasets for each in _behind(dataset.expanduser())))


def check_folder(folder: Path) -> tuple[str, ...]:
    """What a dataset saved in `folder` would replace: the files of the one saved there before, by name.

    Raises TargetError when the folder holds anything that is not of such a dataset, as it was saved.
    """
    restore(folder, is_saved)
    if not folder.is_dir():
        if os.path.lexists(folder):
            raise TargetError("target.is_file", folder=folder)
        return ()
    ours = _of_dataset(folder)
    if others := strangers(folder, ours):
        if ours:
            raise TargetError("target.beside_dataset", folder=folder, names=first_of(others, _SHOWN))
        raise TargetError("target.no_dataset", folder=folder, names=first_of(others, _SHOWN))
    return tuple(sorted(name for name in ours if (folder / name).exists()))


def check_file(path: Path, is_ours: Callable[[Any], bool]) -> None:
    """Raise TargetError when a file stands at `path` in which not every line is JSON that `is_ours`."""
    if not os.path.lexists(path):
        return
    try:
        with path.open(encoding="utf-8") as file:
            if all(is_ours(json.loads(line)) for line in file):
                return
    except (OSError, ValueError, RecursionError):
        pass
    raise TargetError("target.not_ours", target=path)


def refuse_others(folder: Path, ours: frozenset[str]) -> None:
    """Raise TargetError when the folder holds anything but these files of ours."""
    if others := strangers(folder, ours):
        raise TargetError("target.strangers", folder=folder, names=first_of(others, _SHOWN))


def _behind(dataset: Path) -> Iterator[Path]:
    """A dataset, each of its files, its golden set, and those that its manifest says it was made of."""
    seen: set[Path] = set()
    ahead = [dataset]
    while ahead:
        path = ahead.pop()
        if path in seen:
            continue
        seen.add(path)
        yield path
        if is_saved(path):
            with contextlib.suppress(DataError):  # a damaged manifest is told of where it is opened
                made_of = [Path(source.path) for source in Manifest.read(path.resolve()).sources]
                ahead += [
                    each.parent if each.name == NAME else each for each in made_of if each.is_absolute()
                ]
    with contextlib.suppress(DataError, OSError):
        yield from (file.path for file in files_of(dataset))
    if (golden := golden_beside(dataset)) is not None:
        yield golden


def _of_dataset(folder: Path) -> frozenset[str]:
    """The files that a saved dataset's own whole manifest lists, those that people edit only if unchanged."""
    try:
        manifest = Manifest.read(folder)  # the whole of it: other tools write files of the same name
    except DataError:
        return frozenset()
    ours = {NAME, *(file.file for file in manifest.files)}
    for name in (CARD, *([GOLDEN_FILE] if manifest.rows.get(GOLDEN) else [])):
        path = folder / name
        if path.is_file() and _as_saved(path, manifest.texts.get(name, "")):
            ours.add(name)
    return frozenset(ours)


def _as_saved(path: Path, digest: str) -> bool:
    """Whether a text is as we wrote it; of the first release, which kept no digest, whether it is ours."""
    if digest:
        return sha256(path) == digest
    return path.name != CARD or _CARD_MARK in path.read_text(encoding="utf-8", errors="replace")
