"""The checkpoints of a run, opened one after another over one copy of the weights, and read."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from studio.evaluate.kept.trade_off import CheckpointLosses, ReadRows
from studio.events import Progress
from studio.language import tr

if TYPE_CHECKING:
    from mlx import nn

    from studio.dataset.render.render import Example, Tokens
    from studio.evaluate.reading import RowLosses
    from studio.generate.contestant import OpenContestant
    from studio.runs.folder import RunFolder

FEW = 24
"""On so few of the held-out rows the divergence is taken, which reads the whole vocabulary."""


@dataclass(frozen=True, eq=False)
class RunRead:
    """What was found with every checkpoint: losses, and the divergence from where training began.

    `divergence` is KL(start || checkpoint) in nats per target, by the step.
    """

    rows: ReadRows
    checkpoints: list[CheckpointLosses]
    divergence: dict[int, float]

    @property
    def all(self) -> tuple[CheckpointLosses, ...]:
        """The start, and every checkpoint."""
        return (self.rows.base, *self.checkpoints)


def read_checkpoints(
    contestant: OpenContestant,
    run: RunFolder,
    steps: Sequence[int],
    held_out: Sequence[Example],
    general: Sequence[Tokens],
    clusters: Sequence[str],
) -> Generator[Progress, None, RunRead]:
    """Read the held-out rows and the general text with the weights of every step of a run.

    `contestant` is any whose weights are the model's. Raises RunError or ModelError where a checkpoint is
    damaged.
    """
    texts = [*(each.tokens for each in held_out), *general]
    start = _opened(contestant, run, 0)
    losses: dict[int, RowLosses] = {}
    divergence = {0: 0.0}
    for number, step in enumerate((0, *steps)):
        yield Progress(tr("Reading with every checkpoint"), number, len(steps) + 1)
        module = _opened(contestant, run, step) if step else start
        losses[step] = yield from _read(module, texts)
        if step:
            divergence[step] = _divergence(start, module, texts[: min(FEW, len(held_out))])
    first = len(held_out)
    found = [CheckpointLosses(step, each.sums[:first], each.sums[first:]) for step, each in losses.items()]
    targets = losses[0].targets
    return RunRead(ReadRows(targets[:first], targets[first:], found[0], clusters), found[1:], divergence)


def _opened(contestant: OpenContestant, run: RunFolder, step: int) -> nn.Module:
    """The model with the weights of a step; as training began where that is 0."""
    from studio.models import adapter
    from studio.models.adapter import ParentAdapter
    from studio.models.folder import adapter_fingerprint
    from studio.runs.result import folder_of_step

    parents = tuple(ParentAdapter(folder, adapter_fingerprint(folder)) for folder in run.parents())
    module = contestant.bare()
    adapter.carry(module, parents)
    if step:
        adapter.read_onto(module, folder_of_step(run, step), parents)
    module.eval()
    return module


def _read(module: nn.Module, rows: Sequence[Tokens]) -> Generator[Progress, None, RowLosses]:
    from studio.evaluate.reading import row_losses_of

    reading = row_losses_of(module, rows)
    while True:
        try:
            done, total = next(reading)
        except StopIteration as end:
            found: RowLosses = end.value
            return found
        yield Progress(tr("Reading with a checkpoint"), done, total)


def _divergence(start: nn.Module, module: nn.Module, rows: Sequence[Tokens]) -> float:
    from studio.evaluate.inside.change import Predictor, token_change

    pair = Predictor.of(start), Predictor.of(module)
    found = [
        token_change(*pair, row.ids, [place for place, target in enumerate(row.trained) if target]).kl
        for row in rows
    ]
    return float(np.concatenate(found).mean())
