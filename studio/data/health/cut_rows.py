"""Rows that are longer than the model will see."""

from __future__ import annotations

from studio.catalogue import TOO_LONG
from studio.data.health.check import Check, Found, Steps, by_row, found, have, quoted
from studio.data.health.subject import Subject
from studio.data.records import Record
from studio.events import Evidence


class CutRows(Check):
    name = "cut"
    title = "Longer than the maximum length"
    why = "A cut answer teaches the model to stop in the middle, and a row that is left out teaches nothing."

    def find(self, subject: Subject) -> Steps[Found]:
        def look(record: Record) -> Evidence | None:
            lost = subject.cut.get(record.line, 0)
            return (
                quoted(record.line, f"{lost:,} tokens do not fit: …{record.answer[-60:]}") if lost else None
            )

        evidence = yield from by_row(subject, look)
        left_out = [
            quoted(item.line, item.reason)
            for item in subject.problems
            if item.severity == "error" and item.code in TOO_LONG
        ]
        limit = f"{subject.max_length:,} tokens" if subject.max_length else "the maximum length"
        return found(
            sorted((*evidence, *left_out), key=lambda item: item.line),
            lambda count: (
                f"{have(count, 'is', 'are')} cut or left out: longer than {limit}. "
                "Raise the maximum length, or shorten them."
            ),
        )
