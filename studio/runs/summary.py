"""What a list of runs says about what happened in each, from a small file beside its journal.

`.summary` is made of the journal and the evaluations, proves by their sizes and times that it still tells of
them, and is made anew where it does not. Two thousand runs are listed without reading a journal.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

from studio.catalogue import Said
from studio.events import Ended, Prepared, Validated, built
from studio.runs.folder import RunFolder
from studio.runs.history import RunHistory, history_of, put, seal, stamp, unseal


@dataclass(frozen=True)
class JournalSummary:
    """How far a run came, and how it ended; `damaged` lines of its journal, from the `first_damaged` on."""

    outcome: str = ""  # empty where nothing says how it ended
    sentence: Said = ""
    step: int = 0
    steps: int = 0
    best_loss: float | None = None
    best_step: int | None = None
    seconds: float = 0.0
    learning_rate: float | None = None
    damaged: int = 0
    first_damaged: int = 0
    base_exact: float | None = None  # from the newest evaluation
    tuned_exact: float | None = None
    tokens: int = 0  # read in all steps, without padding


type ExactMatch = Callable[[RunFolder], tuple[float | None, float | None]]
"""The shares of the golden set that base and tuned model answer exactly, read from the newest evaluation."""


def summary_of(run: RunFolder, exact: ExactMatch) -> JournalSummary:
    """The summary, from its file where that is true. Raises RunError when the journal cannot be read."""
    file = run.path / ".summary"
    stamps = _stamps(run)
    kept = unseal(file)
    if kept is not None and kept[0]["stamps"] == stamps and kept[0]["fields"] == _FIELDS:
        return built(JournalSummary, kept[0]["summary"])
    summary = _summarized(history_of(run), exact(run))
    if stamps[0]:
        put(file, seal({"stamps": stamps, "fields": _FIELDS, "summary": asdict(summary)}))
    return summary


_FIELDS = [each.name for each in fields(JournalSummary)]


def _stamps(run: RunFolder) -> list[Any]:
    """What changes whenever the journal or an evaluation is written."""
    found: list[Any] = [stamp(run.path / "events.jsonl")]
    try:
        names = sorted(os.listdir(run.evaluations))
    except OSError:
        return found
    for name in names:
        found.append([name, stamp(run.evaluations / name / "result.json")])
    return found


def _summarized(history: RunHistory, exact: tuple[float | None, float | None]) -> JournalSummary:
    last = history.last_step
    prepared = history.all_of(Prepared)
    best = min(history.all_of(Validated), key=lambda event: event.loss, default=None)
    ended = history.events[-1] if history.ended else None
    return JournalSummary(
        outcome=ended.outcome if isinstance(ended, Ended) else "",
        sentence=ended.summary if isinstance(ended, Ended) else "",
        step=last.step if last else 0,
        steps=prepared[-1].steps if prepared else 0,
        best_loss=best.loss if best else None,
        best_step=best.step if best else None,
        seconds=last.seconds if last else 0.0,
        learning_rate=prepared[-1].learning_rate if prepared else None,
        damaged=len(history.damaged),
        first_damaged=history.damaged[0] if history.damaged else 0,
        base_exact=exact[0],
        tuned_exact=exact[1],
        tokens=int(history.column("tokens").sum()),
    )
