"""What this machine gives a run: memory, and speed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import mlx.core as mx
import psutil

SHARE = 0.8
"""Of a machine's memory, where the system does not say how much of it a process may hold."""
SIDE = 512
ROUNDS = 3


def machine_limit() -> int:
    """The bytes that MLX may hold here: what macOS lets a process wire, else a share of all memory."""
    told = mx.device_info() if hasattr(mx, "device_info") else mx.metal.device_info()
    wired = int(told.get("max_recommended_working_set_size", 0))
    return wired or int(SHARE * psutil.virtual_memory().total)


@dataclass(frozen=True)
class Speed:
    """Multiplications a second in products of matrices, and numbers a second in everything else."""

    multiplications: float
    numbers: float

    def seconds(self, multiplications: float, numbers: float) -> float:
        """How long so much work takes."""
        return multiplications / self.multiplications + numbers / self.numbers


@lru_cache(maxsize=8)
def speed_of(precision: mx.Dtype, bits: int = 0) -> Speed:
    """This machine's speed in a precision, with weights of so many bits (0: not quantized); timed once."""
    left = mx.random.normal((SIDE, SIDE)).astype(precision)
    weights = mx.random.normal((SIDE, SIDE)).astype(precision)
    if bits:
        packed = mx.quantize(weights, bits=bits)
        product = _best(lambda: mx.quantized_matmul(left, *packed, bits=bits), mx.eval(packed))
    else:
        product = _best(lambda: left @ weights, mx.eval(left, weights))
    numbers = _best(lambda: left * weights + left, None)
    return Speed(SIDE**3 / product, 2 * SIDE**2 / numbers)


def _best(work: Callable[[], mx.array], ready: None) -> float:
    """Seconds of the fastest of a few rounds."""
    del ready
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        mx.eval(work())
        times.append(time.perf_counter() - began)
    return min(times)
