"""The rows of the engine table, each with its target, its rounds, and what to expect of it on Metal."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from functools import partial

from tests.benchmarks.engine import metal, ours, peers
from tests.benchmarks.engine.limit import limit
from tests.benchmarks.engine.runs import Held, Row, Run, in_turns
from tests.benchmarks.engine.workloads import Example, Shape, instructions, pairs, whole_texts

ROUNDS = 3
EPOCHS = 3
"""Of DPO: the recipe's default. The reference is computed once for all of them."""


def instruction(rounds: int = ROUNDS, count: int = 32) -> Row:
    """Instruction data, vocabulary 32 k."""
    shape = Shape(32_000)
    work = "instruction data, vocabulary 32,000"
    return _against_mlx_lm(work, shape, instructions(count, shape.vocabulary), rounds, 4, 0.25)


def large_vocabulary(rounds: int = ROUNDS, count: int = 24) -> Row:
    """The same with the vocabulary of Qwen3."""
    shape = Shape(151_936)
    work = "instruction data, vocabulary 151,936"
    return _against_mlx_lm(work, shape, instructions(count, shape.vocabulary), rounds, 6, 0.18)


def whole_text(rounds: int = ROUNDS, count: int = 32) -> Row:
    """Loss on every token."""
    shape = Shape(32_000)
    work = "loss on all tokens, vocabulary 32,000"
    return _against_mlx_lm(work, shape, whole_texts(count, shape.vocabulary), rounds, 1.5, 0.4)


def prefix_cache(rounds: int = ROUNDS, count: int = 32) -> Row:
    """Adapters in the last 3 of 12 layers: epochs 2 to 5, with what enters them kept or not."""
    shape, adapted, epochs = Shape(4_000, layers=12), 3, 5
    examples = instructions(count, shape.vocabulary)

    def later_epochs(cache: str) -> float:
        values = {"scope.layers": adapted, "epochs": epochs, "prefix_cache": cache}
        return ours.trainer(shape, examples, values).seconds(after=1)

    rounds_of = in_turns(partial(later_epochs, "memory"), partial(later_epochs, "off"), rounds)
    ratio = statistics.median(without / kept for kept, without in rounds_of)
    read = (epochs - 1) * sum(len(example.ids) for example in examples)
    rates = tuple(read / statistics.median(seconds) for seconds in zip(*rounds_of, strict=True))
    return Row(
        "adapters in the last 3 of 12 layers, vocabulary 4,000, epochs 2 to 5",
        "ourselves without the prefix cache",
        Held(ratio, 2, least=True),
        None,
        (rates[0], rates[1]),
        f"{metal.cached(shape, examples, adapted):.1f} x",
    )


def preference(rounds: int = ROUNDS, count: int = 16) -> Row:
    """DPO, vocabulary 32 k."""
    shape = Shape(32_000)
    examples = pairs(count, shape.vocabulary)
    results = in_turns(
        partial(ours.preference, shape, examples, EPOCHS), partial(peers.mlx_lm_lora, shape, examples), rounds
    )
    expected = metal.both(metal.preference, shape, examples, EPOCHS)
    return _compared("DPO, vocabulary 32,000", "mlx-lm-lora", results, (3, 0.4), expected)


def machine_limit(rounds: int = ROUNDS, count: int = 32) -> Row:
    """The share of our steps that goes into what they cannot do without: best round against best round."""
    shape = Shape(32_000)
    examples = instructions(count, shape.vocabulary)
    batches = ours.works(examples)
    results = in_turns(
        partial(ours.supervised, shape, examples), partial(limit, shape, batches, shape.layers), rounds
    )
    share = min(bare for _, bare in results) / min(run.seconds for run, _ in results)
    return Row(
        "instruction data, vocabulary 32,000",
        "the machine's limit",
        Held(share, 0.6, least=True),
        None,
        None,
        "the same or better for large models; worse for one as small as this",
    )


ROWS: dict[str, Callable[..., Row]] = {
    "instruction": instruction,
    "vocabulary": large_vocabulary,
    "whole": whole_text,
    "prefix": prefix_cache,
    "dpo": preference,
    "limit": machine_limit,
}


def warm_up() -> None:
    """Let every trainer compile what it compiles, once in the life of a machine, before anything is timed."""
    shape = Shape(4_000, layers=2)
    peers.mlx_lm(shape, instructions(8, shape.vocabulary))
    peers.mlx_lm_lora(shape, pairs(8, shape.vocabulary))


def _against_mlx_lm(
    work: str, shape: Shape, examples: Sequence[Example], rounds: int, least: float, most: float
) -> Row:
    results = in_turns(
        partial(ours.supervised, shape, examples), partial(peers.mlx_lm, shape, examples), rounds
    )
    return _compared(work, "mlx-lm", results, (least, most), metal.both(metal.supervised, shape, examples))


def _compared(
    work: str, against: str, results: Sequence[tuple[Run, Run]], targets: tuple[float, float], expected: str
) -> Row:
    """The row of two trainers: medians over rounds of the ratios taken within each."""
    faster = statistics.median(mine.rate / theirs.rate for mine, theirs in results)
    leaner = statistics.median(mine.peak / theirs.peak for mine, theirs in results)
    rates = [statistics.median(run.rate for run in runs) for runs in zip(*results, strict=True)]
    return Row(
        work,
        against,
        Held(faster, targets[0], least=True),
        Held(leaner, targets[1], least=False),
        (rates[0], rates[1]),
        expected,
    )
