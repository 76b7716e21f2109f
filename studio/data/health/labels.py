"""Labels that are hardly there."""

from __future__ import annotations

from collections import Counter

from studio.data.health.check import Check, Found, Steps, quoted, rows
from studio.data.health.subject import Subject
from studio.events import Progress

_SKEWED = 10
_FEWEST = 5
_ENOUGH = 30
_LABELS = 200


class Labels(Check):
    name = "labels"
    title = "Uneven labels"
    why = "A label that is rare in the rows is rarely given, however right it would be."
    fix = ""

    def find(self, subject: Subject) -> Steps[Found]:
        yield Progress("rows checked", 0, len(subject.records))
        if subject.format != "classification":
            return Found()
        counts = Counter(record.answer.strip() for record in subject.records)
        most = max(counts.values(), default=0)
        rare = {label for label, count in counts.items() if count * _SKEWED <= most or count < _FEWEST}
        if len(counts) > _LABELS or (len(counts) > 1 and (not rare or counts.total() < _ENOUGH)):
            return Found()
        if len(counts) == 1:
            only = f"All {rows(most)} have the label {next(iter(counts))!r}: there is nothing to tell apart."
            return Found(tuple(r.line for r in subject.records), (), only, "bad")
        flagged = [record for record in subject.records if record.answer.strip() in rare]
        first = {record.answer.strip(): record for record in reversed(flagged)}
        evidence = [quoted(r.line, f"{label}: {rows(counts[label])}") for label, r in first.items()]
        names = ", ".join(
            f"{label[:40]} ({counts[label]:,})" for label in sorted(rare, key=counts.__getitem__)[:5]
        )
        words = f"Some labels have few rows, the most frequent {most:,}: {names}. Add rows of these."
        return Found(tuple(r.line for r in flagged), tuple(evidence[:20]), words)
