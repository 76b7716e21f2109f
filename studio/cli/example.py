"""`studio data DATA --line N`: one example as the model reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby, islice

from studio.cli.results import Result
from studio.cli.terminal import perform
from studio.events import Piece, Rendered
from studio.jobs.read import ExampleJob
from studio.train.library import Library
from studio.train.recipe import Recipe

_OPEN, _CLOSE = "⟦", "⟧"


def example(recipe: Recipe, library: Library, line: int) -> Result:
    """The example at a line: its turns and tokens. Raises DataError where there is none."""
    events = perform(ExampleJob(recipe, line).run_events(library))
    rendered = next(event for event in events if isinstance(event, Rendered))
    trained = sum(piece.trained for piece in rendered.pieces)
    facts = f"Line {line}: {len(rendered.pieces):,} tokens; the {trained:,} in {_OPEN} {_CLOSE} are learned."
    return Result(asdict(rendered), f"{facts}\n\n{_text(rendered)}")


def _text(rendered: Rendered) -> str:
    """The text of each row, under its number where they are several."""
    if not rendered.rows:
        return _marked(rendered.pieces)
    left = iter(rendered.pieces)
    rows = [_marked(list(islice(left, count))) for count in rendered.rows]
    return "\n\n".join(f"Row {n:,} of {len(rows):,}\n{row}" for n, row in enumerate(rows, 1))


def _marked(pieces: Sequence[Piece]) -> str:
    """The exact text, with what is learned in brackets; what is cut is left out."""
    kept = [piece for piece in pieces if not piece.cut]
    runs = ((on, "".join(p.text for p in run)) for on, run in groupby(kept, key=lambda p: p.trained))
    return "".join(f"{_OPEN}{text}{_CLOSE}" if on else text for on, text in runs)
