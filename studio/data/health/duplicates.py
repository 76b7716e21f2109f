"""Rows that are there twice, to the letter."""

from __future__ import annotations

from studio.data.equality import repeated
from studio.data.health.check import Check, Found, Steps, by_row, found, have, quoted
from studio.data.health.subject import Subject
from studio.data.records import Record
from studio.data.split import GOLDEN
from studio.events import Evidence


class Duplicates(Check):
    name = "duplicates"
    title = "Exact duplicates"
    why = "A row that is there several times counts as often, and the model learns it by heart."
    severity = "bad"

    def find(self, subject: Subject) -> Steps[Found]:
        golden = {line for line, part in subject.parts.items() if part == GOLDEN}
        others = repeated(subject.records, golden)

        def look(record: Record) -> Evidence | None:
            known = others.get(record.line)
            return quoted(record.line, record.prompt or record.answer, other=known) if known else None

        evidence = yield from by_row(subject, look)
        return found(evidence, lambda count: f"{have(count, 'repeats', 'repeat')} an earlier one exactly.")
