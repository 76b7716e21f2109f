"""Every test of the window runs offscreen, dressed as the app is."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from studio.events import Event, Prepared, Saved, Step, Validated
from studio.recipe.recipe import Recipe
from studio.runs.store import RunSummary
from studio.ui.theme import Theme


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    """The one theme of the session, applied once: a style sheet for all widgets takes a while to set."""
    made = Theme(qapp)
    made.apply(qapp)
    return made


@pytest.fixture(autouse=True)
def _dressed(theme: Theme) -> Iterator[None]:
    """Every test starts in the light look."""
    theme.set_mode("light")
    yield
    theme.set_mode("light")


def step(number: int, steps: int = 240) -> Step:
    """One invented step of a run that learns well."""
    return Step(
        step=number,
        steps=steps,
        epoch=3 * number / steps,
        loss=0.4 + 2.1 * math.exp(-number / 50),
        learning_rate=0.002 * (1 - number / steps),
        gradient_norm=0.7,
        tokens=800,
        tokens_per_second=1284.0,
        memory_active=5 * 2**30,
        memory_peak=6 * 2**30,
        memory_process=7 * 2**30,
        seconds=0.2 * number,
        seconds_left=0.2 * (steps - number),
    )


def run_events(last: int = 240, steps: int = 240) -> list[Event]:
    """An invented run up to step `last`, validated every 24 steps; the best is at step 216."""
    events: list[Event] = [
        Prepared("starter", 690_000, 3_100_000, 218, 27, 27, steps, 0.002),
        Validated(0, 2.1, 8.2, 900, True),
    ]
    for number in range(1, last + 1):
        events.append(step(number, steps))
        if number % 24 == 0:
            loss = 0.31 + abs(216 - number) / 216
            events.append(Validated(number, loss, math.exp(loss), 900, number <= 216))
            events.append(Saved(number, f"checkpoints/step-{number:06d}"))
    return events


def summary(name: str, state: str = "done", best_loss: float | None = 0.31, step: int = 240) -> RunSummary:
    """An invented run; later names are older."""
    age = timedelta(hours=sum(map(ord, name)))
    return RunSummary(
        name=name,
        folder=Path("/runs") / name,
        created=datetime(2026, 11, 21, 8, 30) - age,
        state=state,
        message="",
        model="starter",
        dataset="/data/invoices.jsonl",
        recipe=Recipe().model_dump(),
        step=step,
        steps=240,
        best_loss=best_loss,
        best_step=216,
        base_exact=0.04,
        tuned_exact=0.78,
    )
