"""Conversations of which some answers can only be shown in a row of their own."""

from __future__ import annotations

from studio.data.health.check import Check, Found, Steps, by_row, found, have, quoted
from studio.data.health.subject import Subject
from studio.data.records import Record
from studio.events import Evidence


class OwnRows(Check):
    name = "own rows"
    title = "Answers with a row of their own"
    why = (
        "Where a template shows an answer otherwise once the conversation goes on, the answer is trained in "
        "the conversation up to it. Such a conversation is read several times in an epoch."
    )
    fix = ""

    def find(self, subject: Subject) -> Steps[Found]:
        def look(record: Record) -> Evidence | None:
            rows = subject.rows.get(record.line, 1)
            return quoted(record.line, f"{rows:,} rows: {record.prompt}") if rows > 1 else None

        evidence = yield from by_row(subject, look)
        total = sum(subject.rows.get(item.line, 1) for item in evidence)
        return found(evidence, lambda count: f"{have(count, 'trains', 'train')} as {total:,} rows.")
