"""A person's own changes to rows, with undo and redo, kept beside the app's data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from studio.catalogue import Phrase, phrase
from studio.dataset.identity import digest
from studio.dataset.record import Message, Record
from studio.dataset.sequence import changed, lines_of, records_at
from studio.dataset.steps.result import Rows
from studio.dataset.steps.steps import AnyStep, Delete, Edit, Restore, step_from
from studio.errors import DataError
from studio.files import disk_errors
from studio.files.journal import Journal


def edited(record: Record, field: str, value: str) -> Record:
    """The record with another prompt, answer, system message, text or rejected answer.

    Raises DataError where it has no such field, or the value leaves nothing to learn.
    """
    if not value.strip() and field != "system":
        raise DataError(f"The {field} of row {record.line:,} cannot be empty. Delete the row instead.")
    if (field == "text") != bool(record.text) or (field == "rejected" and not record.rejected):
        raise DataError(f"Row {record.line:,} has no {field} to edit.")
    if field == "text":
        changed = replace(record, text=value)
    elif field == "rejected":
        changed = replace(record, rejected=value)
    elif field == "system":
        changed = replace(record, messages=_with_system(record.messages, value))
    else:
        changed = replace(record, messages=_with_turn(record, field, value))
    if changed.rejected and changed.rejected == changed.answer:
        raise DataError(f"The two answers of row {record.line:,} would be the same. Write different ones.")
    return changed


def with_own(rows: Rows, steps: Sequence[Edit | Delete | Restore]) -> Rows:
    """The rows after what was done by hand; what no longer fits is a remark, and changes nothing."""
    lines = lines_of(rows.records)
    touched = np.flatnonzero(np.isin(lines, [step.line for step in steps]))
    records: dict[int, Record | None] = {r.line: r for r in records_at(rows.records, touched.tolist())}
    for step in steps:
        record = records.get(step.line)
        if isinstance(step, Restore):
            rows = rows.remarking(step.line, "step.not_restored")
        elif record is None:
            rows = rows.remarking(step.line, "step.row_gone", action=_not_done(step))
        elif step.digest and digest(record) != step.digest:
            rows = rows.remarking(step.line, "step.row_changed", action=_not_done(step))
        else:
            try:
                records[step.line] = (
                    None if isinstance(step, Delete) else edited(record, step.field, step.value)
                )
            except DataError as error:
                said = str(error)
                rows = rows.remarking(step.line, "step.impossible", action=_not_done(step), sentence=said)
    left = {line: record for line, record in records.items() if record is not None}
    edits = changed(rows.records, np.array(list(left), np.int64), lambda record: left[record.line])
    deleted = np.isin(lines, [line for line in records if line not in left])
    return replace(rows, records=edits).at(np.flatnonzero(~deleted))


def settled(steps: Sequence[AnyStep]) -> tuple[AnyStep, ...]:
    """The steps without the deletions that were taken back later, and without their restorations.

    So a restored row is where it was, whatever came between.
    """
    kept: list[AnyStep | None] = []
    deleted: dict[int, int] = {}
    for step in steps:
        if isinstance(step, Delete):
            deleted[step.line] = len(kept)
        if isinstance(step, Restore) and step.line in deleted:
            kept[deleted.pop(step.line)] = None
        else:
            kept.append(step)
    return tuple(step for step in kept if step is not None)


def _not_done(step: Edit | Delete) -> Phrase:
    return phrase("step.not_edited" if isinstance(step, Edit) else "step.not_deleted")


def _with_system(messages: tuple[Message, ...], value: str) -> tuple[Message, ...]:
    rest = tuple(message for message in messages if message.role != "system")
    return (Message("system", value), *rest) if value.strip() else rest


def _with_turn(record: Record, field: str, value: str) -> tuple[Message, ...]:
    """The turns with the last answer, or what it answers, replaced."""
    ends = len(record.before_answer)
    turns = range(ends) if field == "prompt" else range(len(record.messages))
    wanted = [i for i in turns if (record.messages[i].role == "assistant") == (field == "answer")]
    wanted = [i for i in wanted if record.messages[i].role != "system"]
    if not wanted:
        raise DataError(f"Row {record.line:,} has no {field} to edit.")
    place = wanted[-1]
    message = replace(record.messages[place], content=value, input="")
    return (*record.messages[:place], message, *record.messages[place + 1 :])


type Own = Edit | Delete | Restore


@dataclass(frozen=True)
class Overlay:
    """What was done by hand, oldest first; of it, what comes after `cursor` is undone and can be redone."""

    done: tuple[Own, ...] = ()
    cursor: int = 0

    @property
    def steps(self) -> tuple[AnyStep, ...]:
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
        for number, values in Journal(self.path).numbered():
            try:
                overlay = _after(overlay, values)
            except DataError as error:
                raise DataError(
                    f"Line {number} of {self.path} cannot be read ({error}). It holds changes made by hand: "
                    "open the dataset with the version that wrote them, or move the file away."
                ) from error
        return overlay

    def append(self, change: Own | str) -> None:
        """Write down one more change, or "undo" or "redo"."""
        with disk_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        Journal(self.path).append({"do": change} if isinstance(change, str) else change.model_dump())

    def clear(self) -> None:
        """Forget everything that was done by hand."""
        with disk_errors(self.path):
            self.path.unlink(missing_ok=True)


def _after(overlay: Overlay, values: Mapping[str, Any] | None) -> Overlay:
    if values is None:
        raise DataError("it is no JSON object")
    match values.get("do"):
        case "undo":
            return overlay.undone()
        case "redo":
            return overlay.redone()
    step = step_from(values)
    if not isinstance(step, Edit | Delete | Restore):
        raise DataError(f"{step.words()} is not done by hand.")
    return overlay.with_step(step)
