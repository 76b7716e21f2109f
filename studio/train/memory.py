"""What the process holds in memory right now, in bytes."""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx
import psutil

_PROCESS = psutil.Process()


@dataclass(frozen=True)
class Memory:
    """`active` and `peak` are MLX's arrays; `process` is what the system counts for the whole app."""

    active: int
    peak: int
    process: int

    @classmethod
    def now(cls) -> Memory:
        return cls(mx.get_active_memory(), mx.get_peak_memory(), int(_PROCESS.memory_info().rss))
