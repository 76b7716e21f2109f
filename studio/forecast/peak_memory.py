"""How much memory a trace takes while it runs: what is alive when, as MLX allocates and gives back.

MLX allocates an operation's result when it schedules it, and schedules ahead of what is computed: inputs
are only given back once the operation has run. An operation on single numbers may write into an input that
nobody else needs. Views (transposed, sliced, broadcast, reshaped) take nothing.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod

import mlx.core as mx

from studio.forecast.trace import Operation, Trace, TracedArray, trace
from studio.models.arrays import named, nested
from studio.recipe.recipe import Recipe
from studio.train.optimizer import make_optimizer

VIEWS = {"AsStrided", "Broadcast", "Copy", "Depends", "ExpandDims", "Slice", "Split", "Squeeze"} | {
    "StopGradient",
    "Transpose",
    "View",
}
RESHAPES = {"Contiguous", "Flatten", "Reshape", "Unflatten"}
"""Views too, unless what they are of is not laid out in order: then they copy."""
CUTS = {"AsStrided", "Broadcast", "Slice", "Split"}
IN_PLACE = {
    *("Abs", "Add", "AsType", "Cos", "Divide", "Equal", "Erf", "Exp", "Greater", "GreaterEqual", "Log"),
    *("Log1p", "LogAddExp", "Maximum", "Minimum", "Multiply", "Negative", "Power", "Select", "Sigmoid"),
    *("Sin", "Softmax", "Sqrt", "Square", "Subtract", "Tanh"),
}
"""Operations that may write their result into an input of the same size."""


BUFFERS = 10
PER_BUFFER = {"p": (20, 40), "g": (40, 40), "s": (50, 50), "d": (50, 50)}
"""Operations and megabytes of a command buffer, by the last letter of a chip's architecture: p a phone's, g
base and Pro, s Max, d Ultra."""


@dataclass(frozen=True)
class Ahead:
    """How far MLX schedules ahead of what is computed: so many turns, or so many bytes of results.

    A view takes one turn, anything else two: its own, and one to let go of what it read.
    """

    turns: int
    bytes: float = math.inf

    @classmethod
    def here(cls) -> Ahead:
        """On this machine: from MLX's source, and for the CPU confirmed by measuring.

        The CPU has ten tasks of ten turns each under way (mlx/backend/cpu/encoder.h); Metal ten command
        buffers, each as large as PER_BUFFER has it (mlx/backend/metal/device.cpp).
        """
        if mx.default_device() == mx.cpu:
            return cls(100)
        operations, megabytes = PER_BUFFER.get(str(mx.device_info().get("architecture"))[-1:], (40, 40))
        return cls(2 * BUFFERS * operations, BUFFERS * megabytes * 2**20)


@dataclass(frozen=True)
class Peaks:
    """The most that is alive at once up to an operation and from it on, in bytes, without the arguments."""

    before: int
    after: int

    @property
    def highest(self) -> int:
        return max(self.before, self.after)


def peaks(traced: Trace, ahead: Ahead, split: int = -1, consumed: Sequence[TracedArray] = ()) -> Peaks:
    """What a trace takes, divided after the operation of index `split`.

    `consumed` are arguments that nobody else holds: their memory counts, and may be written into.
    """
    memory = _Memory(traced, ahead)
    for array in consumed:
        memory.give(array)
    before = after = 0
    for index, operation in enumerate(traced.operations):
        alive = memory.perform(operation)
        if index <= split:
            before = max(before, alive)
        else:
            after = max(after, alive)
    return Peaks(before, after)


@dataclass
class _Buffer:
    """Memory that arrays share: `readers` are arrays still to be read, `waiting` operations not yet run."""

    bytes: int
    readers: int = 1
    waiting: int = 0


@dataclass
class _Memory:
    trace: Trace
    ahead: Ahead
    alive: int = 0
    turns: int = 0  # that were scheduled, and the bytes of their results
    written: int = 0
    buffers: dict[str, _Buffer | None] = field(default_factory=dict)
    in_order: dict[str, bool] = field(default_factory=dict)
    reads: Counter[str] = field(default_factory=Counter)
    queue: deque[tuple[int, int, _Buffer]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.buffers.update(dict.fromkeys(self.trace.given))
        self.in_order.update(dict.fromkeys(self.trace.given, True))
        self.reads.update(array.name for one in self.trace.operations for array in one.inputs)
        self.reads.update(self.trace.results)

    def give(self, array: TracedArray) -> None:
        """Hand over an argument."""
        if self.reads[array.name]:
            self._allocate(array)

    def perform(self, operation: Operation) -> int:
        """Schedule an operation; gives the bytes that are alive meanwhile."""
        self._give_back()
        if self._is_view(operation):
            self.turns += 1
            self._share(operation)
            highest = self.alive
        else:
            highest = self._compute(operation)
        for array in operation.inputs:
            self._read(array.name)
        return highest

    def _is_view(self, operation: Operation) -> bool:
        if operation.name in RESHAPES:
            return self.in_order[operation.inputs[0].name]
        return operation.name in VIEWS

    def _share(self, operation: Operation) -> None:
        source = operation.inputs[0]
        buffer = self.buffers[source.name]
        for array in operation.outputs:
            self.buffers[array.name] = buffer
            self.in_order[array.name] = self.in_order[source.name] and _keeps_order(operation, array)
            if buffer is not None and self.reads[array.name]:
                buffer.readers += 1

    def _compute(self, operation: Operation) -> int:
        self.turns += 2
        taken = self._in_place(operation)
        result = operation.outputs[0]
        if taken is not None:
            self.buffers[result.name] = taken
            taken.readers += 1
            self.in_order[result.name] = True
        else:
            for array in operation.outputs:
                self._allocate(array)
        if copied := self._copied(operation):
            scratch = _Buffer(copied, readers=0)
            self.alive += copied
            self._wait(scratch)
        highest = self.alive
        for array in operation.inputs:
            buffer = self.buffers[array.name]
            if buffer is not None and buffer is not taken:
                self._wait(buffer)
        for array in operation.outputs:
            if not self.reads[array.name]:
                self.reads[array.name] = 1
                self._read(array.name)
        return highest

    def _allocate(self, array: TracedArray) -> None:
        self.buffers[array.name] = _Buffer(array.bytes)
        self.in_order[array.name] = True
        self.alive += array.bytes
        self.written += array.bytes

    def _in_place(self, operation: Operation) -> _Buffer | None:
        """The input's memory that the result may be written into."""
        if operation.name not in IN_PLACE:
            return None
        for array in operation.inputs:
            buffer = self.buffers[array.name]
            last = self.reads[array.name] == 1 and array.name not in self.trace.results
            free = buffer is not None and buffer.readers == 1 and not buffer.waiting
            if last and free and buffer is not None and buffer.bytes == operation.outputs[0].bytes:
                return buffer
        return None

    def _copied(self, operation: Operation) -> int:
        """Bytes that a product copies first, because a matrix is not laid out in order."""
        if operation.name != "Matmul":
            return 0
        return sum(a.bytes for a in operation.inputs if len(a.shape) > 2 and not self.in_order[a.name])

    def _wait(self, buffer: _Buffer) -> None:
        buffer.waiting += 1
        self.queue.append((self.turns, self.written, buffer))

    def _give_back(self) -> None:
        """Let go of what operations read that have run by now."""
        while self.queue and (
            self.queue[0][0] + self.ahead.turns <= self.turns
            or self.queue[0][1] + self.ahead.bytes <= self.written
        ):
            buffer = self.queue.popleft()[2]
            buffer.waiting -= 1
            self._free(buffer)

    def _read(self, name: str) -> None:
        self.reads[name] -= 1
        buffer = self.buffers[name]
        if buffer is not None and self.reads[name] == 0:
            buffer.readers -= 1
            self._free(buffer)

    def _free(self, buffer: _Buffer) -> None:
        if buffer.readers == 0 and buffer.waiting == 0:
            self.alive -= buffer.bytes
            buffer.bytes = 0


