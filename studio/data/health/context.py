"""Rows that are longer than what the model reads at once."""

from __future__ import annotations

from studio.data.health.check import Check, Found, Steps, by_row, found, have, quoted
from studio.data.health.subject import Subject
from studio.data.records import Record
from studio.events import Evidence


class Context(Check):
    name = "context"
    title = "Longer than the model's context"
    why = "A model was never taught positions beyond its context, and what it learns there is noise."
    severity = "bad"
    fix = ""

    def find(self, subject: Subject) -> Steps[Found]:
        def look(record: Record) -> Evidence | None:
            longest = subject.longest.get(record.line, 0)
            if not subject.context or longest <= subject.context:
                return None
            return quoted(record.line, f"{longest:,} tokens: {record.prompt or record.text[:100]}")

        evidence = yield from by_row(subject, look)
        limit = f"{subject.context:,}"
        return found(
            evidence,
            lambda count: (
                f"{have(count, 'is', 'are')} longer than the model's context of {limit} tokens. "
                f"Set Max length (data.max_length) to {limit}."
            ),
        )
