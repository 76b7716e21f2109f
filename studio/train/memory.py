"""What this machine gives a run (memory and speed), and what the process holds right now."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import mlx.core as mx
import psutil

from studio.models.cache import working_set

SHARE = 0.8
"""Of a machine's memory, where the system does not say how much of it a process may hold."""
SMALLEST, LARGEST = 256, 4096
"""Sides of the matrices whose product is timed."""
MANY = 2**19
"""Numbers that are timed: more than a processor's caches hold."""
LONG_ENOUGH = 0.005
ROUNDS, ENOUGH = 6, 0.04
TIMES = 4


_timed: dict[tuple[mx.Dtype, int], list[Speed]] = {}


def machine_limit() -> int:
    """The bytes that MLX may hold here: what macOS lets a process wire, else a share of all memory."""
    return working_set() or int(SHARE * psutil.virtual_memory().total)


@dataclass(frozen=True)
class Speed:
    """Multiplications a second in products of matrices, and numbers a second in everything else."""

    multiplications: float
    numbers: float

    def seconds(self, multiplications: float, numbers: float) -> float:
        """How long so much work takes."""
        return multiplications / self.multiplications + numbers / self.numbers


def speed_of(precision: mx.Dtype, bits: int = 0) -> Speed:
    """This machine's speed in a precision, with weights of so many bits (0: not quantized).

    Timed anew, in about 100 ms, the first few times it is asked for; the fastest counts, since whatever else
    the machine does only makes it slower.
    """
    timed = _timed.setdefault((precision, bits), [])
    if len(timed) < TIMES:
        timed.append(_time(precision, bits))
    return Speed(max(speed.multiplications for speed in timed), max(speed.numbers for speed in timed))


def _time(precision: mx.Dtype, bits: int) -> Speed:
    """The speed now, with larger matrices until they take long enough to tell."""
    side = SMALLEST
    while True:
        left, right = (mx.random.normal((side, side)).astype(precision) for _ in range(2))
        packed = mx.quantize(right, bits=bits) if bits else (right,)
        mx.eval(left, packed)
        product = best_time(lambda a=left, w=packed: _product(a, w, bits))  # type: ignore[misc]
        if product > LONG_ENOUGH or side >= LARGEST:
            break
        side *= 2
    many = mx.random.normal((MANY,)).astype(precision)
    mx.eval(many)
    numbers = best_time(lambda: mx.exp(many) * many + many)
    return Speed(side**3 / product, 3 * MANY / numbers)


def _product(left: mx.array, weights: Sequence[mx.array], bits: int) -> mx.array:
    if not bits:
        return left @ weights[0]
    biases = weights[2] if len(weights) > 2 else None
    return mx.quantized_matmul(left, weights[0], weights[1], biases, bits=bits)


def best_time(work: Callable[[], mx.array | Sequence[mx.array]]) -> float:
    """Seconds of the fastest of several rounds, or of the first that takes long; one more goes unseen."""
    mx.eval(work())
    times: list[float] = []
    while len(times) < ROUNDS and sum(times) < ENOUGH:
        began = time.perf_counter()
        mx.eval(work())
        times.append(time.perf_counter() - began)
    return min(times)


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
