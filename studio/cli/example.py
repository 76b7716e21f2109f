"""One example of a dataset, and what a check found in it, as a terminal shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby, islice

from studio.cli.results import CommandResult
from studio.dataset.rows import LineMap
from studio.events import Evidence, Finding, Piece, Rendered
from studio.language import tr

_OPEN, _CLOSE = "⟦", "⟧"
_QUOTED = 3
_SIGNS = {"good": "ok  ", "look": "look", "bad": "BAD "}


def shown_example(rendered: Rendered, line: int) -> CommandResult:
    """The example at a line: its text, with what is learned in brackets."""
    trained = sum(piece.trained for piece in rendered.pieces)
    facts = tr(
        "Line {line}: {count:,} tokens; the {trained:,} in {left} {right} are learned.",
        line=line,
        count=len(rendered.pieces),
        trained=trained,
        left=_OPEN,
        right=_CLOSE,
    )
    return CommandResult(asdict(rendered), f"{facts}\n\n{_text(rendered)}")


def _text(rendered: Rendered) -> str:
    """The text of each row, under its number where they are several."""
    if not rendered.rows:
        return _marked(rendered.pieces)
    left = iter(rendered.pieces)
    rows = [_marked(list(islice(left, count))) for count in rendered.rows]
    return "\n\n".join(
        tr("Row {n:,} of {count:,}\n{row}", n=n, count=len(rows), row=row) for n, row in enumerate(rows, 1)
    )


def _marked(pieces: Sequence[Piece]) -> str:
    """The exact text, with what is learned in brackets; what is cut is left out."""
    kept = [piece for piece in pieces if not piece.cut]
    runs = ((on, "".join(p.text for p in run)) for on, run in groupby(kept, key=lambda p: p.trained))
    return "".join(f"{_OPEN}{text}{_CLOSE}" if on else text for on, text in runs)


def finding_lines(finding: Finding, places: LineMap) -> Iterator[str]:
    """A finding, and below it some of the rows that it is about."""
    yield f"  {_SIGNS[finding.severity]} {finding.title}: {finding.summary}"
    for item in finding.evidence[:_QUOTED]:
        yield f"         {_where(item, places)}: {item.quote}"
    if finding.count > _QUOTED:
        yield tr("         and {value:,} more", value=finding.count - _QUOTED)


def _where(item: Evidence, places: LineMap) -> str:
    here = places.words(item.line)
    if item.other is None:
        return here
    other = (
        tr("line {value} of the golden set", value=-item.other)
        if item.other < 0
        else places.words(item.other)
    )
    return tr("{here}, as {other}", here=here, other=other)
