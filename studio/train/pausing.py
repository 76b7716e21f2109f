"""A run on a disk that is nearly full: it pauses by itself, with a checkpoint where that still fits.

It is held to the room that is left, not to what it was foreseen to write: others write to the disk, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mlx import nn

from studio.catalogue import phrase
from studio.errors import DiskError, DiskLow
from studio.events import Event, Log, Saved
from studio.files import RoomWatch, free_bytes, megabytes
from studio.models import adapter, arrays
from studio.runs.folder import RunFolder
from studio.train import checkpoint


class DiskGuard:
    """Watches the disk that a run writes to."""

    def __init__(self, run: RunFolder, *, acts: bool = True) -> None:
        """Of several processes only the one `acts` that writes."""
        self._run, self._watch, self._acts = run, RoomWatch(run.path), acts

    def check(self, *, now: bool = True) -> None:
        """Raise DiskLow where the disk is nearly full; it is looked at every few seconds, or `now`."""
        if self._acts and self._watch.is_low(now=now):
            raise DiskLow("disk.low_while_training")

    def save_if_it_fits(
        self, save: Callable[[], Saved], model: nn.Module, state: dict[str, Any]
    ) -> Iterator[Event]:
        """Save where the run stands, where the disk has room; the last checkpoint stays in any case."""
        if not self._watch.fits(size_of(model, state)):
            return
        try:
            yield save()
        except DiskError as error:  # somebody else took the room
            yield Log(str(error), "warning")

    def paused(self, step: int) -> DiskLow:
        """Why the run pauses after a step, and where it goes on."""
        last = checkpoint.latest(self._run)
        known = checkpoint.position_of(last).step if last else 0
        if known == step > 0:
            saved = phrase("disk.paused_saved", step=step)
        elif known:
            saved = phrase("disk.paused_at_last", step=step, last=known)
        else:
            saved = phrase("disk.paused_at_start")
        return DiskLow("disk.paused", free=megabytes(free_bytes(self._run.path)), saved=saved)


def size_of(model: nn.Module, state: dict[str, Any]) -> int:
    """The bytes that saving takes: a checkpoint, and the run's result beside the one that it replaces."""
    trained = sum(array.nbytes for array in adapter.weights(model).values())
    return 2 * trained + sum(array.nbytes for array in arrays.named(state).values())
