"""The longest run that a text shares with the training rows, searched once and kept with the answers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass

from studio.evaluate.failures.training_rows import SharedRun, TrainingRows
from studio.evaluate.store import EvaluationStore
from studio.events import built

_CACHE = "shared_runs"


@dataclass(frozen=True)
class SharedRuns:
    """What an evaluation's texts share with the training rows.

    The rows are read where a text is looked for that was not before; `rows` gives None where they are not at
    hand.
    """

    store: EvaluationStore
    rows: Callable[[], TrainingRows | None]

    def longest(self, text: str) -> SharedRun | None:
        """The longest run; None where it was not searched before and the rows are not at hand."""
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
        if (kept := self.store.known(_CACHE, key)) is not None:
            return _read(kept)
        if (rows := self.rows()) is None:
            return None
        found = rows.longest(text)
        self.store.remember(_CACHE, key, asdict(found), flushed=False)
        return found


def _read(kept: object) -> SharedRun:
    """A run as it was kept; none where the line is damaged."""
    try:
        return built(SharedRun, kept if isinstance(kept, dict) else {})
    except (ValueError, TypeError):
        return SharedRun()
