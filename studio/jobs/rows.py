"""The rows that a run trains on, kept in its folder: so it goes on whatever becomes of their file."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.dataset.manifest import is_saved
from studio.dataset.read.folders import GOLDEN_FILE, golden_beside
from studio.errors import RunError
from studio.events import Event
from studio.files import parsed, share, whole_folder
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder

if TYPE_CHECKING:
    from studio.dataset.dataset import Dataset
    from studio.dataset.record import Record
    from studio.train.prepare import Ready


@dataclass(frozen=True)
class _Parts:
    """The rows of each part of a dataset, as they are saved."""

    data: Dataset
    counts: tuple[Any, ...] = ()
    remarks: tuple[Any, ...] = ()

    def part(self, name: str) -> Collection[Record]:
        if name == "golden":
            return self.data.golden_records
        examples = getattr(self.data, name) if name else ()
        return tuple({example.record.line: example.record for example in examples}.values())


def keep_rows(data: Dataset, run: RunFolder, like: RunFolder | None = None) -> Generator[Event]:
    """Keep the rows in the run, as a saved dataset that is divided as they are.

    `like` is a run on the same rows: its files are shared, where the disk can.
    """
    from studio.dataset.save.folder import save

    if like is not None and is_saved(like.dataset):
        with whole_folder(run.dataset) as inside:
            for file in like.dataset.iterdir():
                share(file, inside / file.name)
        return
    yield from save(run.dataset, _Parts(data), format=data.format)


@contextmanager
def made_whole(run: RunFolder) -> Iterator[RunFolder]:
    """A run while it gets what it needs to begin; where that fails or is stopped, nothing of it stays."""
    try:
        yield run
    except BaseException:
        shutil.rmtree(run.path, ignore_errors=True)
        raise


def kept_recipe(run: RunFolder, recipe: Recipe) -> Recipe:
    """The recipe with the rows that the run kept, divided as it divided them; without any, as it is."""
    if not is_saved(run.dataset):
        return recipe
    values = {"path": str(run.dataset), "columns": "", "history": "", "validation_share": 0, "test_share": 0}
    return recipe.with_values({f"data.{name}": value for name, value in values.items()})


def named_as_read(ready: Ready, recipe: Recipe, fingerprint: str) -> Ready:
    """What was prepared with kept rows, by the name and the fingerprint of the file they are from."""
    path = Path(recipe.data.path)
    data = replace(ready.data, path=path, name=path.name, fingerprint=fingerprint)
    return replace(ready, data=data)


def golden_of_run(run: RunFolder, dataset: Path) -> Path | None:
    """The golden set that a run is asked with: among its rows, else in or beside its dataset."""
    kept = run.dataset / GOLDEN_FILE
    return kept if kept.is_file() else golden_beside(dataset)


def first_question(run: RunFolder) -> str:
    """The first prompt of the golden set that a run is asked with; nothing where there is none."""
    try:
        golden = golden_of_run(run, Path(str(run.manifest()["recipe"]["data"]["path"])))
        with open(golden or "", encoding="utf-8") as file:
            return str(parsed(file.readline())["prompt"])
    except (OSError, ValueError, KeyError, TypeError, RunError):
        return ""
