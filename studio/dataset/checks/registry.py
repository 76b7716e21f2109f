"""All checks by name, and what is done with them: look, preview, fix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from studio.dataset.checks.answers import Boilerplate, Echo, Labels, RefusalCheck
from studio.dataset.checks.check import Check, Found, Looking, Steps, Subject, in_one_pass
from studio.dataset.checks.language import Language
from studio.dataset.checks.lengths import Context, CutRows, Lengths, OwnRows
from studio.dataset.checks.markers import Markers, Placeholders
from studio.dataset.checks.near_duplicates import Leakage, NearDuplicates
from studio.dataset.checks.personal_data import PersonalData
from studio.dataset.checks.rows import Contradictions, Duplicates, Empty, FewRows, Malformed
from studio.dataset.record import Record
from studio.dataset.sequence import Lines, RecordChange
from studio.errors import DataError
from studio.events import Finding
from studio.language import tr

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
    RefusalCheck(),
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
    findings = yield from in_one_pass(subject, [_finding_of(check, subject) for check in CHECKS.values()])
    return tuple(findings)


def _finding_of(check: Check, subject: Subject) -> Looking[Finding]:
    """What a check says: of all that it flags, only as much as is shown stays in memory."""
    found = yield from check.looking(subject)
    return _finding(check, found, subject)


def previewing(subject: Subject, name: str, known: Sequence[int] = ()) -> Steps[tuple[Mended, ...]]:
    """The first 50 rows a check would mend or drop: line, the row before, and after, None when dropped.

    Where `known` has lines that the check has flagged, the rows are not looked over again. Raises DataError
    for a check that does not exist.
    """
    check, places = _check(name), _places(subject, known)
    if not len(places):
        check, lines = yield from _flagged(subject, name)
        places = _places(subject, lines)
    return tuple((r.line, r, _after(check, subject, r)) for r in subject.at(places[:_PREVIEWED].tolist()))


class Mending(NamedTuple):
    """What a check's fix does: the lines that it drops, those that it changes, and how."""

    dropped: Lines
    changed: Lines
    change: RecordChange


def mending_by(subject: Subject, name: str) -> Steps[Mending]:
    """What the fix of a check does to the rows. Raises DataError for a check that does not exist."""
    check, flagged = yield from _flagged(subject, name)
    lines = np.array(flagged, np.int64)
    if check.fix != "mend":
        return Mending(lines, lines[:0], _unchanged)
    places = _places(subject, flagged)
    whole = [r.line for r in subject.at(places.tolist()) if _after(check, subject, r) is not None]
    mended = np.array(whole, np.int64)
    return Mending(np.setdiff1d(lines, mended), mended, lambda r: _after(check, subject, r) or r)


def _unchanged(record: Record) -> Record:
    return record


def _flagged(subject: Subject, name: str) -> Steps[tuple[Check, tuple[int, ...]]]:
    """The check, and the lines its fix would mend or drop. Raises DataError where there is no such check."""
    check = _check(name)
    if not check.fix:
        return check, ()
    found = yield from check.find(subject)
    return check, found.lines


def _check(name: str) -> Check:
    if name not in CHECKS:
        raise DataError("check.unknown", name=name, names=", ".join(CHECKS))
    return CHECKS[name]


def _places(subject: Subject, lines: Sequence[int]) -> NDArray[np.intp]:
    """Where among the rows those on these lines are."""
    return np.flatnonzero(np.isin(subject.lines, np.array(lines, np.int64)))


def _after(check: Check, subject: Subject, record: Record) -> Record | None:
    return check.repair(subject, record) if check.fix == "mend" else None


def _finding(check: Check, found: Found, subject: Subject) -> Finding:
    bad = bool(found.lines or found.summary)
    fixable = bool(np.isin(np.array(found.lines, np.int64), subject.lines).any()) if found.lines else False
    return Finding(
        check=check.name,
        title=check.title,
        severity=(found.severity or check.severity) if bad else "good",
        count=len(found.lines),
        total=len(subject.records),
        summary=found.summary or tr("Nothing found."),
        why=check.why,
        lines=found.lines[:_LISTED],
        evidence=found.evidence,
        fix=check.fix if fixable else "",  # what cannot be read is left out already
    )
