"""Which files a folder or a choice of several stands for, and which part of the dataset each one is."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from studio.dataset.read.json_documents import sections
from studio.dataset.read.source import EXTENSIONS, Source, kind_of
from studio.dataset.split import GOLDEN, PARTS, part_named
from studio.errors import DataError
from studio.files import parsed

GOLDEN_FILE = "golden.jsonl"
"""The golden set of the dataset that it lies in or beside."""

_FILES = 1000
_VISITED = 50_000
"""Files of any kind that are gone through to find those of a dataset."""

_HIDDEN = (".", "__")
_PROSE = (".txt", ".md")
_BESIDE = re.compile(
    r"(readme|license|licence|changelog|notice)\b|golden\.|(dataset_infos?|dataset_dict|dataset|state)\.json$"
)
"""What lies beside the examples in a folder: papers, the golden set, manifests."""


@dataclass(frozen=True)
class DataFile:
    """A file to read, the name it is shown under, and the part it was given as (or empty).

    `section` is the array of a .json file that is meant, where that has one for each part.
    """

    path: Path
    name: str
    part: str = ""
    section: str = ""

    @property
    def source(self) -> Source:
        """The file, to be read."""
        return Source(self.path, self.section)


def files_of(chosen: Path | Sequence[Path]) -> tuple[DataFile, ...]:
    """The files behind what was chosen. Raises DataError where there is none that can be read."""
    paths = [chosen] if isinstance(chosen, Path) else [Path(path) for path in chosen]
    if not paths:
        raise DataError("file.none_chosen")
    whole = [file for path in paths for file in (_inside(path) if path.is_dir() else [_alone(path)])]
    found = [piece for file in whole for piece in _divided(file)]
    if len(found) == 1:
        return (DataFile(found[0].path, found[0].name),)
    parts = {file.part for file in found}
    if not parts & {"validation", "test"} or parts <= {"validation", "test"}:
        return tuple(replace(file, part="") for file in _distinguished(found))
    return tuple(replace(file, part=file.part or "train") for file in _distinguished(found))


def _divided(file: DataFile) -> Iterator[DataFile]:
    """The file, or its arrays where it has one for each part."""
    names = sections(file.source)
    for name in names:
        yield DataFile(file.path, f"{file.name} ({name})", part_named(name), name)
    if not names:
        yield file


def golden_beside(dataset: Path) -> Path | None:
    """The `golden.jsonl` in the dataset's folder, or else beside the dataset; None where there is none."""
    inside, beside = dataset / GOLDEN_FILE, dataset.with_name(GOLDEN_FILE)
    return next((path for path in (inside, beside) if path.is_file() and path != dataset), None)


def modified(chosen: Path) -> float:
    """When any of the files was written last, in seconds; 0 where there is none."""
    if not chosen.exists():
        return 0.0
    inside = _readable(chosen) if chosen.is_dir() else ()
    times: list[float] = [path.stat().st_mtime for path in (chosen, *inside)]
    return max(times)


def _alone(path: Path) -> DataFile:
    if not path.exists():
        raise DataError("file.missing", file=path)
    if not path.is_file():
        raise DataError("file.not_regular", file=path)
    if kind_of(path) not in EXTENSIONS:
        kinds = ", ".join(EXTENSIONS)
        if not path.suffix:
            raise DataError("file.no_extension", file=path.name, kinds=kinds)
        raise DataError("file.other_kind", file=path.name, kind=path.suffix, kinds=kinds)
    return DataFile(path, path.name, _part(Path(path.name)))


def _inside(folder: Path) -> Iterator[DataFile]:
    """A folder's files; where some are named train, valid or test, those alone."""
    found = [DataFile(path, path.relative_to(folder).as_posix()) for path in _readable(folder)]
    named = [DataFile(file.path, file.name, part) for file in found if (part := _part(Path(file.name)))]
    if not found:
        raise DataError("folder.no_examples", folder=folder, kinds=", ".join(EXTENSIONS))
    if any(file.part == "train" for file in named):
        yield from sorted(named, key=lambda file: PARTS.index(file.part))
    else:
        yield from found


def _readable(folder: Path) -> list[Path]:
    """Files of a kind we read, in order of their names; prose only where there is nothing else."""
    inside = [
        path
        for path in _below(folder)
        if kind_of(path) in EXTENSIONS and not _BESIDE.match(path.name.lower()) and _holds_something(path)
    ]
    inside = [path for path in inside if kind_of(path) != ".arrow" or _is_data(path)]
    if len(inside) > _FILES:
        raise DataError("folder.too_many", folder=folder, files=len(inside), most=_FILES)
    structured = [path for path in inside if kind_of(path) not in _PROSE]
    return sorted(structured or inside, key=lambda path: _natural(path.relative_to(folder).as_posix()))


def _is_data(path: Path) -> bool:
    """Whether an Arrow file is one that its folder's list of data names, or at least no cache of a step."""
    try:
        state = parsed((path.parent / "state.json").read_text(encoding="utf-8"))
        return path.name in [file["filename"] for file in state["_data_files"]]
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return not path.name.startswith("cache-")


def _below(folder: Path) -> Iterator[Path]:
    """All in a folder and its subfolders that is not hidden; what cannot be opened is left aside."""
    visited = 0
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(_HIDDEN)]
        visited += len(names) + 1
        if visited > _VISITED:
            raise DataError("folder.very_many", folder=folder)
        yield from (Path(here, name) for name in names if not name.startswith(_HIDDEN))


def _holds_something(path: Path) -> bool:
    return os.path.isfile(path) and os.path.getsize(path) > 0


def _part(path: Path) -> str:
    """What a file's name or its folder's name says: `train-00000-of-00002`, `sst2_test`, `test/data`."""
    words = [word for word in re.split(r"[-_. ]+", path.name.split(".")[0].lower()) if word.isalpha()]
    words = [word for word in words if word != "of"]
    folders = [folder.lower() for folder in reversed(path.parts[:-1])]
    candidates = (*words[:1], *words[-1:], *folders)
    return next((part for word in candidates if (part := part_named(word)) not in ("", GOLDEN)), "")


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(word), "") if word.isdecimal() else (0, word) for word in re.split(r"([0-9]+)", name)]


def _distinguished(files: Sequence[DataFile]) -> Iterator[DataFile]:
    """The files, those of equal names with their folder before it."""
    names = Counter(file.name for file in files)
    for file in files:
        name = f"{file.path.parent.name}/{file.name}" if names[file.name] > 1 else file.name
        yield replace(file, name=name)
