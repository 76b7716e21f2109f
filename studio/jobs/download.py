"""The job that brings a Hub dataset to this disk. It belongs on the reading thread."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.data.hub.download import download
from studio.data.hub.wanted import Wanted
from studio.events import Event
from studio.jobs.save import hub_token


@dataclass(frozen=True)
class DownloadJob:
    """Download a part of a Hub dataset below a folder; stopped, the next one goes on where it was."""

    wanted: Wanted
    under: Path

    @property
    def title(self) -> str:
        return f"Downloading {self.wanted.name}"

    def run_events(self, bench: Any) -> Generator[Event]:
        yield (yield from download(self.wanted, self.under, hub_token()))
