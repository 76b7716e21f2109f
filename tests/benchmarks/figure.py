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
