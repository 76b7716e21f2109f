"""The log of a run's training beside its events: lines for people, and the curves as Trainer keeps them.

`training_log.txt` only grows, so it also tells of steps that a resume does anew. `training_log.json` is a
list that is whole at any time, of entries as in transformers' `log_history`; a resume takes out what it does
anew.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from studio.events import Advice, Ended, Event, Log, Prepared, Saved, Skipped, Step, Validated
from studio.files import as_json, disk_errors, write_text
from studio.words import duration, file_size, visible_line

TEXT, ENTRIES = "training_log.txt", "training_log.json"
_LONGEST = 1024  # bytes that no entry has
_OPEN, _BETWEEN, _CLOSE = b"[\n", b",\n", b"\n]\n"


def entries(events: Iterable[Event], epoch: float = 0.0) -> Iterator[dict[str, Any]]:
    """What happened by the names of transformers' `log_history`: steps, and what was validated.

    `epoch` is where the run stands before them.
    """
    for event in events:
        match event:
            case Step():
                epoch = event.epoch
                yield {
                    "step": event.step,
                    "epoch": event.epoch,
                    "loss": event.loss,
                    "grad_norm": event.gradient_norm,
                    "learning_rate": event.learning_rate,
                }
            case Validated():
                yield {"step": event.step, "epoch": epoch, "eval_loss": event.loss}


def line_of(event: Event) -> str:
    """What a person reads of an event, in a line; nothing of those that a log does not tell."""
    match event:
        case Prepared():
            sizes = f"{event.trainable_parameters:,} of {event.total_parameters:,} parameters train"
            length = f"{event.read}, {event.steps:,} steps"
            return f"{sizes}; {length}, learning rate {event.learning_rate:g}"
        case Step():
            return (
                f"Step {event.step} of {event.steps}: loss {event.loss:.4f}, learning rate "
                f"{event.learning_rate:.3g}, gradient norm {event.gradient_norm:.3g}, "
                f"{event.tokens_per_second:,.0f} tokens/s, {file_size(event.memory_peak)} at the peak, "
                f"{duration(event.seconds_left)} left"
            )
        case Validated():
            best = " (best)" if event.best else ""
            return f"Step {event.step}: validation loss {event.loss:.3f}{best}"
        case Skipped():
            return f"Step {event.step}: no update: {event.reason}"
        case Saved():
            return f"Step {event.step}: checkpoint saved"
        case Advice():
            return f"Step {event.step}: {event.evidence} {event.remedy}"
        case Log():
            return event.text
        case Ended():
            return f"Ended ({event.outcome}) {event.summary}"
    return ""


def add(folder: Path, event: Event, history: Callable[[], list[Event]]) -> None:
    """Write an event into both files of a run's folder; `history` gives all that happened, with this event.

    Raises DiskError.
    """
    with disk_errors(folder):
        _add_line(folder / TEXT, line_of(event))
        file = folder / ENTRIES
        if isinstance(event, Prepared) or not file.is_file():
            found = _BETWEEN.join(map(_encoded, entries(history())))
            write_text(file, (_OPEN + found + _CLOSE).decode())
            return
        for entry in entries([event], _last_epoch(file) if isinstance(event, Validated) else 0.0):
            _add_entry(file, entry)


def _add_line(file: Path, line: str) -> None:
    if line:
        now = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        with file.open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(f"{now}  {visible_line(line)}\n")


def _add_entry(file: Path, entry: dict[str, Any]) -> None:
    """Put an entry in the place of the list's end, and the end after it, in one go."""
    with file.open("r+b") as stream:
        end = stream.seek(-len(_CLOSE), os.SEEK_END)
        between = _BETWEEN if end > len(_OPEN) else b""
        stream.write(between + _encoded(entry) + _CLOSE)


def _last_epoch(file: Path) -> float:
    """The epoch of the last entry."""
    with file.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - _LONGEST))
        last = stream.read().removesuffix(_CLOSE).rpartition(b"\n")[2]
    return float(json.loads(last)["epoch"]) if last else 0.0


def _encoded(entry: dict[str, Any]) -> bytes:
    """An entry in a line; JSON has no words for what is not a number."""
    told = {name: value if math.isfinite(value) else None for name, value in entry.items()}
    return as_json(told).encode()
