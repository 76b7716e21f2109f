"""Rows that are not examples at all."""

from __future__ import annotations

from studio.catalogue import EMPTY, TOO_LONG
from studio.data.health.check import Check, Found, Steps, found, have, quoted
from studio.data.health.subject import Subject
from studio.events import Progress


class Malformed(Check):
    name = "malformed"
    title = "Rows that cannot be read"
    why = "A row that is damaged or lacks a field is left out, and what it should have taught is lost."
    severity = "bad"
    fix = ""

    def find(self, subject: Subject) -> Steps[Found]:
        yield Progress("rows checked", 0, len(subject.problems))
        return found(
            (
                quoted(item.line, item.reason)
                for item in subject.problems
                if item.severity == "error" and item.code not in EMPTY | TOO_LONG
            ),
            lambda count: (
                f"{have(count, 'is', 'are')} left out because {'it' if count == 1 else 'they'} "
                "cannot be used. Correct them in the file."
            ),
        )
