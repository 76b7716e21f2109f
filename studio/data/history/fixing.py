"""What the checks of the health summary mend or drop, as a step."""

from __future__ import annotations

from dataclasses import replace

from studio.data.history.shaped import Around, Rows, Shaping
from studio.data.history.steps import Fix
from studio.data.split import GOLDEN
from studio.events import Progress

_BY_TOKENS = ("cut", "lengths")


def fixed(rows: Rows, step: Fix, around: Around) -> Shaping:
    """The rows after the check's fix; golden rows stay as they are. Raises DataError for no such check."""
    from studio.data.health.checks import CHECKS, fixing
    from studio.data.health.subject import Subject

    yield Progress("rows checked", 0, len(rows.records))
    name, tokens = step.check.replace("_", " "), dict[int, int]()
    if around.tokens is not None and name in _BY_TOKENS:
        for record in rows.records:
            tokens[record.line] = around.tokens(record)
            yield Progress("tokens counted", len(tokens), len(rows.records))
    limit = around.max_length
    subject = Subject(
        records=rows.records,
        parts={line: part for line, part in rows.parts.items() if part},
        tokens=tokens,
        cut={line: count - limit for line, count in tokens.items() if 0 < limit < count},
        format=around.format,
        special=around.special,
        max_length=limit,
        golden=tuple(replace(record, line=-place) for place, record in enumerate(around.golden, 1)),
    )
    after = {record.line: record for record in (yield from fixing(subject, name))}
    kept = tuple(
        record if rows.parts.get(record.line) == GOLDEN else after[record.line]
        for record in rows.records
        if record.line in after or rows.parts.get(record.line) == GOLDEN
    )
    done = rows.keeping(kept)
    if CHECKS[name].fix:
        return done
    return done.remarking(0, "step.person", step=step.words())
