"""Several files made one dataset, or one whose columns a person has named."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.data.mapping import Mapping, UnknownColumns
from studio.events import DatasetSaved, Event
from studio.jobs.columns import asked
from studio.words import counted


@dataclass(frozen=True)
class BringJob:
    """Read files and folders together, and save what they hold as one dataset in `out`."""

    paths: tuple[Path, ...]
    out: Path
    columns: str = ""  # as the recipe's data.columns

    @property
    def title(self) -> str:
        return "Bringing files together"

    def run_events(self, bench: Any) -> Generator[Event]:
        from studio.data.history.shaping import apply
        from studio.data.read import reading
        from studio.data.saving.manifest import sources_of
        from studio.data.saving.saved import save
        from studio.data.saving.target import check_sources

        check_sources(self.out, self.paths)
        try:
            source = yield from reading(self.paths, Mapping.parse(self.columns) if self.columns else None)
        except UnknownColumns as error:
            yield asked(str(self.paths[0]), error.columns, error.guess)
            raise
        shaped = yield from apply(source.records, (), source.given)
        files = sources_of(self.paths)
        manifest = yield from save(
            self.out,
            shaped,
            format=source.format,
            sources=files,
            problems=source.problems,
            columns=self.columns,
        )
        rows = manifest.rows
        lost = len({problem.line for problem in source.problems if problem.severity == "error"})
        remarks = (f"Left out: {counted(lost, 'row')} that could not be read.",) if lost else ()
        yield DatasetSaved(
            path=str(self.out),
            name=manifest.name,
            fingerprint=manifest.fingerprint,
            train=rows.get("train", 0),
            validation=rows.get("validation", 0),
            test=rows.get("test", 0),
            golden=rows.get("golden", 0),
            undivided=rows.get("", 0),
            remarks=remarks,
        )
