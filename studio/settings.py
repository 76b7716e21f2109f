"""The person's preferences, in one small JSON file; a bad file never blocks the start.

Read before the window's first paint, so it imports nothing that takes time.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from studio.files import write_text

log = logging.getLogger(__name__)

APPEARANCES = ("system", "light", "dark")


@dataclass(frozen=True)
class Settings:
    """What the window remembers between two starts. Width and height in pixels."""

    appearance: str = "system"  # one of APPEARANCES
    width: int = 1280
    height: int = 820
    recent: tuple[str, ...] = ()  # datasets, the latest first

    def __post_init__(self) -> None:
        sizes = (self.width, self.height)
        if self.appearance not in APPEARANCES or not all(isinstance(n, int) and n > 0 for n in sizes):
            raise ValueError(f"not settings: {self}")
        if not all(isinstance(path, str) for path in self.recent):
            raise ValueError(f"not recent datasets: {self.recent}")
        object.__setattr__(self, "recent", tuple(self.recent))  # JSON has lists


def read_settings(path: Path) -> Settings:
    """The saved preferences, or the defaults when there are none or they cannot be read."""
    try:
        return Settings(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Settings()
    except Exception:
        log.exception("The settings in %s cannot be read; the defaults are used", path)
        return Settings()


def write_settings(path: Path, settings: Settings) -> None:
    """Replace the saved preferences."""
    write_text(path, json.dumps(asdict(settings), indent=2) + "\n")
