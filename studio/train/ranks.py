"""Several processes that train one model: each computes a share of every batch.

Started with `mlx.launch`; a process that was started alone is the first and only one. Every share of a loss
and of a gradient is a share of the whole step's, so adding them up gives what one process would have.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_map

from studio.models.arrays import number


class Ranks:
    """This process among its peers. `first` writes and reports for all."""

    @cached_property
    def _group(self) -> Any:
        return mx.distributed.init()

    @property
    def rank(self) -> int:
        return int(self._group.rank())

    @property
    def size(self) -> int:
        return int(self._group.size())

    @property
    def first(self) -> bool:
        return self.rank == 0

    def share[T](self, items: Sequence[T]) -> list[T]:
        """Every size-th of the items, beginning with our own: alike for all where neighbours are alike."""
        return list(items[self.rank :: self.size])

    def sum[T](self, tree: T) -> T:
        """The arrays of a tree, each added up over all processes; they must all ask at once."""
        if self.size == 1:
            return tree
        total: T = tree_map(lambda array: mx.distributed.all_sum(array, stream=mx.cpu), tree)
        mx.eval(total)
        return total

    def number(self, value: float) -> float:
        """A number added up over all processes."""
        return value if self.size == 1 else number(self.sum(mx.array(value)))

    def from_first(self, data: bytes) -> bytes:
        """What the first process has, in all of them."""
        if self.size == 1:
            return data
        length = int(self.number(len(data) if self.first else 0))
        mine = np.frombuffer(data, np.uint8) if self.first else np.zeros(length, np.uint8)
        whole = self.sum(mx.array(mine.astype(np.int32)))
        return bytes(np.array(whole).astype(np.uint8))
