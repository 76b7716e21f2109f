"""What a list of runs says about each of them, as plain values that may cross threads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from studio.events import Evaluated, Event, GoldenAnswer

STATES = ("running", "done", "stopped", "failed", "interrupted", "damaged")
"""running: another process or this one holds it; interrupted: it ended without saying so (power, a crash);
damaged: what it says of itself cannot be read."""


@dataclass(frozen=True)
class RunSummary:
    """One run at a glance. Losses are None until the first validation."""

    name: str
    folder: Path
    created: datetime
    state: str  # one of STATES
    message: str  # the closing sentence, when there is one
    model: str
    dataset: str  # the path of the dataset
    recipe: dict[str, Any]
    step: int
    steps: int
    best_loss: float | None
    best_step: int | None
    base_exact: float | None  # share of the golden set, from the newest evaluation
    tuned_exact: float | None
    seconds: float = 0.0  # spent on steps, over all sittings
    learning_rate: float | None = None  # the highest, also where the recipe left it open
    sweep: str = ""  # the sweep that it belongs to, if any
    damage: str = ""  # what of its files cannot be read, in a sentence

    @property
    def resumable(self) -> bool:
        return self.state in ("stopped", "failed", "interrupted")


@dataclass(frozen=True)
class RunsListed(Event, kind="RunsListed"):
    """All runs, newest first. For the window only: it is never written to a file."""

    runs: tuple[RunSummary, ...]


@dataclass(frozen=True)
class RunShown(Event, kind="RunShown"):
    """One run in full: its history, and its files with their sizes in bytes. For the window only."""

    summary: RunSummary
    events: tuple[Event, ...]
    files: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class RunCurves:
    """The losses of one run by step: training, and on what is held out."""

    name: str
    steps: tuple[int, ...]
    losses: tuple[float, ...]
    validated: tuple[int, ...]
    validation: tuple[float, ...]


@dataclass(frozen=True)
class RunsCompared(Event, kind="RunsCompared"):
    """Several runs beside each other, in the order asked for. For the window only."""

    runs: tuple[RunSummary, ...]
    curves: tuple[RunCurves, ...]


@dataclass(frozen=True)
class EvaluationStored(Event, kind="EvaluationStored"):
    """What the newest evaluation of a run found. For the window only."""

    answers: tuple[GoldenAnswer, ...]
    result: Evaluated
