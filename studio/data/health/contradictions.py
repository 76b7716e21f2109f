"""One prompt with several answers."""

from __future__ import annotations

from collections import defaultdict

from studio.data.health.check import Check, Found, Steps, found, have, quoted
from studio.data.health.subject import Subject, frame
from studio.data.records import Record
from studio.events import Progress

_EVERY = 1000


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
                shown = f"{records[0].prompt[:40]}: {records[0].answer[:40]}"
                evidence.append(quoted(records[0].line, shown, other=others[0].line))
                evidence += [
                    quoted(r.line, f"{r.prompt[:40]}: {r.answer[:40]}", other=records[0].line) for r in others
                ]
        result = found(
            evidence,
            lambda count: f"{have(count, 'answers', 'answer')} a prompt that others answer otherwise.",
        )
        if subject.format == "classification" and result.lines:
            return Found(result.lines, result.evidence, result.summary, "bad")
        return result


def _differ(subject: Subject, one: Record, other: Record) -> bool:
    left, right = (set(subject.normal(record).answer.split()) for record in (one, other))
    if subject.format == "classification":
        return left != right
    return not (left <= right or right <= left)
