"""What is done at the start: what a crash left of earlier sessions is put back, or cleared."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from studio.events import Event
from studio.files import clear_scratch, heal
from studio.language import tr
from studio.paths import Paths


@dataclass(frozen=True)
class HealJob:
    """Put back datasets that a crash left hidden, and clear what was half-written, in our own folders."""

    paths: Paths

    @property
    def title(self) -> str:
        return tr("Tidying up")

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.dataset.manifest import is_saved

        heal(self.paths.datasets, is_saved)
        heal(self.paths.home, lambda folder: False)
        clear_scratch()
        yield from ()
