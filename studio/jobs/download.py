"""The job that brings a Hub dataset to this disk. It belongs on the reading thread."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.data.hub.download import download
from studio.data.hub.wanted import Wanted
from studio.events import Event

KEYS, TOKEN = "Tuning Studio", "huggingface.co"
"""Where the system's keychain keeps the Hub token: service and name."""


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


def hub_token() -> str:
    """The Hub token from the keychain; empty where there is none, and then HF_TOKEN or its file count."""
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(KEYS, TOKEN) or ""
    except KeyringError:
        return ""
