"""Where a run's events go before anybody sees them: its folder, its trackers, and who gives advice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from studio.events import Event, Progress
from studio.process import rank
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder

if TYPE_CHECKING:
    from studio.train.trackers import Tracker


class Recorder:
    """Writes down what happens in a run, and adds what follows from it."""

    def __init__(self, run: RunFolder, trackers: list[Tracker]) -> None:
        from studio.advice.advice import Adviser

        self._run, self._trackers = run, trackers
        self._adviser = Adviser()
        self._adviser.remember(run.events())

    def record(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events, each written before it is passed on, with advice and the trackers' warnings."""
        for event in events:
            if isinstance(event, Progress):
                yield event
                continue
            for each in (event, *self._adviser.see(event)):
                self._run.append(each)
                warnings = [log for tracker in self._trackers if (log := tracker.see(each))]
                yield each
                for warning in warnings:
                    self._run.append(warning)
                    yield warning

    def at_the_end(self) -> Iterator[Event]:
        """The last advice, when the run has come to its end."""
        yield from self.record(self._adviser.at_the_end())


@contextmanager
def recorder(recipe: Recipe, run: RunFolder) -> Iterator[Recorder]:
    """A recorder with the trackers that the recipe asks for; they are closed however the run ends.

    Raises RecipeError when a tracker's package is missing.
    """
    from studio.train.trackers import trackers_for

    trackers = trackers_for(recipe, run) if rank() == 0 else []
    try:
        yield Recorder(run, trackers)
    finally:
        for tracker in trackers:
            if warning := tracker.close():
                run.append(warning)
