"""`studio data --health`: what every check says of a dataset, below its description."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from studio.cli.results import Result
from studio.cli.terminal import perform
from studio.data.places import Places
from studio.events import Checked, DatasetRead, Evidence, Finding
from studio.jobs.health import HealthJob
from studio.train.library import Library
from studio.train.recipe import Recipe

_QUOTED = 3
_SIGNS = {"good": "ok  ", "look": "look", "bad": "BAD "}


def with_health(described: Result, read: DatasetRead, recipe: Recipe, library: Library) -> Result:
    """The description of a dataset with its findings: in the document under "health"."""
    events = perform(HealthJob(recipe).run_events(library))
    findings = next(event.findings for event in events if isinstance(event, Checked))
    lines = [line for finding in findings for line in _lines(finding, Places(read.files))]
    document = {**described.document, "health": [asdict(finding) for finding in findings]}
    return Result(document, "\n".join((described.text, "", "Health:", *lines)))


def _lines(finding: Finding, places: Places) -> Iterator[str]:
    yield f"  {_SIGNS[finding.severity]} {finding.title}: {finding.summary}"
    for item in finding.evidence[:_QUOTED]:
        yield f"         {_where(item, places)}: {item.quote}"
    if finding.count > _QUOTED:
        yield f"         and {finding.count - _QUOTED:,} more"


def _where(item: Evidence, places: Places) -> str:
    here = places.words(item.line)
    if item.other is None:
        return here
    other = f"line {-item.other} of the golden set" if item.other < 0 else places.words(item.other)
    return f"{here}, as {other}"
