"""Prompts and answers with nothing in them."""

from __future__ import annotations

import re
from collections import Counter

from studio.catalogue import EMPTY
from studio.data.health.check import Check, Found, Steps, by_row, found, have, quoted
from studio.data.health.subject import Subject
from studio.data.records import Record
from studio.events import Evidence

_BLANK = re.compile(r"[\s.\-\u2013\u2014_…*~#|>'\"`\u200b-\u200f\u2060\ufeff]*")
_PLACEHOLDER = re.compile(
    r"\W*(?:n/?a|null|none|nan|nil|undefined|todo|tbd|lorem ipsum|\[object object\]|#ref!|#n/a)\W*", re.I
)
_LABEL = 0.01


class Empty(Check):
    """A placeholder that answers many rows is taken for a label, such as the none of an extraction task."""

    name = "empty"
    title = "Empty prompts and answers"
    why = "From empty answers a model learns to say nothing, and from empty prompts it learns nothing."
    severity = "bad"

    def find(self, subject: Subject) -> Steps[Found]:
        answers = Counter(record.answer.strip().lower() for record in subject.records)
        many = max(2, _LABEL * len(subject.records))
        labels = {answer for answer, count in answers.items() if count > many}

        def look(record: Record) -> Evidence | None:
            answer = record.answer.strip()
            if len(answer) > 40 or answer.lower() in labels or subject.format == "classification":
                return None
            if _BLANK.fullmatch(answer) or _PLACEHOLDER.fullmatch(answer):
                return quoted(record.line, answer, 0, len(answer))
            return None

        evidence = yield from by_row(subject, look)
        left_out = [
            quoted(item.line, item.reason)
            for item in subject.problems
            if item.severity == "error" and item.code in EMPTY
        ]
        return found(
            sorted((*evidence, *left_out), key=lambda item: item.line),
            lambda count: f"{have(count, 'has', 'have')} nothing to ask or to answer.",
        )
