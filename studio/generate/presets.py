"""Ways of drawing by name: those that come with the app, a model's own, and those that a person saved."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from studio.catalogue import Unusable
from studio.files import FileKind, NewerFile, parsed, under
from studio.generate.sampling import Sampling
from studio.language import tr

log = logging.getLogger(__name__)

_BY_NAME = "presets"
PRESETS = FileKind(under(_BY_NAME, dict))
"""A person's own; the first version was what they are by name, alone."""
_PLAIN = {"temperature": 0.0, "top_p": 1.0, "top_k": 0, "repetition_penalty": 1.0}
_GENERATION = "generation_config.json"
_MOST = 100
"""So many characters may be in a name."""


@dataclass(frozen=True)
class Preset:
    """A named way of drawing; a person's own can be deleted."""

    name: str
    sampling: Sampling
    is_own: bool = False


BUILT_IN = (
    Preset(tr("Balanced"), Sampling.model_validate({})),
    Preset(tr("Deterministic"), Sampling.model_validate(_PLAIN)),
    Preset(tr("Precise"), Sampling.model_validate({**_PLAIN, "temperature": 0.3, "top_p": 0.9})),
    Preset(tr("Creative"), Sampling.model_validate({**_PLAIN, "temperature": 1.0, "min_p": 0.05})),
)


class Presets:
    """The presets that a file keeps, behind those that come with the app."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def all(self) -> tuple[Preset, ...]:
        """Built-in ones first, then the person's own by name; what of the file cannot be read is left out."""
        own = (Preset(name, sampling, is_own=True) for name, sampling in sorted(self._own().items()))
        return (*BUILT_IN, *own)

    def find(self, name: str) -> Preset:
        """The preset with this name, however it is capitalized. Raises Unusable where there is none."""
        known = self.all()
        found = next((each for each in known if each.name.lower() == name.strip().lower()), None)
        if found is None:
            raise Unusable("preset.unknown", name=name, names=", ".join(each.name for each in known))
        return found

    def save(self, name: str, sampling: Sampling) -> Preset:
        """Keep a way of drawing under a name, in place of the one that had it. Raises Unusable for a name
        that is empty, too long, or a built-in one's; DiskError where it cannot be written.
        """
        name = " ".join(name.split())
        if not name or len(name) > _MOST or not name.isprintable():
            raise Unusable("preset.no_name", most=_MOST)
        if any(name.lower() == each.name.lower() for each in BUILT_IN):
            raise Unusable("preset.built_in", name=name)
        others = {key: kept for key, kept in self._own().items() if key.lower() != name.lower()}
        self._write({**others, name: sampling})
        return Preset(name, sampling, is_own=True)

    def delete(self, name: str) -> None:
        """Forget one of the person's own. Raises Unusable for one that is not."""
        found = self.find(name)
        if not found.is_own:
            raise Unusable("preset.built_in", name=found.name)
        self._write({key: kept for key, kept in self._own().items() if key != found.name})

    def _own(self) -> dict[str, Sampling]:
        found: dict[str, Sampling] = {}
        for name, values in self._read().items():
            try:
                found[name] = Sampling.model_validate(values)
            except ValidationError:
                log.warning("The preset %s in %s cannot be used", name, self._file)
        return found

    def _read(self) -> dict[str, Any]:
        try:
            read: Any = PRESETS.read(self._file).get(_BY_NAME)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, NewerFile):
            log.warning("%s cannot be read", self._file)
            return {}
        return read if isinstance(read, dict) else {}

    def _write(self, presets: Mapping[str, Sampling]) -> None:
        plain = {name: sampling.model_dump(mode="json") for name, sampling in presets.items()}
        PRESETS.write(self._file, {_BY_NAME: plain})


def sampling_of(folder: Path) -> Sampling | None:
    """How a model's makers draw its answers, by its generation_config.json; None where that says nothing.

    Where they do not sample, the likeliest token is taken. Values beyond what can be chosen here are brought
    to the nearest that can; what is left out is as transformers has it.
    """
    try:
        told: Any = parsed((folder / _GENERATION).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(told, dict):
        return None
    drawn = any(_number(told.get(name)) is not None for name in ("temperature", "top_p", "top_k", "min_p"))
    limit = {"max_tokens": told.get("max_new_tokens")}
    if not told.get("do_sample", drawn):
        values = {**_PLAIN, **_within({"repetition_penalty": told.get("repetition_penalty"), **limit})}
        return Sampling.model_validate(values)
    usual = {**_PLAIN, "temperature": 1.0, "top_k": 50}
    names = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty")
    return Sampling.model_validate({**usual, **_within({name: told.get(name) for name in names} | limit)})


def _within(told: Mapping[str, Any]) -> dict[str, float]:
    """What of it are numbers, each inside its field's bounds."""
    found: dict[str, float] = {}
    for name, value in told.items():
        if (number := _number(value)) is None:
            continue
        field = Sampling.model_fields[name]
        low, high = (_bound(field.metadata, side) for side in ("ge", "le"))
        low = 0.01 if low is None else low  # top_p, which must be above 0
        inside = min(max(number, low), high if high is not None else number)
        found[name] = round(inside) if field.annotation is int else inside
    return found


def _bound(metadata: list[Any], side: str) -> float | None:
    return next((getattr(each, side) for each in metadata if hasattr(each, side)), None)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
