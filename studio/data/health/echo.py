"""Answers that only repeat the prompt."""

from __future__ import annotations

from studio.data.health.check import Check, Found, Steps, by_row, found, quoted, rows
from studio.data.health.subject import Subject, normalized
from studio.data.records import Record
from studio.events import Evidence

_GREETING = 3
"""Up to so many words may be answered by the same: Good morning! Good morning!"""


class Echo(Check):
    name = "echo"
    title = "Answer repeats the prompt"
    why = "The model learns to give questions back instead of answering them."
    severity = "bad"

    def find(self, subject: Subject) -> Steps[Found]:
        evidence = yield from by_row(subject, _look)
        return found(evidence, lambda count: f"In {rows(count)} the answer is the prompt again.")


def _look(record: Record) -> Evidence | None:
    prompt, answer = record.prompt.strip(), record.answer.strip()
    if not record.messages or abs(len(prompt) - len(answer)) > 10 + len(prompt) // 5:
        return None
    words = normalized(prompt)
    if words.count(" ") >= _GREETING and words == normalized(answer):
        return quoted(record.line, answer, 0, min(len(answer), 80))
    return None
