"""One prompt with several answers."""

from __future__ import annotations

from collections import defaultdict

from studio.data.health.check import Check, Found, Steps, found, have, quoted
from studio.data.health.subject import Subject, frame
from studio.data.records import Record
from studio.events import Evidence, Progress

_EVERY = 1000
_SHOWN = 60


class Contradictions(Check):
    """An answer that only says more than the other (Paris, It is Paris) does not count as another one."""

    name = "contradictions"
    title = "Same prompt, different answers"
    why = "Where facts or labels contradict each other the model can only guess. Free tasks may have several."
    fix = ""

    def find(self, subject: Subject) -> Steps[Found]:
        if subject.format in ("text", "preference"):
            return Found()
        asked: dict[tuple[str, str], list[Record]] = defaultdict(list)
        for number, record in enumerate(subject.records, 1):
            if record.messages and (words := subject.normal(record).asked):
                asked[frame(record), words].append(record)
            if number % _EVERY == 0:
                yield Progress("rows checked", number, len(subject.records))
        evidence = []
        for records in asked.values():
            others = [r for r in records[1:] if _differ(subject, records[0], r)]
            if others:
                evidence.append(_evidence(records[0], others[0]))
                evidence += [_evidence(record, records[0]) for record in others]
        result = found(
            evidence,
            lambda count: f"{have(count, 'answers', 'answer')} a prompt that others answer otherwise.",
        )
        if subject.format == "classification" and result.lines:
            return Found(result.lines, result.evidence, result.summary, "bad")
        return result


def _evidence(record: Record, other: Record) -> Evidence:
    prompt = record.prompt if len(record.prompt) <= _SHOWN else f"…{record.prompt[-_SHOWN:]}"
    text = f"{prompt} → {record.answer[:_SHOWN]}"
    return quoted(record.line, text, len(prompt) + 3, len(text), other=other.line)


def _differ(subject: Subject, one: Record, other: Record) -> bool:
    left, right = (set(subject.normal(record).answer.split()) for record in (one, other))
    if subject.format == "classification":
        return left != right
    return not (left <= right or right <= left)
