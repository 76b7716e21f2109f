"""Datasets that are too small for what is hoped of them."""

from __future__ import annotations

from studio.data.health.check import Check, Found, Steps, rows
from studio.data.health.subject import Subject
from studio.events import Progress

FEW, SOME = 50, 200


class FewRows(Check):
    name = "few rows"
    title = "Number of rows"
    why = "From few rows a model takes over a tone and a format, but hardly any knowledge."
    fix = ""

    def find(self, subject: Subject) -> Steps[Found]:
        count = len(subject.records)
        yield Progress("rows checked", count, count)
        if count < FEW:
            words = f"Only {rows(count)}: the model will learn these by heart at best. Aim at {SOME} or more."
            return Found(summary=words, severity="bad")
        if count < SOME:
            words = f"{rows(count)} can teach a tone or a format. For a new task aim at {SOME} or more."
            return Found(summary=words, severity="look")
        return Found()
