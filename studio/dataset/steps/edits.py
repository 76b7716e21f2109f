"""What a person changes by hand: one row's text, or whether the row is there at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from studio.catalogue import Phrase, phrase
from studio.dataset.identity import digest
from studio.dataset.record import Message, Record
from studio.dataset.sequence import changed, lines_of, records_at
from studio.dataset.steps.result import Rows
from studio.dataset.steps.steps import AnyStep, ByHand, Delete, Edit, Restore, field_words
from studio.errors import DataError


def edited(record: Record, field: str, value: str) -> Record:
    """The record with another prompt, first prompt, answer, system message, text or rejected answer.

    Raises DataError where it has no such field, or the value leaves nothing to learn.
    """
    named = field_words(field)
    if not value.strip() and field != "system":
        raise DataError("edit.empty", field=named, row=record.line)
    if (field == "text") != bool(record.text) or (field == "rejected" and not record.rejected):
        raise DataError("edit.no_field", row=record.line, field=named)
    if field == "text":
        changed = replace(record, text=value)
    elif field == "rejected":
        changed = replace(record, rejected=value)
    elif field == "system":
        changed = replace(record, messages=_with_system(record.messages, value))
    else:
        changed = replace(record, messages=_with_turn(record, field, value))
    if changed.rejected and changed.rejected == changed.answer:
        raise DataError("edit.same_answers", row=record.line)
    return changed


def with_edits(rows: Rows, steps: Sequence[ByHand]) -> tuple[Rows, tuple[ByHand, ...]]:
    """The rows after what was done by hand, and the steps, each with the digest of what its row held.

    What no longer fits is a remark, and changes nothing.
    """
    lines = lines_of(rows.records)
    touched = np.flatnonzero(np.isin(lines, [step.line for step in steps]))
    records: dict[int, Record | None] = {r.line: r for r in records_at(rows.records, touched.tolist())}
    done: list[ByHand] = []
    for step in steps:
        record = records.get(step.line)
        done.append(step)
        if isinstance(step, Restore):
            rows = rows.remarking(step.line, "step.not_restored")
        elif record is None:
            rows = rows.remarking(step.line, "step.row_gone", action=_not_done(step))
        elif step.digest and digest(record) != step.digest:
            rows = rows.remarking(step.line, "step.row_changed", action=_not_done(step))
        else:
            done[-1] = step.model_copy(update={"digest": digest(record)})
            try:
                records[step.line] = (
                    None if isinstance(step, Delete) else edited(record, step.field, step.value)
                )
            except DataError as error:
                action, why = _not_done(step), error.said
                rows = rows.remarking(step.line, "step.impossible", action=action, sentence=why)
    left = {line: record for line, record in records.items() if record is not None}
    edits = changed(rows.records, np.array(list(left), np.int64), lambda record: left[record.line])
    deleted = np.isin(lines, [line for line in records if line not in left])
    return replace(rows, records=edits).at(np.flatnonzero(~deleted)), tuple(done)


def without_restored(steps: Sequence[AnyStep]) -> tuple[AnyStep, ...]:
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
    """The turns with the last answer, what it answers, or what the conversation begins with replaced."""
    ends = len(record.before_answer)
    turns = range(len(record.messages)) if field == "answer" else range(ends)
    wanted = [i for i in turns if (record.messages[i].role == "assistant") == (field == "answer")]
    wanted = [i for i in wanted if record.messages[i].role != "system"]
    if not wanted:
        raise DataError("edit.no_field", row=record.line, field=field_words(field))
    place = wanted[0 if field == "first_prompt" else -1]
    message = replace(record.messages[place], content=value, input="")
    return (*record.messages[:place], message, *record.messages[place + 1 :])
