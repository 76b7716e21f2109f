"""Rows that are much longer or shorter than the others."""

from __future__ import annotations

import math
from statistics import median

from studio.data.health.check import Check, Found, Steps, by_row, found, have, quoted
from studio.data.health.subject import Subject
from studio.data.records import Record
from studio.events import Evidence

_FEWEST = 20
_FAR = 5.0
_NARROW = 0.25
"""The spread of log lengths below which rows of the same make would be told apart for nothing."""


class Lengths(Check):
    """Robust: far from the median of log lengths, measured in median absolute deviations (Iglewicz 1993)."""

    name = "lengths"
    title = "Unusual lengths"
    why = "A row much longer or shorter than the rest is often two rows in one, or half a row."

    def find(self, subject: Subject) -> Steps[Found]:
        if len(subject.records) < _FEWEST:
            return Found()
        lengths = {record.line: math.log(_length(subject, record)) for record in subject.records}
        middle = median(lengths.values())
        spread = max(_NARROW, median(abs(length - middle) for length in lengths.values()))
        usual = f"{math.exp(middle):,.0f}"
        unit = "tokens" if subject.tokens else "characters"

        def look(record: Record) -> Evidence | None:
            if 0.6745 * abs(lengths[record.line] - middle) / spread <= _FAR:
                return None
            return quoted(
                record.line, f"{_length(subject, record):,} {unit}: {record.prompt or record.answer}"
            )

        evidence = yield from by_row(subject, look)
        return found(
            evidence,
            lambda count: f"{have(count, 'is', 'are')} much longer or shorter than the usual {usual} {unit}.",
        )


def _length(subject: Subject, record: Record) -> int:
    """Tokens where they are known, else characters."""
    if tokens := subject.tokens.get(record.line):
        return tokens
    return max(1, sum(len(m.whole) for m in record.messages) + len(record.text))
