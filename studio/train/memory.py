"""What the process holds in memory right now, in bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import mlx.core as mx
import psutil

from studio.train.machine import machine_limit

_PROCESS = psutil.Process()

CACHE_SHARE = 0.1
"""Of what MLX may hold: how much freed memory it keeps for reuse while training."""


@dataclass(frozen=True)
class Memory:
    """`active` and `peak` are MLX's arrays; `process` is what the system counts for the whole app."""

    active: int
    peak: int
    process: int

    @classmethod
    def now(cls) -> Memory:
        return cls(mx.get_active_memory(), mx.get_peak_memory(), int(_PROCESS.memory_info().rss))


@contextmanager
def bounded_cache() -> Iterator[None]:
    """Bound the memory that MLX keeps after use: without it every new shape adds to what the process holds.

    Emptying it at every step instead would cost speed, since the same shapes come again.
    """
    before = mx.set_cache_limit(int(CACHE_SHARE * machine_limit()))
    try:
        yield
    finally:
        mx.set_cache_limit(before)
