"""One measured training run, runs in turns, and what a table says of them."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass

from tests.benchmarks.figure import Figure


@dataclass(frozen=True)
class Run:
    """What a trainer took: `tokens` are those it read, without padding; `peak` is bytes over the weights."""

    seconds: float
    tokens: int
    peak: int

    @classmethod
    def over(cls, before: int, seconds: float, tokens: int) -> Run:
        """A run that ends now, on weights of `before` bytes."""
        import mlx.core as mx

        return cls(seconds, tokens, mx.get_peak_memory() - before)

    @property
    def rate(self) -> float:
        """Tokens per second."""
        return self.tokens / self.seconds


@dataclass(frozen=True)
class Held:
    """A value held against a target."""

    value: float
    target: float
    least: bool  # whether the target is the least it may be, else the most

    @property
    def within(self) -> bool:
        return self.value >= self.target if self.least else self.value <= self.target

    @property
    def asked(self) -> str:
        return f"at {'least' if self.least else 'most'} {self.target:g}"


@dataclass(frozen=True)
class Row:
    """A row of the engine table. `metal` is what the speed should be there: reckoned, not measured."""

    work: str
    against: str
    speed: Held
    memory: Held | None
    rates: tuple[float, float] | None  # tokens per second: ours, theirs
    metal: str

    def figures(self) -> list[Figure]:
        """The row for the table of all benchmarks."""
        said = f"{self.speed.value:.2f}"
        if self.rates:
            said += f" x ({self.rates[0]:,.0f} against {self.rates[1]:,.0f} tokens/s)"
        found = [Figure(f"{self.work}: {self.against}", said, self.speed.asked, self.speed.within)]
        if self.memory:
            said = f"{self.memory.value:.2f} x"
            name = f"{self.work}: peak memory over weights"
            found.append(Figure(name, said, self.memory.asked, self.memory.within))
        return found


def in_turns[A, B](one: Callable[[], A], other: Callable[[], B], rounds: int) -> list[tuple[A, B]]:
    """What both give, round by round; who goes first alternates, so that no drift favours one of them."""
    results = []
    for number in range(rounds):
        if number % 2:
            later = _alone(other)
            results.append((_alone(one), later))
        else:
            results.append((_alone(one), _alone(other)))
    return results


def compile_as_the_app_does() -> None:
    """On a CPU `studio.models.cache` switches compiling off; here the model cache is left out."""
    import mlx.core as mx

    if mx.default_device() == mx.cpu:
        mx.disable_compile()


def _alone[T](measure: Callable[[], T]) -> T:
    """Measure with nothing left behind by whoever was measured before."""
    import mlx.core as mx

    gc.collect()
    mx.clear_cache()
    return measure()
