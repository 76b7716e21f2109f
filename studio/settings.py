"""The person's preferences, in one small JSON file; a bad file never blocks the start.

Read before the window's first paint, so it imports nothing that takes time.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from studio.catalogue import Phrase, Unusable, joined, phrase
from studio.files import FileKind, NewerFile
from studio.language_choice import CHOICES, SYSTEM

log = logging.getLogger(__name__)

SETTINGS = FileKind()
APPEARANCES = ("system", "light", "dark")
TEXT_SIZES = (100, 110, 125, 150)
"""How large everything is, in percent."""


_KINDS: dict[str, tuple[type, ...]] = {
    "left": (int, type(None)),
    "top": (int, type(None)),
    "maximized": (bool,),
    "still": (bool,),
    "reopen": (bool,),
    "notify": (bool,),
    "goes_on": (bool,),
    "pane": (str,),
    "dataset": (str,),
    "recipe": (dict,),
    "toured": (bool,),
    "splits": (dict,),
}

MOST = 32_767
"""The most pixels of a side that a window is asked for: more, and Qt draws nothing."""


@dataclass(frozen=True)
class Settings:
    """What the window remembers between two starts. Width and height in pixels."""

    appearance: str = "system"  # one of APPEARANCES
    width: int = 1280
    height: int = 820
    recent: tuple[str, ...] = ()  # datasets, the latest first
    model_places: tuple[str, ...] = ()  # folders and files of models that the person added to the list
    left: int | None = None  # where the window began, without its frame; None: never moved
    top: int | None = None
    maximized: bool = False
    text_size: int = 100  # one of TEXT_SIZES
    language: str = SYSTEM  # one of CHOICES, spoken from the next start on
    still: bool = False  # whether nothing moves but what tells something
    reopen: bool = True  # whether the next start brings back dataset, recipe and pane
    notify: bool = True  # whether a run that ends behind other windows says so
    goes_on: bool = False  # whether a run that asked too much goes on by itself, once, in smaller portions
    pane: str = ""
    dataset: str = ""
    recipe: dict[str, Any] = field(default_factory=dict)
    splits: dict[str, list[int]] = field(default_factory=dict)  # pixels of a pane's parts, by splitter
    toured: bool = False  # whether the tour was seen or declined
    damage: str = field(default="", compare=False)  # what of the file could not be read; never saved

    def __post_init__(self) -> None:
        for name in ("width", "height"):
            size = getattr(self, name)
            if type(size) is not int or not 0 < size <= MOST:
                raise _impossible(name, size)
        for name in ("left", "top"):
            place = getattr(self, name)
            if isinstance(place, int) and abs(place) > MOST:
                raise _impossible(name, place)
        for name, allowed in (("appearance", APPEARANCES), ("text_size", TEXT_SIZES), ("language", CHOICES)):
            if getattr(self, name) not in allowed:
                raise _impossible(name, getattr(self, name))
        for name, kinds in _KINDS.items():
            if type(getattr(self, name)) not in kinds:
                raise _impossible(name, getattr(self, name))
        for sizes in self.splits.values():
            if type(sizes) is not list or not all(type(n) is int and 0 <= n <= MOST for n in sizes):
                raise _impossible("splits", sizes)
        for name, fault in (("recent", "settings.recent"), ("model_places", "settings.models")):
            kept = getattr(self, name)
            if not isinstance(kept, list | tuple) or not all(isinstance(each, str) for each in kept):
                raise Unusable(fault)
            object.__setattr__(self, name, tuple(kept))  # JSON has lists


def _impossible(name: str, value: object) -> Unusable:
    return Unusable("settings.value", name=name, value=str(value)[:40])


def read_settings(path: Path) -> Settings:
    """The saved preferences; what is missing or cannot be read is as by default, and `damage` says why."""
    try:
        return _readable(path, SETTINGS.read(path))
    except FileNotFoundError:
        return Settings()
    except NewerFile as error:  # which stays as it is: nothing is written over it
        return Settings(damage=str(error))
    except Exception as error:
        log.exception("The settings in %s cannot be read; the defaults are used", path)
        return Settings(damage=str(phrase("settings.damaged", file=str(path), fault=str(error))))


def _readable(path: Path, found: dict[str, Any]) -> Settings:
    """One field after the other, so that a damaged one costs no other."""
    settings, damaged = Settings(), list[Phrase]()
    for name in (each.name for each in fields(Settings) if each.name != "damage"):
        try:
            settings = replace(settings, **{name: found[name]}) if name in found else settings
        except Unusable as error:
            damaged.append(error.phrase)
    if damaged:
        log.warning("%s is damaged: %s", path, joined(damaged))
        said = phrase("settings.fields_damaged", file=str(path), faults=joined(damaged))
        return replace(settings, damage=str(said))
    return settings


def write_settings(path: Path, settings: Settings) -> None:
    """Replace the saved preferences. Raises NewerFile where those of a newer version stand there."""
    kept = {name: value for name, value in asdict(settings).items() if name != "damage"}
    SETTINGS.write(path, kept)
