"""A person's own changes to single rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from studio.catalogue import Phrase, phrase
from studio.data.digest import digest
from studio.data.history.shaped import Rows
from studio.data.history.steps import Delete, Edit, Restore, Step
from studio.data.records import Message, Record
from studio.errors import DataError


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
    places = {record.line: index for index, record in enumerate(rows.records)}
    records: list[Record | None] = list(rows.records)
    for step in steps:
        place = places.get(step.line)
        record = records[place] if place is not None else None
        if isinstance(step, Restore):
            rows = rows.remarking(step.line, "step.not_restored")
        elif place is None or record is None:
            rows = rows.remarking(step.line, "step.row_gone", action=_not_done(step))
        elif step.digest and digest(record) != step.digest:
            rows = rows.remarking(step.line, "step.row_changed", action=_not_done(step))
        else:
            try:
                records[place] = None if isinstance(step, Delete) else edited(record, step.field, step.value)
            except DataError as error:
                said = str(error)
                rows = rows.remarking(step.line, "step.impossible", action=_not_done(step), sentence=said)
    return rows.keeping(tuple(record for record in records if record is not None))


def settled(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps without the deletions that were taken back later, and without their restorations.

    So a restored row is where it was, whatever came between.
    """
    kept: list[Step | None] = []
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
