"""The machine's limit: a step's bare matrix products and one exp pass over its logits, and nothing else.

Counted is what a LoRA step over frozen weights cannot do without, on the shapes of its batches (rows x
width, padding included, as the step sees them):

- in every layer, forward: the seven linear products; queries x keys, and weights x values;
- in every layer with adapters, also forward: x A and (x A) B beside each linear product;
- in every layer with adapters, backward: through each linear product to what enters it (not in the first
  of them for queries, keys and values: nothing below learns), to A and B (three products, and a fourth to
  what enters), and the four products of attention;
- the head at trained positions only: their logits, one exp of each, and the product that leads from there
  back to the hidden states. Its weights are frozen, so no gradient is due to them.

Left out as avoidable: anything else, such as norms, rotations, SiLU, the softmax of attention, the optimizer,
gathers, and copies. Queries that share keys are multiplied together. Of each square of attention the blocks
are counted that a step computes, and every position passes through every layer, as the model is written.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.engine.workloads import RANK, Shape

type Size = tuple[int, ...]


@dataclass(frozen=True)
class Work:
    """A batch as far as its cost goes: `targets` positions of rows x width reach the vocabulary.

    Attention is computed in blocks of so many queries, or whole (0).
    """

    rows: int
    width: int
    targets: int
    block: int = 0

    @property
    def positions(self) -> int:
        return self.rows * self.width


@dataclass(frozen=True)
class Product:
    """`left` @ `right`, one of them read across (`turned`: left, right or neither), as the step would."""

    left: Size
    right: Size
    turned: str = ""

    @property
    def multiplications(self) -> int:
        across = self.right[-2] if self.turned == "right" else self.right[-1]
        return math.prod(self.left) * across


@dataclass(frozen=True)
class Group:
    """Products that come together, `times` over: those of a layer, or of the head."""

    products: tuple[Product, ...]
    times: int


def groups(shape: Shape, work: Work, adapted: int, learning: bool = True) -> list[Group]:
    """Every product of a step on `work` with adapters in the last `adapted` layers, or only those forward."""
    if not learning:
        return [
            Group(tuple(_forward(shape, work)), shape.layers),
            Group(tuple(_head(shape, work, False)), 1),
        ]
    first = tuple(_adapted(shape, work, lowest=True))
    other = tuple(_adapted(shape, work, lowest=False))
    frozen = tuple(_forward(shape, work))
    head = tuple(_head(shape, work, True))
    counted = ((frozen, shape.layers - adapted), (first, 1), (other, adapted - 1), (head, 1))
    return [Group(products, times) for products, times in counted if times]


def multiplications(shape: Shape, works: Sequence[Work], adapted: int, learning: bool = True) -> int:
    """How many multiplications these batches ask for."""
    return sum(
        group.times * product.multiplications
        for work in works
        for group in groups(shape, work, adapted, learning)
        for product in group.products
    )


def limit(shape: Shape, works: Sequence[Work], adapted: int, repeats: int = 3) -> float:
    """Seconds of the products and the exp pass of these batches, each the best of `repeats`."""
    import mlx.core as mx

    from studio.train.kernels.pointwise import exponential

    seconds = 0.0
    for work, times in Counter(works).items():
        for group in groups(shape, work, adapted):
            seconds += times * group.times * _best(_products(group.products), repeats)
        logits = mx.random.normal((work.targets, shape.vocabulary))
        mx.eval(logits)
        seconds += times * _best(lambda logits=logits: mx.eval(exponential(logits)), repeats)  # type: ignore[misc]
    return seconds


def _linears(shape: Shape) -> dict[str, tuple[int, int]]:
    """What enters and leaves each linear layer of a block."""
    queries, keys = shape.heads * shape.head_width, shape.shared_heads * shape.head_width
    return {
        "query": (shape.width, queries),
        "key": (shape.width, keys),
        "value": (shape.width, keys),
        "output": (queries, shape.width),
        "gate": (shape.width, shape.inner),
        "up": (shape.width, shape.inner),
        "down": (shape.inner, shape.width),
    }


def _forward(shape: Shape, work: Work) -> Iterator[Product]:
    for entering, leaving in _linears(shape).values():
        yield Product((work.positions, entering), (leaving, entering), "right")
    for queries, keys, weights in _attention(shape, work):
        yield Product(queries, keys, "right")
        yield Product(weights, keys)


def _adapted(shape: Shape, work: Work, *, lowest: bool) -> Iterator[Product]:
    yield from _forward(shape, work)
    for name, (entering, leaving) in _linears(shape).items():
        x, y, low = (work.positions, entering), (work.positions, leaving), (work.positions, RANK)
        a, b = (entering, RANK), (RANK, leaving)
        yield Product(x, a)
        yield Product(low, b)
        yield Product(low, y, "left")  # to B
        yield Product(y, b, "right")  # to x A
        yield Product(x, low, "left")  # to A
        if not (lowest and name in ("query", "key", "value")):
            yield Product(low, a, "right")  # to x, through the adapter
            yield Product(y, (leaving, entering))  # to x, through the frozen weights
    for queries, keys, weights in _attention(shape, work):
        yield Product(queries, keys, "right")  # to the weights: the gradient of what leaves x values
        yield Product(weights, queries, "left")  # to the values
        yield Product(weights, keys)  # to the queries
        yield Product(weights, queries, "left")  # to the keys


def _attention(shape: Shape, work: Work) -> Iterator[tuple[Size, Size, Size]]:
    """Queries, keys (and values), and weights of each block, queries that share keys in one matrix."""
    batch = work.rows * shape.shared_heads
    block = work.block or work.width
    for start in range(0, work.width, block):
        end = min(work.width, start + block)
        together = shape.heads // shape.shared_heads * (end - start)
        yield (batch, together, shape.head_width), (batch, end, shape.head_width), (batch, together, end)


def _head(shape: Shape, work: Work, learning: bool) -> Iterator[Product]:
    weights = (shape.vocabulary, shape.width)
    yield Product((work.targets, shape.width), weights, "right")
    if learning:
        yield Product((work.targets, shape.vocabulary), weights)


def _products(products: Sequence[Product]) -> Callable[[], None]:
    """Run them all, on arrays that lie ready."""
    import mlx.core as mx

    sizes = {size for product in products for size in (product.left, product.right)}
    arrays: dict[Size, Any] = {size: mx.random.normal(size) for size in sizes}
    mx.eval(arrays)

    def run() -> None:
        mx.eval([_product(arrays[p.left], arrays[p.right], p.turned) for p in products])

    return run


def _product(left: Any, right: Any, turned: str) -> Any:
    if turned == "left":
        return left.swapaxes(-1, -2) @ right
    return left @ (right.swapaxes(-1, -2) if turned == "right" else right)


def _best(run: Callable[[], None], repeats: int) -> float:
    run()  # once unseen, for the allocator
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return min(times)
