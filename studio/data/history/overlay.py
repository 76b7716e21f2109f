"""A person's own changes to a dataset while it is open, with undo and redo, kept beside the app's data."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from studio.data.history.editing import settled
from studio.data.history.steps import Delete, Edit, Restore, Step, step_from
from studio.errors import DataError
from studio.files import disk_errors

type Own = Edit | Delete | Restore


@dataclass(frozen=True)
class Overlay:
    """What was done by hand, oldest first; of it, what comes after `cursor` is undone and can be redone."""

    done: tuple[Own, ...] = ()
    cursor: int = 0

    @property
    def steps(self) -> tuple[Step, ...]:
        """What is in force, for the history: without deletions that were taken back."""
        return settled(self.done[: self.cursor])

    @property
    def deleted(self) -> frozenset[int]:
        """The lines of the rows that are left out."""
        return frozenset(step.line for step in self.steps if isinstance(step, Delete))

    def with_step(self, step: Own) -> Overlay:
        """With one more change; what was undone before is forgotten."""
        return Overlay((*self.done[: self.cursor], step), self.cursor + 1)

    def undone(self) -> Overlay:
        """Without the last change, if there is one."""
        return replace(self, cursor=max(0, self.cursor - 1))

    def redone(self) -> Overlay:
        """With the change that was undone last, if there is one."""
        return replace(self, cursor=min(len(self.done), self.cursor + 1))


@dataclass(frozen=True)
class OverlayFile:
    """The overlay of one dataset on the disk: a line of JSON for each change, undo and redo, in order.

    It is only ever appended to, and flushed each time, so whatever ends the app, no change is lost.
    """

    path: Path

    @classmethod
    def of(cls, overlays: Path, fingerprint: str) -> OverlayFile:
        """The one for the dataset with this fingerprint, in the folder of all of them."""
        return cls(overlays / f"{fingerprint}.jsonl")

    def read(self) -> Overlay:
        """What was done so far. Raises DataError naming the line that a newer version must have written."""
        overlay = Overlay()
        for number, line in enumerate(self._lines(), 1):
            try:
                overlay = _after(overlay, json.loads(line))
            except (ValueError, DataError) as error:
                raise DataError(
                    f"Line {number} of {self.path} cannot be read ({error}). It holds changes made by hand: "
                    "open the dataset with the version that wrote them, or move the file away."
                ) from error
        return overlay

    def append(self, change: Own | str) -> None:
        """Write down one more change, or "undo" or "redo"."""
        values = {"do": change} if isinstance(change, str) else change.model_dump()
        with disk_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            whole = sum(len(line) + 1 for line in self._lines())
            with self.path.open("ab") as file:
                file.truncate(whole)  # what a crash left half-written
                file.write(json.dumps(values, ensure_ascii=False).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())

    def clear(self) -> None:
        """Forget everything that was done by hand."""
        with disk_errors(self.path):
            self.path.unlink(missing_ok=True)

    def _lines(self) -> list[bytes]:
        """The complete lines: the last one counts only with its line end."""
        try:
            return self.path.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return []


def _after(overlay: Overlay, values: Mapping[str, Any]) -> Overlay:
    match values.get("do"):
        case "undo":
            return overlay.undone()
        case "redo":
            return overlay.redone()
    step = step_from(values)
    if not isinstance(step, Edit | Delete | Restore):
        raise DataError(f"{step.words()} is not done by hand.")
    return overlay.with_step(step)
