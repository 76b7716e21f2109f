"""Jobs that find out what a Hub dataset has, and bring it to this disk."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.data.hub.download import download, look_up
from studio.data.hub.wanted import HubError, Wanted
from studio.events import AccessWanted, Event
from studio.jobs.hub_token import hub_token, keep_hub_token


@dataclass(frozen=True)
class LookUpJob:
    """Find out which subsets and splits a Hub dataset has."""

    wanted: Wanted
    token: str = field(default="", repr=False)

    @property
    def title(self) -> str:
        return f"Looking up {self.wanted.name}"

    def run_events(self, bench: Any) -> Generator[Event]:
        yield from _with_access(look_up(self.wanted, self.token or hub_token()), self.token)


@dataclass(frozen=True)
class DownloadJob:
    """Download a part of a Hub dataset below a folder; stopped, the next one goes on where it was."""

    wanted: Wanted
    under: Path
    token: str = field(default="", repr=False)

    @property
    def title(self) -> str:
        return f"Downloading {self.wanted.name}"

    def run_events(self, bench: Any) -> Generator[Event]:
        yield from _with_access(download(self.wanted, self.under, self.token or hub_token()), self.token)


def _with_access(work: Generator[Event, None, Event], token: str) -> Generator[Event]:
    """The work's events and what it returns; a given token that it accepts is kept.

    When access is what is missing, that is said before HubError is raised.
    """
    try:
        result = yield from work
    except HubError as error:
        if error.page:
            yield AccessWanted(error.page)
        raise
    if token:
        keep_hub_token(token)
    yield result
