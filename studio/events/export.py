"""What taking a run's result elsewhere announces."""

from __future__ import annotations

from dataclasses import dataclass

from studio.catalogue import Said
from studio.events.event import Event


@dataclass(frozen=True)
class Exported(Event, kind="Exported"):
    """A run's result stands in a folder, was read back there, and answers as the run's model does.

    `files` are names in it, `size` is what they take, in bytes. `difference` is that of the logits, as a
    share of their norm; `same` of `places` have the same likeliest next token. `lost` is the share of what
    the run learned that is not in what was written, None where the run changed nothing. `before` and `after`
    are what the run's model and what was read back say to `prompt`, where one was asked.
    """

    target: str
    folder: str
    files: tuple[str, ...]
    size: int
    difference: float
    same: int
    places: int
    lost: float | None = None
    remarks: tuple[Said, ...] = ()
    prompt: str = ""
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class AdapterImported(Event, kind="AdapterImported"):
    """An adapter from elsewhere stands in a folder as one that a run can go on from, on so many layers."""

    folder: str
    model: str
    form: str  # lora or dora
    rank: int
    scale: float
    layers: int
