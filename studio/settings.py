"""The person's preferences, in one small JSON file; a bad file never blocks the start.

Read before the window's first paint, so it imports nothing that takes time.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from studio.files import parsed, write_text

log = logging.getLogger(__name__)

APPEARANCES = ("system", "light", "dark")


MOST = 32_767
"""The most pixels of a side that a window is asked for: more, and Qt draws nothing."""


@dataclass(frozen=True)
class Settings:
    """What the window remembers between two starts. Width and height in pixels."""

    appearance: str = "system"  # one of APPEARANCES
    width: int = 1280
    height: int = 820
    recent: tuple[str, ...] = ()  # datasets, the latest first
    damage: str = field(default="", compare=False)  # what of the file could not be read; never saved

    def __post_init__(self) -> None:
        for name in ("width", "height"):
            size = getattr(self, name)
            if type(size) is not int or not 0 < size <= MOST:
                raise ValueError(f"{name} cannot be {str(size)[:40]}")
        if self.appearance not in APPEARANCES:
            raise ValueError(f"appearance cannot be {str(self.appearance)[:40]}")
        if not isinstance(self.recent, list | tuple) or not all(
            isinstance(each, str) for each in self.recent
        ):
            raise ValueError("recent is no list of paths")
        object.__setattr__(self, "recent", tuple(self.recent))  # JSON has lists


def read_settings(path: Path) -> Settings:
    """The saved preferences; what is missing or cannot be read is as by default, and `damage` says why."""
    try:
        found = parsed(path.read_text(encoding="utf-8"))
        return _readable(path, found)
    except FileNotFoundError:
        return Settings()
    except Exception as error:
        log.exception("The settings in %s cannot be read; the defaults are used", path)
        return Settings(damage=f"{path} is damaged, and the defaults are used ({error}).")


def _readable(path: Path, found: dict[str, Any]) -> Settings:
    """One field after the other, so that a damaged one costs no other."""
    settings, damaged = Settings(), []
    for name in ("appearance", "width", "height", "recent"):
        try:
            settings = replace(settings, **{name: found[name]}) if name in found else settings
        except (ValueError, TypeError) as error:
            damaged.append(str(error))
    if damaged:
        log.warning("%s is damaged: %s", path, "; ".join(damaged))
        words = f"{path} is damaged: {'; '.join(damaged)}. What is by default is used instead."
        return replace(settings, damage=words)
    return settings


def write_settings(path: Path, settings: Settings) -> None:
    """Replace the saved preferences."""
    kept = {name: value for name, value in asdict(settings).items() if name != "damage"}
    write_text(path, json.dumps(kept, indent=2) + "\n")
