"""The person's preferences, in one small JSON file; a bad file never blocks the start."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from studio.files import write_text

log = logging.getLogger(__name__)


class Settings(BaseModel):
    """What the window remembers between two starts."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    appearance: Literal["system", "light", "dark"] = "system"
    width: int = 1280
    height: int = 820


def read_settings(path: Path) -> Settings:
    """The saved preferences, or the defaults when there are none or they cannot be read."""
    try:
        return Settings.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except Exception:
        log.exception("The settings in %s cannot be read; the defaults are used", path)
        return Settings()


def write_settings(path: Path, settings: Settings) -> None:
    """Replace the saved preferences."""
    write_text(path, settings.model_dump_json(indent=2) + "\n")
