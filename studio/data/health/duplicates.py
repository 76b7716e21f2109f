"""Rows that are there twice, to the letter."""

from __future__ import annotations

from studio.data.health.check import Check, Found, Steps, by_row, found, have, quoted
from studio.data.health.subject import Subject
from studio.data.records import Record
from studio.events import Evidence


class Duplicates(Check):
    name = "duplicates"
    title = "Exact duplicates"
    why = "A row that is there several times counts as often, and the model learns it by heart."
    severity = "bad"

    def find(self, subject: Subject) -> Steps[Found]:
        first: dict[tuple[object, ...], int] = {}

        def look(record: Record) -> Evidence | None:
            known = first.setdefault(content(record), record.line)
            if known == record.line:
                return None
            return quoted(record.line, record.prompt or record.answer, other=known)

        evidence = yield from by_row(subject, look)
        return found(evidence, lambda count: f"{have(count, 'repeats', 'repeat')} an earlier one exactly.")


def content(record: Record) -> tuple[object, ...]:
    """Equal for rows that say the same to the letter, whatever is around them."""
    turns = tuple((m.role, m.content.strip(), m.input.strip(), m.calls, m.trained) for m in record.messages)
    return (turns, record.tools, record.text.strip(), record.rejected.strip())
