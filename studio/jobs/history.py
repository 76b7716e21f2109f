"""Where a saved dataset came from: its source, and what was done on the way."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.dataset.manifest import NAME, Manifest, SourceFile, is_saved, sha256
from studio.dataset.steps.apply import together
from studio.dataset.steps.steps import AnyStep, Mix, steps_written
from studio.events import Event
from studio.language import tr

_MOST_LINKS = 100


@dataclass(frozen=True)
class StepDone:
    """A line of the history: the step, or several by hand; its words, and the rows before and after."""

    steps: tuple[AnyStep, ...]
    words: str
    before: int
    after: int


@dataclass(frozen=True)
class HistoryRead(Event, kind="HistoryRead"):
    """Where a dataset came from, and what was done in each dataset on the way.

    The first one's steps come first. The source is empty where it came from several files, or from a saved
    dataset in whose place there is another by now; `columns` is the recipe's data.columns with which it was
    read. For the window only.
    """

    source: str
    columns: str
    links: tuple[tuple[StepDone, ...], ...]


@dataclass(frozen=True)
class HistoryJob:
    """Read the manifests of a dataset and of those that it was saved from."""

    path: Path

    @property
    def title(self) -> str:
        return tr("Reading the history")

    def run_events(self, context: Any) -> Generator[Event]:
        yield history(self.path)


def history(path: Path) -> HistoryRead:
    """Follow a dataset back to its source. Raises DataError when a manifest cannot be read."""
    links: list[tuple[StepDone, ...]] = []
    columns = ""
    while is_saved(path) and len(links) < _MOST_LINKS:
        manifest = Manifest.read(path)
        links.insert(0, steps_done(manifest))
        columns = manifest.columns
        steps = steps_written(manifest.history)
        if len(manifest.sources) != 1 + sum(isinstance(step, Mix) for step in steps):
            return HistoryRead("", columns, tuple(links))
        source = manifest.sources[0]
        path = Path(source.path)
        if path.name == NAME:
            if path.is_file() and has_changed(source):
                return HistoryRead("", columns, tuple(links))
            path = path.parent
    return HistoryRead(str(path), columns, tuple(links))


def steps_done(manifest: Manifest) -> tuple[StepDone, ...]:
    """What a saved dataset says was done to its source."""
    groups = [
        step if isinstance(step, tuple) else (step,) for step in together(steps_written(manifest.history))
    ]
    return tuple(
        StepDone(steps, count.words, count.before, count.after)
        for steps, count in zip(groups, manifest.counts, strict=False)
    )


def has_changed(source: SourceFile) -> bool:
    """Whether a file holds something else than when it was read."""
    path = Path(source.path)
    return path.stat().st_size != source.bytes or sha256(path) != source.sha256
