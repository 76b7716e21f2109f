"""Rows that say nearly the same as an earlier one."""

from __future__ import annotations

from collections import defaultdict

from studio.data.equality import equal_key
from studio.data.health.check import Check, Found, Steps, found, have, quoted
from studio.data.health.near import Pair, similar
from studio.data.health.subject import Normal, Subject, answered, asked, frame
from studio.data.records import Record
from studio.events import Evidence

_MARKED = 60


class NearDuplicates(Check):
    name = "near duplicates"
    title = "Near duplicates"
    why = "Rows that differ in a word or two count several times, and the model learns them by heart."

    def find(self, subject: Subject) -> Steps[Found]:
        records, pairs = yield from alike(subject)
        earlier: dict[int, list[Pair]] = defaultdict(list)
        for pair in (pair for pair in pairs if records[pair.first].line > 0):
            earlier[pair.second].append(pair)
        dropped: set[int] = set()
        evidence: list[Evidence] = []
        for second in sorted(earlier):
            kept = [pair for pair in earlier[second] if pair.first not in dropped]
            if kept:
                dropped.add(second)
                best = max(kept, key=lambda pair: pair.similarity)
                evidence.append(_evidence(records, best))
        return found(
            evidence, lambda count: f"{have(count, 'says', 'say')} nearly the same as an earlier one."
        )


def alike(subject: Subject) -> Steps[tuple[list[Record], tuple[Pair, ...]]]:
    """The different rows, and the pairs of them that say nearly the same; found once for all checks."""
    if "alike" not in subject.memory:
        records = list({equal_key(record): record for record in reversed(subject.records)}.values())
        records = [*subject.golden, *reversed(records)]
        normals = [subject.normal(record) for record in records]
        pairs = yield from similar(normals)
        alike = [pair for pair in (*_equal(records, normals), *pairs) if _together(records, pair)]
        subject.memory["alike"] = records, tuple(dict.fromkeys(alike))
    result: tuple[list[Record], tuple[Pair, ...]] = subject.memory["alike"]
    return result


def _equal(records: list[Record], normals: list[Normal]) -> list[Pair]:
    """Rows that differ in nothing but case, spaces and punctuation, each with the first such row."""
    first: dict[tuple[str, Normal], int] = {}
    pairs = []
    for place, (record, normal) in enumerate(zip(records, normals, strict=True)):
        known = first.setdefault((frame(record), normal), place)
        if known != place and any(normal):
            pairs.append(Pair(known, place, 1.0))
    return pairs


def _together(records: list[Record], pair: Pair) -> bool:
    one, other = records[pair.first], records[pair.second]
    return frame(one) == frame(other) and bool(one.rejected) == bool(other.rejected)


def _evidence(records: list[Record], pair: Pair) -> Evidence:
    """Quotes the later row where it begins to differ from the earlier one."""
    one, other = records[pair.second], records[pair.first]
    side = answered if asked(one) == asked(other) else asked
    text, known = side(one), side(other)
    start = _shared(text, known)
    same = _shared(text[:start:-1], known[:start:-1])
    return quoted(one.line, text, start, min(len(text) - same, start + _MARKED), other=other.line)


def _shared(one: str, other: str) -> int:
    """How many characters are the same from the beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))
