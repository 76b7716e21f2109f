"""The steps of one dataset as a person did them, undone and redone, kept beside the app's data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from studio.dataset.steps.steps import AnyStep, step_from, steps_from
from studio.errors import DataError
from studio.files import disk_errors
from studio.files.journal import Journal


@dataclass(frozen=True)
class StepHistory:
    """Every list of steps that a dataset had, oldest first; those after `cursor` are undone."""

    versions: tuple[tuple[AnyStep, ...], ...] = ((),)
    cursor: int = 0

    @property
    def steps(self) -> tuple[AnyStep, ...]:
        """The steps in force."""
        return self.versions[self.cursor]

    @property
    def can_undo(self) -> bool:
        return self.cursor > 0

    @property
    def can_redo(self) -> bool:
        return self.cursor + 1 < len(self.versions)

    def with_steps(self, steps: Sequence[AnyStep]) -> StepHistory:
        """With these steps from now on; what was undone before is forgotten."""
        return StepHistory((*self.versions[: self.cursor + 1], tuple(steps)), self.cursor + 1)

    def as_done(self, steps: Sequence[AnyStep]) -> StepHistory:
        """With the steps in force as they were done to the rows."""
        versions = (*self.versions[: self.cursor], tuple(steps), *self.versions[self.cursor + 1 :])
        return replace(self, versions=versions)

    def undone(self) -> StepHistory:
        """With the steps from before the last change, if there was one."""
        return replace(self, cursor=max(0, self.cursor - 1))

    def redone(self) -> StepHistory:
        """With the steps that were undone last, if there are any."""
        return replace(self, cursor=min(len(self.versions) - 1, self.cursor + 1))


@dataclass(frozen=True)
class StepJournal:
    """The history of one dataset's steps on the disk: a line of JSON for each change, undo and redo.

    It is only ever appended to, and flushed each time, so whatever ends the app, no change is lost.
    """

    path: Path

    @classmethod
    def of(cls, folder: Path, fingerprint: str) -> StepJournal:
        """The one for the source with this fingerprint, in the folder of all of them."""
        return cls(folder / f"{fingerprint}.jsonl")

    def read(self) -> StepHistory:
        """What was done so far. Raises DataError naming the line that a newer version must have written."""
        history = StepHistory()
        for number, values in Journal(self.path).numbered():
            try:
                history = _after(history, values)
            except DataError as error:
                raise DataError("journal.damaged", line=number, file=self.path, reason=error.said) from error
        return history

    def add(self, step: AnyStep) -> None:
        """Write down one more step."""
        self._append(_plain(step))

    def set(self, steps: Sequence[AnyStep]) -> None:
        """Write down that these are the steps from now on."""
        self._append({"do": "set", "steps": [_plain(step) for step in steps]})

    def undo(self) -> None:
        """Write down that the last change was taken back."""
        self._append({"do": "undo"})

    def redo(self) -> None:
        """Write down that it was done again."""
        self._append({"do": "redo"})

    def clear(self) -> None:
        """Forget everything that was done."""
        with disk_errors(self.path):
            self.path.unlink(missing_ok=True)

    def _append(self, values: dict[str, Any]) -> None:
        with disk_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        Journal(self.path).append(values)


def _plain(step: AnyStep) -> dict[str, Any]:
    return step.model_dump(mode="json", exclude_none=True)


def _after(history: StepHistory, values: Mapping[str, Any] | None) -> StepHistory:
    if values is None:
        raise DataError("journal.no_object")
    match values.get("do"):
        case "undo":
            return history.undone()
        case "redo":
            return history.redone()
        case "set":
            return history.with_steps(steps_from(values.get("steps", ())))
    return history.with_steps((*history.steps, step_from(values)))