def _keeps_order(operation: Operation, array: TracedArray) -> bool:
    source = operation.inputs[0]
    if operation.name == "Transpose":
        moved = [axis for axis in operation.settings[0] if source.shape[axis] != 1]
        return moved == sorted(moved)
    return operation.name not in CUTS or array.numbers == source.numbers


LARGEST = 8
"""So many arrays are traced: more are not under way at the same time."""


def update_scratch(recipe: Recipe, shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Bytes that an update takes at its highest point, without weights, gradients and state."""
    largest = sorted(shapes.items(), key=lambda item: prod(item[1]), reverse=True)[:LARGEST]
    return _scratch(recipe, tuple(largest)) if largest else 0


@lru_cache(maxsize=64)
def _scratch(recipe: Recipe, shapes: tuple[tuple[str, tuple[int, ...]], ...]) -> int:
    optimizer = make_optimizer(recipe, 1e-4)
    weights = {name: mx.zeros(shape) for name, shape in shapes}
    optimizer.init(nested(weights))
    state = named(optimizer.state)
    names, kept = list(weights), list(state)

    def update(*arrays: mx.array) -> list[mx.array]:
        count = len(names)
        given = dict(zip(names, arrays[:count], strict=True))
        gradient = dict(zip(names, arrays[count : 2 * count], strict=True))
        optimizer.state = nested(dict(zip(kept, arrays[2 * count :], strict=True)))
        updated = named(optimizer.apply_gradients(nested(gradient), nested(given)))
        return [*updated.values(), *named(optimizer.state).values()]

    traced = trace(update, [*weights.values(), *weights.values(), *state.values()])
    consumed = [array for i, array in enumerate(traced.arguments) if not len(names) <= i < 2 * len(names)]
    standing = sum(array.bytes for array in consumed)
    return max(0, peaks(traced, Ahead.here(), consumed=consumed).highest - standing)
