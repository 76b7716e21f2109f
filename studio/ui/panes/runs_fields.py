"""What sets several runs apart: the fields of their recipes that differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from studio.runs.summary import RunSummary
from studio.train.recipe import FieldEntry, fields
from studio.train.sweep import short
from studio.ui.widgets.form_words import choice_word
from studio.ui.widgets.model_picker import model_title


def differing(runs: Sequence[RunSummary]) -> tuple[FieldEntry, ...]:
    """The fields that are not the same in all of these runs, in the order of the form."""
    return tuple(entry for entry in fields() if len({value_in(run, entry) for run in runs}) > 1)


def value_in(run: RunSummary, entry: FieldEntry) -> Any:
    """A field's value in a run's recipe; the default where an older version did not write it."""
    part = run.recipe.get(entry.group, {}) if entry.group else run.recipe
    return part.get(entry.name, entry.default) if isinstance(part, dict) else entry.default


def number_in(run: RunSummary, entry: FieldEntry) -> float | None:
    """The value as a number for a plot; None where it is no number.

    A learning rate that was left open is the one that was chosen.
    """
    value = value_in(run, entry)
    if value is None and entry.path == "optimizer.learning_rate":
        value = run.learning_rate
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def value_text(run: RunSummary, entry: FieldEntry) -> str:
    """The value as a table shows it."""
    value = value_in(run, entry)
    if value is None:
        number = number_in(run, entry)
        return "auto" if number is None else f"auto, {short(number)}"
    if entry.path == "model":
        return model_title(value)
    if entry.path == "data.path":
        return PurePath(value).stem
    if entry.choices:
        return choice_word(entry.path, value)
    return " · ".join(short(value).splitlines()) or "none"


def labels(runs: Sequence[RunSummary]) -> list[str]:
    """What to call each run beside the others: within one sweep, without the sweep's name."""
    names = [run.name for run in runs]
    sweep = runs[0].sweep if runs else ""
    if sweep and all(run.sweep == sweep and run.name.startswith(f"{sweep}-") for run in runs):
        return [name.removeprefix(f"{sweep}-") for name in names]
    return names


def plottable(runs: Sequence[RunSummary]) -> tuple[FieldEntry, ...]:
    """The fields by which the best loss can be drawn: numbers, of which two runs with a loss differ."""
    with_loss = [run for run in runs if run.best_loss is not None]
    return tuple(
        entry for entry in fields() if len({number_in(run, entry) for run in with_loss} - {None}) > 1
    )
