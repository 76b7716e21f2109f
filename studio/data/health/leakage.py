"""Rows to learn from that are also asked in a test."""

from __future__ import annotations

from studio.data.groups import grouped
from studio.data.health.check import Check, Found, Steps, by_row, found, have, quoted
from studio.data.health.near_duplicates import alike
from studio.data.health.subject import Subject
from studio.data.records import Record
from studio.events import Evidence, Progress


class Leakage(Check):
    """Flags the rows in train that are asked in a test, nearly so, or belong to a row that is (`groups`).

    Golden rows of another file are named by negative lines.
    """

    name = "leakage"
    title = "Test questions in the training rows"
    why = "What was learned by heart is no test: the figures would be better than the model."
    severity = "bad"

    def find(self, subject: Subject) -> Steps[Found]:
        held: dict[str, Record] = {}
        for record in (*subject.records, *subject.golden):
            if subject.part(record) != "train" and (question := _question(subject, record)):
                held.setdefault(question, record)

        def look(record: Record) -> Evidence | None:
            if not held or subject.part(record) != "train":
                return None
            other = held.get(_question(subject, record))
            return _evidence(subject, record, other) if other else None

        evidence = {item.line: item for item in (yield from by_row(subject, look))}
        records, pairs = yield from alike(subject)
        for pair in pairs:
            one, other = records[pair.first], records[pair.second]
            train, test = (one, other) if subject.part(one) == "train" else (other, one)
            if subject.part(train) == "train" and subject.part(test) != "train":
                evidence.setdefault(train.line, _evidence(subject, train, test))
        yield Progress("rows compared", 0, len(subject.records))
        for group in grouped((*subject.records, *subject.golden)):
            tests = [record for record in group if subject.part(record) != "train"]
            for record in group if tests else ():
                if subject.part(record) == "train":
                    evidence.setdefault(record.line, _evidence(subject, record, tests[0]))
        return found(
            (evidence[line] for line in sorted(evidence)),
            lambda count: (
                f"{have(count, 'to learn from is', 'to learn from are')} also held out to test with, or "
                "of a conversation or a document that is."
            ),
        )


def _question(subject: Subject, record: Record) -> str:
    """The words of what is asked; where there are none, as of an emoji, what is asked to the letter."""
    normal = subject.normal(record)
    return (normal.asked if record.messages else normal.answer) or record.question


def _evidence(subject: Subject, record: Record, test: Record) -> Evidence:
    shown = f"{subject.part(test)}: {record.prompt or record.answer}"
    return quoted(record.line, shown, other=test.line)
