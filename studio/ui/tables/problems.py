"""What is wrong with a dataset, grouped: one line per kind of problem, with the lines it touches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from studio.events import DatasetRead, Problem

_SPECIFIC = re.compile(r"\"[^\"]*\"|'[^']*'|\d[\d,.]*\d|\d")
_LISTED_LINES = 5


@dataclass(frozen=True)
class ProblemGroup:
    """Problems that differ only in their numbers and quoted words. Line 0 stands for the whole file."""

    reason: str
    severity: str
    lines: tuple[int, ...]

    @property
    def where(self) -> str:
        """The lines in words: "line 7", "lines 7, 12, 30 and 41 more", "the whole file"."""
        lines = [line for line in self.lines if line > 0]
        if not lines:
            return "the whole file"
        if len(lines) == 1:
            return f"line {lines[0]:,}"
        listed = ", ".join(f"{line:,}" for line in lines[:_LISTED_LINES])
        more = len(lines) - _LISTED_LINES
        return f"lines {listed} and {more:,} more" if more > 0 else f"lines {listed}"


def normalised(reason: str) -> str:
    """A reason without what is particular to its line, so that equal kinds compare equal."""
    return _SPECIFIC.sub("…", reason).strip()


def as_sentence(reason: str) -> str:
    """A reason as it begins a line: with a capital."""
    return reason[:1].upper() + reason[1:]


def group_problems(dataset: DatasetRead) -> tuple[ProblemGroup, ...]:
    """Every kind of problem, errors first, then by how many lines it touches."""
    groups: dict[tuple[str, str], list[Problem]] = {}
    for problem in _all_problems(dataset):
        groups.setdefault((problem.severity, normalised(problem.reason)), []).append(problem)
    found = [
        ProblemGroup(
            as_sentence(same[0].reason if len({problem.reason for problem in same}) == 1 else reason),
            severity,
            tuple(sorted({problem.line for problem in same})),
        )
        for (severity, reason), same in groups.items()
    ]
    return tuple(sorted(found, key=lambda group: (group.severity != "error", -len(group.lines))))


def _all_problems(dataset: DatasetRead) -> Iterator[Problem]:
    """The problems of the file, and warnings that only its rows have."""
    yield from dataset.problems
    told = {problem.line for problem in dataset.problems}
    for row in dataset.rows:
        if row.warning and row.line not in told:
            yield Problem(row.line, row.warning, "warning")
