"""Rows for the checks, in one line each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from studio.dataset.checks.check import Found, Subject
from studio.dataset.checks.registry import CHECKS, Mended, previewing
from studio.dataset.record import Message, Record
from studio.dataset.steps.apply import fixed as fixing
from studio.dataset.steps.result import Rows, StepContext
from studio.dataset.steps.steps import Fix
from studio.events import finished

type Row = tuple[str, str]


def rows(*pairs: Row) -> list[Record]:
    """Prompts with their answers, on lines from 1."""
    return [
        Record(line, (Message("user", prompt), Message("assistant", answer)))
        for line, (prompt, answer) in enumerate(pairs, 1)
    ]


def found(check: str, records: Sequence[Record], **known: Any) -> Found:
    """What one check says of the rows."""
    return finished(CHECKS[check].find(Subject(records, **known)))


def answers(*texts: str) -> list[Record]:
    """Different prompts with these answers."""
    return rows(*((f"Question number {place}?", text) for place, text in enumerate(texts, 1)))


def fixed(subject: Subject, check: str) -> tuple[Record, ...]:
    """The rows after the fix of a check."""
    context = StepContext(format=subject.format, special=subject.special, golden=subject.golden)
    rows = Rows(tuple(subject.records), subject.parts)
    return tuple(finished(fixing(rows, Fix(check=check), context)).records)


def preview(subject: Subject, check: str) -> tuple[Mended, ...]:
    """What the fix of a check would do."""
    return finished(previewing(subject, check))
