"""The job that finds what a run can be asked: its golden prompts, and its system prompt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import StudioError
from studio.events import Event
from studio.jobs.rows import golden_of_run
from studio.language import tr
from studio.runs.folder import RunFolder
from studio.runs.result import result_steps

if TYPE_CHECKING:
    from studio.dataset.record import Record
    from studio.train.dataset_cache import DatasetCache

MOST_GOLDEN = 200
_ROWS = 100
_USUAL = 0.5
"""A system prompt counts as what a run was trained with where so many of its first rows have it."""


@dataclass(frozen=True, eq=False)
class PromptsFound(Event, kind="PromptsFound"):
    """What a run can be asked, and in which of its versions. For the window only.

    `steps` are those of its checkpoints; `system` is nothing where most rows have none, or each its own.
    """

    run: str
    steps: tuple[int, ...]
    system: str
    golden: tuple[str, ...]


@dataclass(frozen=True)
class PromptsJob:
    """Find what a run can be asked. What cannot be read has no prompts."""

    run: RunFolder
    dataset: Path

    @property
    def title(self) -> str:
        return tr("Looking for prompts")

    def run_events(self, dataset_cache: DatasetCache) -> Generator[Event]:
        golden = golden_of_run(self.run, self.dataset)
        yield PromptsFound(
            self.run.name,
            result_steps(self.run),
            usual_system_prompt(self.run),
            tuple(_golden_prompts(golden)),
        )


def usual_system_prompt(run: RunFolder) -> str:
    """The system prompt of most rows that the run trains on; nothing where there is none, or no row."""
    try:
        records = list(_records(run))
    except (StudioError, OSError):
        return ""
    prompts = [next((m.content for m in each.messages if m.role == "system"), "") for each in records]
    if not prompts:
        return ""
    prompt, count = Counter(prompts).most_common(1)[0]
    return prompt if count >= _USUAL * len(prompts) else ""


def _records(run: RunFolder) -> Iterator[Record]:
    """The first rows that the run trains on, of those it kept."""
    from studio.dataset.manifest import is_saved
    from studio.dataset.read.file_reader import format_of, record_of, rows_of
    from studio.dataset.read.folders import files_of
    from studio.dataset.record import Record
    from studio.dataset.rows import Row

    if not is_saved(run.dataset):
        return
    file = files_of(run.dataset)[0]  # the part that is trained on
    rows = [row for row in islice(rows_of(file.source), _ROWS) if isinstance(row, Row)]
    format = format_of(file.name, [row.fields for row in rows])
    yield from (made for row in rows if isinstance(made := record_of(row, format), Record))


def _golden_prompts(golden: Path | None) -> list[str]:
    """Questions of a golden set that are one turn."""
    from studio.evaluate.golden import read_golden

    if golden is None:
        return []
    try:
        items = read_golden(golden).items
    except StudioError:
        return []
    asked = [item.prompt for item in items if len(item.turns) == 1]
    return list(dict.fromkeys(asked))[:MOST_GOLDEN]
