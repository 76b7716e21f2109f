"""What a run goes on from: the adapter of another run, or of a folder, and all that lie beneath that one.

A run keeps what it goes on from in its own folder (`parents/01`, `parents/02` …, the oldest first), so it
goes on, and is asked and evaluated, whatever becomes of the runs that these were trained in.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from studio.errors import RunError, RunMissing
from studio.files import share, whole_folder
from studio.runs.folder import RunFolder

FILES = ("adapter_config.json", "adapters.safetensors")
"""What makes a folder an adapter, in mlx-lm's layout."""


def named_parent(name: str, runs: Path) -> Path:
    """The folder that a recipe's `base.adapter` names: that of a run under `runs`, or any other.

    Raises RunMissing where there is none.
    """
    own = runs / name
    if name == own.name and (own / "run.json").is_file():
        return own.absolute()
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise RunMissing("parent.missing", name=name)
    return folder.resolve()


def run_of(folder: Path) -> RunFolder | None:
    """The run that a folder is, or that its adapter belongs to."""
    inside = next(
        (each for each in (folder, *list(folder.parents)[:2]) if (each / "run.json").is_file()), None
    )
    return None if inside is None else RunFolder(inside)


def adapters_of(folder: Path) -> tuple[Path, ...]:
    """The adapters that make up what is in a folder, the oldest first and its own last.

    It is that of a run, of its `adapter`, of one of its checkpoints or of its parents, or any other with an
    adapter. Raises RunMissing where there is none, RunError where it holds no adapter.
    """
    if not folder.is_dir():
        raise RunMissing("parent.missing", name=folder)
    run = run_of(folder)
    if run is None:
        found: tuple[Path, ...] = (folder,)
    elif folder in run.parents():
        found = tuple(each for each in run.parents() if each.name <= folder.name)
    else:
        found = (*run.parents(), run.adapter if folder == run.path else folder)
    for each in found:
        if not all((each / name).is_file() for name in FILES):
            raise RunError("parent.no_adapter", folder=each, files=" and ".join(FILES))
    return found


def keep_parents(run: RunFolder, adapters: Sequence[Path]) -> None:
    """Keep in a run what it goes on from; the files are shared, where the disk can. Raises DiskError."""
    for number, adapter in enumerate(adapters, 1):
        with whole_folder(run.path / "parents" / f"{number:02}") as inside:
            for file in adapter.iterdir():
                if file.is_file():
                    share(file, inside / file.name)
