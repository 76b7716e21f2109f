"""The frozen prefix: what enters the first trained layer never changes, so it is computed once and kept."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

import mlx.core as mx
import numpy as np
from mlx import nn

from studio.errors import DiskError
from studio.events import Progress, finished
from studio.files import disk_errors
from studio.language import tr
from studio.models.arrays import named
from studio.train.kernels.overlay import REFUSALS, Call, Stack, alike, evaluating, find_stack

AFTER_THE_LAYERS = {"norm", "final_norm", "final_layernorm", "ln_f", "lm_head"}
STEP = 32
"""Rows are padded to a multiple of this, so that the engine meets few different shapes."""


def first_trained_layer(model: nn.Module) -> int:
    """The index of the first layer with something to train: so many layers before it are frozen.

    0 where there is no frozen prefix: the embeddings are trained, or the family is not known. As many as
    there are layers where only what follows them is trained.
    """
    stack = find_stack(model)
    if stack is None:
        return 0
    first = len(stack.layers)
    for name in named(model.trainable_parameters()):
        if name.startswith(stack.name + "."):
            first = min(first, int(name[len(stack.name) + 1 :].split(".")[0]))
        elif not AFTER_THE_LAYERS & set(name.split(".")):
            return 0
    return first


def size_bytes(model: nn.Module, first: int, tokens: int) -> int:
    """How much a cache of so many tokens keeps; nothing is computed for it."""
    states = _entering(_stack(model), first, mx.array([[1]]))
    return tokens * states.shape[-1] * states.itemsize


def verified(model: nn.Module, first: int) -> bool:
    """Whether this model comes to the same states with its first layers left out, found by trying."""
    stack = find_stack(model)
    if stack is None or not 0 < first <= len(stack.layers):
        return False
    sequences = [(1, 5, 3, 7, 2, 4), (4, 2, 6, 1, 3, 5, 7, 4, 1, 2), (3, 1, 2)]
    ids = np.zeros((len(sequences), 12), np.int32)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence) - 1] = sequence[:-1]
    try:
        cache = finished(PrefixCache.build(model, sequences, first))
        with evaluating(model):
            plain = stack.hidden(mx.array(ids))
            with stack.replaced(cache.calls([[0], [1], [2]])):
                short = stack.hidden(mx.array(ids))
    except REFUSALS:
        return False
    return all(
        alike(short[row, : len(sequence) - 1], plain[row, : len(sequence) - 1])
        for row, sequence in enumerate(sequences)
    )


@dataclass(eq=False)
class PrefixCache:
    """The states that enter layer `first`, for every token but the last of each sequence.

    `parts` are arrays [tokens, hidden] in memory or, as unsigned integers, in a memory-mapped file;
    `places` says for each sequence which part it is in, and where there it starts.
    """

    first: int
    lengths: tuple[int, ...]
    places: list[tuple[int, int]] = field(default_factory=list)
    parts: list[Any] = field(default_factory=list)
    dtype: mx.Dtype = mx.float32
    file: BinaryIO | None = None
    bytes: int = 0
    sums: dict[int, int] = field(default_factory=dict)  # of each sequence in the file, its CRC-32

    @staticmethod
    def build(
        model: nn.Module,
        sequences: Sequence[Sequence[int]],
        first: int,
        where: Literal["memory", "disk"] = "memory",
        folder: Path | None = None,
        tokens_at_once: int = 4096,
    ) -> Generator[Progress, None, PrefixCache]:
        """Run every sequence through the frozen layers: `cache = yield from PrefixCache.build(…)`.

        The batches depend on the lengths alone, so a resumed run gets the same bits. On disk the states are
        in a file of `folder` without a name: it is gone with `close()`, and also when the process is killed.
        Raises DiskError when the disk does not take them, ValueError where nothing is frozen.
        """
        stack = _stack(model)
        cache = PrefixCache(first, tuple(max(0, len(ids) - 1) for ids in sequences))
        cache.places = [(0, 0)] * len(sequences)
        with ExitStack() as on_failure:
            on_failure.callback(cache.close)
            if where == "disk":
                cache.file = _nameless_file(folder or Path(tempfile.gettempdir()))
            done = 0
            for rows in batches(cache.lengths, tokens_at_once):
                yield Progress(tr("Computing the frozen layers"), done, len(sequences))
                with evaluating(model), disk_errors(folder or Path(tempfile.gettempdir())):
                    cache._add(rows, _entering(stack, first, _padded([sequences[i] for i in rows])))
                done += len(rows)
            cache._map()
            on_failure.pop_all()
        return cache

    def states(self, rows: Sequence[Sequence[int]], width: int) -> mx.array:
        """The states of a batch, [rows, width, hidden]: the sequences of each row one after the other.

        Padded with zeros. `rows` has for each row the numbers of its sequences, in the order of `build`.
        """
        filled = []
        for sequences in rows:
            states = mx.concatenate([self._sequence(number) for number in sequences])
            filled.append(mx.pad(states, [(0, width - states.shape[0]), (0, 0)]))
        return mx.stack(filled)

    def calls(self, rows: Sequence[Sequence[int]]) -> dict[int, Call]:
        """What to call instead of the frozen layers, so that those of a batch are not computed."""

        def pass_through(states: mx.array, *_: Any, **__: Any) -> mx.array:
            return states

        def kept(states: mx.array, *_: Any, **__: Any) -> mx.array:
            return self.states(rows, states.shape[1])

        return {index: pass_through for index in range(self.first - 1)} | {self.first - 1: kept}

    def close(self) -> None:
        """Let go of the states, and of the file they are in."""
        self.parts.clear()
        if self.file is not None:
            self.file.close()
            self.file = None

    def _add(self, rows: Sequence[int], states: mx.array) -> None:
        """Keep the real tokens of a batch of states [rows, width, hidden]."""
        start = 0
        for row in rows:
            self.places[row] = (len(self.parts), start)
            start += self.lengths[row]
        part = mx.concatenate([states[i, : self.lengths[row]] for i, row in enumerate(rows)])
        mx.eval(part)
        self.dtype = part.dtype
        self.bytes += part.nbytes
        if self.file is None:
            self.parts.append(part)
        else:
            whole = np.array(part.view(_unsigned(part.dtype)))
            for row in rows:
                start = self.places[row][1]
                self.sums[row] = zlib.crc32(np.ascontiguousarray(whole[start : start + self.lengths[row]]))
            self.file.write(memoryview(whole).cast("B"))
            self.file.flush()
            self.parts.append(whole.shape)

    def _map(self) -> None:
        """Exchange the shapes of what was written for the memory-mapped arrays."""
        if self.file is None or not self.bytes:
            return
        # Written through the file and only then mapped: a full disk is an error here, but a crash in a map.
        kind = np.uint16 if self.dtype.size == 2 else np.uint32
        shapes = cast("list[tuple[int, int]]", self.parts)
        hidden = shapes[0][1]
        whole = np.memmap(self.file, kind, "r").reshape(-1, hidden)
        ends = np.cumsum([tokens for tokens, _ in shapes])
        self.parts = np.split(whole, ends[:-1])

    def _sequence(self, number: int) -> mx.array:
        index, start = self.places[number]
        states = self.parts[index][start : start + self.lengths[number]]
        if number in self.sums and zlib.crc32(np.ascontiguousarray(states)) != self.sums[number]:
            raise DiskError("train.prefix_changed")
        return states if isinstance(states, mx.array) else mx.array(states).view(self.dtype)


def batches(lengths: Sequence[int], tokens_at_once: int) -> list[list[int]]:
    """Sequences of like length together, with padding at most `tokens_at_once`, or a single one."""
    result: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        width = _width(lengths[index])
        if result and width * (len(result[-1]) + 1) <= tokens_at_once:
            result[-1].append(index)
        else:
            result.append([index])
    return result


def _width(longest: int) -> int:
    return max(1, -(-longest // STEP)) * STEP


def _padded(sequences: Sequence[Sequence[int]]) -> mx.array:
    ids = np.zeros((len(sequences), _width(max(len(s) for s in sequences) - 1)), np.int32)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence) - 1] = sequence[:-1]
    return mx.array(ids)


def _entering(stack: Stack, first: int, ids: mx.array) -> mx.array:
    """The states [rows, width, hidden] that enter layer `first`, not yet computed, and nothing after them."""
    kept: list[mx.array] = []
    last = stack.layers[first - 1]

    def keeping(*arguments: Any, **keywords: Any) -> Any:
        output = last(*arguments, **keywords)
        kept.append(output)
        return output

    with stack.replaced({first - 1: keeping}):
        stack.hidden(ids)
    if len(kept) != 1 or not isinstance(kept[0], mx.array):
        raise TypeError("a layer of this model gives more than its states")
    return kept[0]


def _stack(model: nn.Module) -> Stack:
    stack = find_stack(model)
    if stack is None:
        raise ValueError("this model keeps its layers in no list of its own")
    return stack


def _nameless_file(folder: Path) -> BinaryIO:
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        return cast("BinaryIO", tempfile.TemporaryFile(dir=folder))


def _unsigned(dtype: mx.Dtype) -> mx.Dtype:
    return mx.uint16 if dtype.size == 2 else mx.uint32
