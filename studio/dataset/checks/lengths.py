"""Rows of unusual length, too long for the model or the recipe, or shown as rows of their own."""

from __future__ import annotations

import math

import numpy as np

from studio.catalogue import TOO_LONG
from studio.dataset.checks.check import Check, Found, Looking, Subject, by_place, by_row, found, have, quoted
from studio.dataset.number_column import NumberColumn
from studio.dataset.record import Record
from studio.events import Evidence
from studio.language import tr

_FEWEST = 20
_FAR = 5.0
_NARROW = 0.25
"""The spread of log lengths below which rows of the same make would be told apart for nothing."""


class Lengths(Check):
    """Robust: far from the median of log lengths, measured in median absolute deviations (Iglewicz 1993)."""

    name = "lengths"
    title = tr("Unusual lengths")
    why = tr("A row much longer or shorter than the rest is often two rows in one, or half a row.")

    def looking(self, subject: Subject) -> Looking[Found]:
        if len(subject.records) < _FEWEST:
            return Found()
        lengths = NumberColumn("d")
        yield lambda record: lengths.append(math.log(_length(subject, record)))
        known = lengths.numbers()
        middle = float(np.median(known))
        spread = max(_NARROW, float(np.median(np.abs(known - middle))))
        usual = f"{math.exp(middle):,.0f}"
        unit = "tokens" if subject.tokens else "characters"

        def look(record: Record, _: int) -> Evidence:
            return quoted(
                record.line, f"{_length(subject, record):,} {unit}: {record.prompt or record.answer}"
            )

        far = np.flatnonzero(0.6745 * np.abs(known - middle) / spread > _FAR)
        return found(
            by_place(subject, far, look),
            lambda count: tr(
                "{have} much longer or shorter than the usual {usual} {unit}.",
                have=have(count, "is", "are"),
                usual=usual,
                unit=unit,
            ),
        )


def _length(subject: Subject, record: Record) -> int:
    """Tokens where they are known, else characters."""
    if tokens := subject.tokens.get(record.line):
        return tokens
    return max(1, sum(len(m.whole) for m in record.messages) + len(record.text))


class Context(Check):
    name = "context"
    title = tr("Longer than the model's context")
    why = tr("A model was never taught positions beyond its context, and what it learns there is noise.")
    severity = "bad"
    fix = ""

    def looking(self, subject: Subject) -> Looking[Found]:
        def look(record: Record) -> Evidence | None:
            longest = subject.longest.get(record.line, 0)
            if not subject.context or longest <= subject.context:
                return None
            return quoted(record.line, f"{longest:,} tokens: {record.prompt or record.text[:100]}")

        evidence = yield from by_row(look)
        limit = f"{subject.context:,}"
        return found(
            evidence,
            lambda count: tr(
                "{have} longer than the model's context of {limit} tokens. Set Max length "
                "(data.max_length) to {limit}.",
                have=have(count, "is", "are"),
                limit=limit,
            ),
        )


class CutRows(Check):
    name = "cut"
    title = tr("Longer than the maximum length")
    why = tr(
        "A cut answer teaches the model to stop in the middle, and a row that is left out teaches nothing."
    )

    def looking(self, subject: Subject) -> Looking[Found]:
        def look(record: Record) -> Evidence | None:
            lost = subject.cut.get(record.line, 0)
            return (
                quoted(record.line, f"{lost:,} tokens do not fit: …{record.answer[-60:]}") if lost else None
            )

        evidence = yield from by_row(look)
        left_out = (
            quoted(item.line, item.reason)
            for item in subject.problems
            if item.severity == "error" and item.code in TOO_LONG
        )
        limit = (
            tr("{max_length:,} tokens", max_length=subject.max_length)
            if subject.max_length
            else tr("the maximum length")
        )
        return found(
            evidence.with_others(left_out),
            lambda count: tr(
                "{have} cut or left out: longer than {limit}. Raise the maximum length, or shorten them.",
                have=have(count, "is", "are"),
                limit=limit,
            ),
        )


class OwnRows(Check):
    name = "own rows"
    title = tr("Answers with a row of their own")
    why = tr(
        "Where a template shows an answer otherwise once the conversation goes on, the answer is trained in "
        "the conversation up to it. Such a conversation is read several times in an epoch."
    )
    fix = ""

    def looking(self, subject: Subject) -> Looking[Found]:
        def look(record: Record) -> Evidence | None:
            rows = subject.rows.get(record.line, 1)
            return quoted(record.line, f"{rows:,} rows: {record.prompt}") if rows > 1 else None

        evidence = yield from by_row(look)
        total = sum(subject.rows.get(line, 1) for line in evidence.lines)
        return found(
            evidence,
            lambda count: tr("{have} as {total:,} rows.", have=have(count, "trains", "train"), total=total),
        )
