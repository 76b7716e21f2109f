"""All checks by name, and what is done with them: look, preview, fix."""

from __future__ import annotations

from collections.abc import Generator

from studio.dataset.checks.answers import Boilerplate, Echo, Labels, Refusals
from studio.dataset.checks.check import Check, Found, Steps, Subject
from studio.dataset.checks.language import Language
from studio.dataset.checks.lengths import Context, CutRows, Lengths, OwnRows
from studio.dataset.checks.markers import Markers, Placeholders
from studio.dataset.checks.near_duplicates import Leakage, NearDuplicates
from studio.dataset.checks.personal_data import PersonalData
from studio.dataset.checks.rows import Contradictions, Duplicates, Empty, FewRows, Malformed
from studio.dataset.record import Record
from studio.errors import DataError
from studio.events import Finding, Progress

_ALL: tuple[Check, ...] = (
    Malformed(),
    Empty(),
    CutRows(),
    OwnRows(),
    Context(),
    Echo(),
    Duplicates(),
    NearDuplicates(),
    Leakage(),
    Contradictions(),
    Language(),
    Refusals(),
    Boilerplate(),
    PersonalData(),
    Markers(),
    Placeholders(),
    Lengths(),
    Labels(),
    FewRows(),
)
CHECKS: dict[str, Check] = {check.name: check for check in _ALL}

_LISTED = 1000
_PREVIEWED = 50

type Mended = tuple[int, Record, Record | None]


def check_all(subject: Subject) -> Steps[tuple[Finding, ...]]:
    """What every check says, in their order, good news included."""
    findings = []
    for check in CHECKS.values():
        found = yield from check.find(subject)
        findings.append(_finding(check, found, subject))
    return tuple(findings)


def previewing(subject: Subject, name: str) -> Steps[tuple[Mended, ...]]:
    """The first 50 rows a check would mend or drop: line, the row before, and after, None when dropped.

    Raises DataError for a check that does not exist.
    """
    check, lines = yield from _flagged(subject, name)
    flagged = [record for record in subject.records if record.line in lines]
    return tuple((r.line, r, _after(check, subject, r)) for r in flagged[:_PREVIEWED])


def fixing(subject: Subject, name: str) -> Steps[tuple[Record, ...]]:
    """The rows after a check's fix; where only a person can decide, all of them as they are.

    Raises DataError for a check that does not exist.
    """
    check, lines = yield from _flagged(subject, name)
    after = (_after(check, subject, r) if r.line in lines else r for r in subject.records)
    return tuple(record for record in after if record is not None)


def preview(subject: Subject, name: str) -> tuple[Mended, ...]:
    """`previewing`, at once."""
    return finished(previewing(subject, name))


def fixed(subject: Subject, name: str) -> tuple[Record, ...]:
    """`fixing`, at once."""
    return finished(fixing(subject, name))


def finished[Result](steps: Generator[Progress, None, Result]) -> Result:
    """What the steps come to, when nobody needs to see or stop them."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result


def _flagged(subject: Subject, name: str) -> Steps[tuple[Check, set[int]]]:
    if name not in CHECKS:
        raise DataError(f"There is no check called {name!r}. There are {', '.join(CHECKS)}.")
    check = CHECKS[name]
    if not check.fix:
        return check, set()
    found = yield from check.find(subject)
    return check, set(found.lines)


def _after(check: Check, subject: Subject, record: Record) -> Record | None:
    return check.repair(subject, record) if check.fix == "mend" else None


def _finding(check: Check, found: Found, subject: Subject) -> Finding:
    bad = bool(found.lines or found.summary)
    flagged = set(found.lines)
    fixable = any(record.line in flagged for record in subject.records)
    return Finding(
        check=check.name,
        title=check.title,
        severity=(found.severity or check.severity) if bad else "good",
        count=len(found.lines),
        total=len(subject.records),
        summary=found.summary or "Nothing found.",
        why=check.why,
        lines=found.lines[:_LISTED],
        evidence=found.evidence,
        fix=check.fix if fixable else "",  # what cannot be read is left out already
    )
