"""What the gains should be on Metal: reckoned from the multiplications saved, because nothing was run there.

A GPU computes the exponentials over the vocabulary, a CPU's burden, in passing. So a step's time there goes
with its multiplications, and those are counted here for the batches of both sides. Memory is a matter of the
arrays that are held, which are the same ones: the ratio to expect there is the one measured here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.benchmarks.engine.limit import Work, multiplications
from tests.benchmarks.engine.ours import DPO, works
from tests.benchmarks.engine.peers import rows
from tests.benchmarks.engine.workloads import BATCH, QWEN3_06B, Example, Pair, Shape


def supervised(shape: Shape, examples: Sequence[Example]) -> float:
    """mlx-lm's multiplications in an epoch by ours."""
    theirs = multiplications(shape, _mlx_lm(examples), shape.layers)
    return theirs / multiplications(shape, works(examples), shape.layers)


def preference(shape: Shape, pairs: Sequence[Pair], epochs: int) -> float:
    """mlx-lm-lora's multiplications in an epoch of DPO by ours, the reference once in `epochs`."""
    theirs, mine = _mlx_lm_lora(pairs), works(pairs, DPO)
    asked = sum(multiplications(shape, theirs, shape.layers, learning) for learning in (True, False))
    once = multiplications(shape, mine, shape.layers, learning=False) / epochs
    return asked / (multiplications(shape, mine, shape.layers) + once)


def cached(shape: Shape, examples: Sequence[Example], adapted: int) -> float:
    """Multiplications of an epoch by those that are left when what enters the adapted layers is kept."""
    batches = works(examples)
    left = multiplications(replace(shape, layers=adapted), batches, adapted)
    return multiplications(shape, batches, adapted) / left


def said(here: float, there: float) -> str:
    """The two expectations as the table's last column gives them."""
    return f"{here:.1f} x; {there:.1f} x for a Qwen3-0.6B"


def both(reckon: object, shape: Shape, *arguments: object) -> str:
    """An expectation for the benchmark's model and for a Qwen3-0.6B on the same lengths."""
    assert callable(reckon)
    return said(reckon(shape, *arguments), reckon(QWEN3_06B, *arguments))


def _mlx_lm(examples: Sequence[Example]) -> list[Work]:
    """The batches that mlx-lm makes; all their positions reach the vocabulary."""
    from mlx_lm.tuner.trainer import iterate_batches

    sizes = [batch.shape for batch, _ in iterate_batches(rows(examples), BATCH, 2048)]
    return [Work(count, width - 1, count * (width - 1)) for count, width in sizes]


def _mlx_lm_lora(pairs: Sequence[Pair]) -> list[Work]:
    """The same of mlx-lm-lora: chosen and rejected apart, both as wide as the longest of their batch."""
    ranked = sorted(pairs, key=lambda pair: len(pair.chosen.ids))
    found = []
    for start in range(0, len(ranked) - BATCH + 1, BATCH):
        batch = ranked[start : start + BATCH]
        width = max(len(example.ids) for pair in batch for example in (pair.chosen, pair.rejected)) - 1
        found += [Work(BATCH, width, BATCH * width)] * 2
    return found
