"""The job that writes the report of an evaluation."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from studio.errors import RunError
from studio.events import Event
from studio.language import tr
from studio.runs.evaluations import latest_evaluation, read_evaluation
from studio.runs.folder import RunFolder


@dataclass(frozen=True, eq=False)
class ReportWritten(Event, kind="ReportWritten"):
    """A report is in this folder. For the window and the command line only."""

    folder: Path


@dataclass(frozen=True)
class ReportJob:
    """Write the report of a run's newest evaluation, or of one of its folders, into `report/` of the run."""

    run: RunFolder
    evaluation: Path | None = None
    target: Path | None = None

    @property
    def title(self) -> str:
        return tr("Writing the report")

    def run_events(self, context: object) -> Generator[Event]:
        from studio.evaluate.report.write import write_report

        stored = read_evaluation(self.evaluation) if self.evaluation else latest_evaluation(self.run)
        if stored is None:
            raise RunError("report.no_evaluation", name=self.run.name)
        template = self.run.template.read_text(encoding="utf-8") if self.run.template.is_file() else ""
        yield ReportWritten(write_report(self.run, stored, self.target or self.run.path / "report", template))
