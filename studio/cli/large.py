"""`studio data DATA` of a file too big to hold: what a scan finds in it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path

from studio.cli.results import Result
from studio.cli.terminal import perform, report
from studio.events import DatasetExported, Event, Progress, Scanned
from studio.jobs.scan import BadRowsJob, ScanJob
from studio.words import file_size

_COUNTS = (
    ("good", "train"),
    ("warnings", "train, but deserve a look"),
    ("duplicates", "of these are exact duplicates"),
    ("bad", "cannot train"),
    ("empty", "of these are empty"),
)


def show_large(path: Path, scans: Path, bad: Path | None, as_json: bool) -> None:
    """Scan a big file and say what is in it; write what is wrong with its bad rows where asked."""
    found: list[Scanned] = []
    for _ in perform(_scanned(ScanJob(path, scans), found)):
        pass
    result = of_scan(path, found[-1])
    report(result.document, result.text, as_json)
    if bad is not None and found[-1].bad:
        for event in perform(BadRowsJob(path, Path(found[-1].folder), bad).run_events(None)):
            if isinstance(event, DatasetExported) and not as_json:
                report(None, f"{event.rows:,} rows that cannot train written to {bad}.", as_json=False)


def of_scan(path: Path, scan: Scanned) -> Result:
    """What a finished scan has found."""
    shown = {name: value for name, value in asdict(scan).items() if name not in ("folder", "finished")}
    head = f"{path.name}: {scan.rows:,} rows, {scan.format}, {file_size(path.stat().st_size)}"
    counts = [f"  {getattr(scan, name):,} {words}" for name, words in _COUNTS if getattr(scan, name)]
    lengths = f"  median {scan.median:,} characters, longest {scan.longest:,}"
    part = f'  studio data save "{path}" PART --step "cap rows=100000 how=random"'
    text = "\n".join((head, *counts, lengths, "Next, to train on a part of it:", part))
    return Result({"path": str(path), **shown}, text)


def _scanned(job: ScanJob, found: list[Scanned]) -> Generator[Event]:
    """The job's events as progress; what it has found is kept."""
    for event in job.run_events(None):
        if isinstance(event, Scanned):
            found.append(event)
            yield Progress("rows checked", event.rows, event.expected_rows)
        else:
            yield event
