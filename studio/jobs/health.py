"""Looking a dataset over: every check, on the second queue."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.errors import DataError
from studio.events import Checked, Event, Log, Progress
from studio.train.recipe import Recipe

if TYPE_CHECKING:
    from pathlib import Path

    from studio.data.records import Record
    from studio.train.library import Library


@dataclass(frozen=True)
class HealthJob:
    """Check the recipe's dataset as a run would see it, and against the golden set beside it."""

    recipe: Recipe

    @property
    def title(self) -> str:
        return "Checking the dataset"

    def run_events(self, library: Library | None) -> Generator[Event]:
        from studio.data.health.checks import check_all
        from studio.data.health.subject import Subject

        yield Progress("Checking the dataset", 0)
        if library is None:  # on a thread of its own, so that examples need not wait for it
            from studio.train.library import Library

            library = Library()
        dataset = yield from library.open(self.recipe)
        golden, trouble = golden_of(dataset.path)
        if trouble:
            yield Log(trouble, "warning")
        subject = Subject.of(dataset, golden)
        findings = yield from check_all(subject)
        yield Checked(str(dataset.path), dataset.name, len(subject.records), findings)


def golden_of(dataset: Path) -> tuple[tuple[Record, ...], str]:
    """The rows of the golden set an evaluation would take, and why there are none where it is damaged."""
    from studio.data.read import read
    from studio.data.sources.folders import golden_beside

    path = golden_beside(dataset)
    if path is None:
        return (), ""
    try:
        return read(path).records, ""
    except DataError as error:
        return (), f"The golden set was not compared: {error}"
