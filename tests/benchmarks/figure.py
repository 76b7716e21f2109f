"""One measured figure and what it is held against."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A figure as the table shows it."""

    name: str
    text: str
    target: str
    within: bool

    @property
    def judgement(self) -> str:
        """Whether the target is met, in a word; nothing where there is none."""
        return "" if self.target == "-" else "within" if self.within else "MISSED"
