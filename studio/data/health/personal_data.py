"""Rows with somebody's data or a secret in them."""

from __future__ import annotations

from collections import Counter

from studio.data.health.check import Check, Found, Steps, by_row, found, have, is_whole, quoted, rewritten
from studio.data.health.personal import personal
from studio.data.health.subject import Subject, texts
from studio.data.records import Record
from studio.events import Evidence


class PersonalData(Check):
    """Finds e-mail and IP addresses, phone, card and account numbers, keys: not names, nor streets."""

    name = "personal data"
    title = "Personal data and keys"
    why = "What a model was trained on it may tell anybody who asks."
    severity = "bad"
    fix = "mend"

    def find(self, subject: Subject) -> Steps[Found]:
        kinds: Counter[str] = Counter()

        def look(record: Record) -> Evidence | None:
            first = None
            for text in texts(record):
                for place in personal(text):
                    kinds[place.mark.strip("[]")] += 1
                    first = first or quoted(record.line, text, place.start, place.end)
            return first

        evidence = yield from by_row(subject, look)
        names = ", ".join(f"{count:,} x {kind}" for kind, count in kinds.most_common())
        return found(
            evidence, lambda count: f"{have(count, 'holds', 'hold')} personal data or keys ({names})."
        )

    def repair(self, subject: Subject, record: Record) -> Record | None:
        mended = rewritten(record, masked)
        return mended if is_whole(mended) else None


def masked(text: str) -> str:
    """The text with a mark such as [e-mail] in place of everything personal."""
    for place in reversed(list(personal(text))):
        text = text[: place.start] + place.mark + text[place.end :]
    return text
