"""What is wrong with a dataset, grouped: one line per kind of problem, with the lines it touches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

from studio.catalogue import common
from studio.events import DatasetRead, Problem

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


def as_sentence(reason: str) -> str:
    """A reason as it begins a line: with a capital."""
    return reason[:1].upper() + reason[1:]


def group_problems(dataset: DatasetRead) -> tuple[ProblemGroup, ...]:
    """Every kind of problem, errors first, then by how many lines it touches."""
    groups: dict[tuple[Any, ...], list[Problem]] = {}
    for problem in dataset.problems:
        groups.setdefault((problem.severity, problem.what.shape), []).append(problem)
    found = [
        ProblemGroup(
            as_sentence(str(reduce(common, (problem.what for problem in same)))),
            same[0].severity,
            tuple(sorted({problem.line for problem in same})),
        )
        for same in groups.values()
    ]
    return tuple(sorted(found, key=lambda group: (group.severity != "error", -len(group.lines))))
