"""Several processes that train one model: each computes a share of every batch.

    mlx.launch --backend ring -n 2 python -P -m studio train DATA
    mlx.launch --backend ring --hostfile macs.json python -P -m studio resume RUN

`mlx.launch` starts the processes, on one machine or on those of the hostfile; each needs the dataset and the
model at the same path. Over Thunderbolt 5 macOS also offers `--backend jaccl`, which is not tested here. A
process that was started alone is the first and only one, and MLX's communication is not even set up.

Every share of a loss and of a gradient is a share of the whole step's, so adding them up gives what one
process would have. The first process writes the run and reports; the others keep nothing.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

from studio.errors import PeerLost
from studio.models.arrays import named, nested
from studio.process import launched

AT_ONCE = 1 << 24
"""So many numbers are sent together: many small messages are slow, one large one takes memory."""


class Ranks:
    """This process among its peers. `first` writes and reports for all.

    What all processes do together they must do in the same order. It raises PeerLost when one is gone.
    """

    @cached_property
    def _group(self) -> Any:
        if not launched():
            return None
        try:
            return mx.distributed.init(strict=True)
        except RuntimeError as error:
            raise PeerLost("ranks.unreachable", fault=error) from error

    @property
    def rank(self) -> int:
        return int(self._group.rank()) if self._group else 0

    @property
    def size(self) -> int:
        return int(self._group.size()) if self._group else 1

    @property
    def first(self) -> bool:
        return self.rank == 0

    def share[T](self, items: Sequence[T]) -> list[T]:
        """Every size-th of the items, beginning with our own: alike for all where neighbours are alike."""
        return list(items[self.rank :: self.size])

    def sum(self, tree: Any) -> Any:
        """The float32 arrays of a tree, each added up over all processes."""
        if self.size == 1:
            return tree
        arrays = named(tree)
        added: dict[str, mx.array] = {}
        for names in _bundles(arrays):
            flat = mx.concatenate([arrays[name].reshape(-1) for name in names])
            total = _all_sum(flat)
            ends = list(accumulate(arrays[name].size for name in names))
            for name, part in zip(names, mx.split(total, ends[:-1]), strict=True):
                added[name] = part.reshape(arrays[name].shape)
        return nested({name: added[name] for name in arrays})

    def number(self, value: float) -> float:
        """A number added up over all processes: to the last bit the same in each, so all decide alike."""
        if self.size == 1:
            return value
        values = [0.0] * self.size
        values[self.rank] = value  # as bytes, and all others zero: nothing is rounded
        everybody = self._sum_bytes(struct.pack(f"<{self.size}d", *values))
        return float(sum(struct.unpack(f"<{self.size}d", everybody)))

    def from_first(self, data: bytes) -> bytes:
        """What the first process has, in all of them."""
        if self.size == 1:
            return data
        length = int(self.number(len(data) if self.first else 0))
        return self._sum_bytes(data if self.first else bytes(length))

    def files_from_first(self, folder: Path, names: Sequence[str]) -> None:
        """Write the first process's files of these names, under its `folder`, into everybody else's."""
        for name in json.loads(self.from_first(json.dumps(names).encode())):
            file = folder / name
            size = int(self.number(file.stat().st_size if self.first else 0))
            if not self.first:
                file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("rb" if self.first else "wb") as stream:
                for start in range(0, size, AT_ONCE):
                    part = self.from_first(stream.read(min(AT_ONCE, size - start)) if self.first else b"")
                    if not self.first:
                        stream.write(part)

    def _sum_bytes(self, data: bytes) -> bytes:
        return np.array(_all_sum(mx.array(np.frombuffer(data, np.uint8)))).tobytes()


def _bundles(arrays: dict[str, mx.array]) -> Iterator[list[str]]:
    """The names of arrays that are sent together."""
    names: list[str] = []
    size = 0
    for name, array in arrays.items():
        if names and size + array.size > AT_ONCE:
            yield names
            names, size = [], 0
        names.append(name)
        size += array.size
    yield names


def _all_sum(array: mx.array) -> mx.array:
    """The sum over all processes, computed here: numpy, given a lazy array, would swallow the error."""
    try:
        total = mx.distributed.all_sum(array, stream=mx.cpu)
        mx.eval(total)
    except RuntimeError as error:
        raise PeerLost("ranks.lost") from error
    return total
