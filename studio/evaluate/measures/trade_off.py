"""Gain against cost, checkpoint by checkpoint: which of them learned most for the least."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.catalogue import Phrase, phrase
from studio.evaluate.measure import Measure, Setting
from studio.evaluate.measures.held_out_loss import clusters_of
from studio.evaluate.measures.nothing import not_run
from studio.evaluate.scoring import scored
from studio.events import Event, Figure, Probed, Progress, Validated

if TYPE_CHECKING:
    from mlx import nn

    from studio.dataset.dataset import Dataset
    from studio.dataset.render.render import Example, Tokens
    from studio.evaluate.kept.trade_off import CheckpointLosses, ReadRows, TradeOff
    from studio.evaluate.reading import RowLosses
    from studio.runs.folder import RunFolder

MOST = 100
"""So many held-out rows are read with every checkpoint."""


@dataclass(frozen=True)
class _Texts:
    """What is read with every checkpoint."""

    held_out: Sequence[Example]
    general: Sequence[Tokens]

    @property
    def all(self) -> list[Tokens]:
        return [*(each.tokens for each in self.held_out), *self.general]


def _trade_off(setting: Setting) -> Generator[Event]:
    from studio.evaluate.kept.trade_off import trade_off
    from studio.runs.result import result_step, result_steps
    from studio.train.prepare import PROBE_TOKENS, general_text

    run = setting.run
    steps = result_steps(run) if run is not None else ()
    if run is None or setting.data is None or not setting.data.validation:
        yield not_run(TRADE_OFF.key, phrase("evaluation.no_split", split="validation"))
        return
    if len(steps) < 2:
        yield not_run(TRADE_OFF.key, phrase("kept.one_checkpoint", run=run.name))
        return
    general = general_text(setting.contestants[0].renderer, PROBE_TOKENS)
    texts = _Texts(_drawn(setting.data), general)
    losses: dict[int, RowLosses] = {}
    for number, step in enumerate((0, *steps)):
        yield Progress("Reading with every checkpoint", number, len(steps) + 1)
        losses[step] = yield from _read(_opened(setting, run, step), texts.all)
    rows, found = _divided(losses, len(texts.held_out), clusters_of(texts.held_out))
    present = result_step(run)
    yield _scored(found, rows, present)
    yield _figure(run, found, rows, trade_off(found, rows, present), present)


def _drawn(data: Dataset) -> list[Example]:
    """Held-out rows, evenly over the split."""
    places = np.unique(np.linspace(0, len(data.validation) - 1, MOST).astype(int))
    return [data.validation[place] for place in places.tolist()]


def _opened(setting: Setting, run: RunFolder, step: int) -> nn.Module:
    """The model with the weights of a step, over the contestants' own copy; as it began where that is 0."""
    from studio.models import adapter
    from studio.models.adapter import ParentAdapter
    from studio.models.folder import adapter_fingerprint
    from studio.runs.result import folder_of_step

    parents = tuple(ParentAdapter(folder, adapter_fingerprint(folder)) for folder in run.parents())
    module = setting.contestants[0].bare()
    adapter.carry(module, parents)
    if step:
        adapter.read_onto(module, folder_of_step(run, step), parents)
    module.eval()
    return module


def _read(module: nn.Module, rows: Sequence[Tokens]) -> Generator[Event, None, RowLosses]:
    from studio.evaluate.reading import row_losses_of

    reading = row_losses_of(module, rows)
    while True:
        try:
            done, total = next(reading)
        except StopIteration as end:
            found: RowLosses = end.value
            return found
        yield Progress("Reading with a checkpoint", done, total)


def _divided(
    losses: dict[int, RowLosses], held_out: int, clusters: list[str]
) -> tuple[ReadRows, list[CheckpointLosses]]:
    """What was read, as gain (the held-out rows) and cost (general text)."""
    from studio.evaluate.kept.trade_off import CheckpointLosses, ReadRows

    targets = losses[0].targets
    found = [
        CheckpointLosses(step, each.sums[:held_out], each.sums[held_out:]) for step, each in losses.items()
    ]
    return ReadRows(targets[:held_out], targets[held_out:], found[0], clusters), found[1:]


def _scored(found: Sequence[CheckpointLosses], rows: ReadRows, present: int) -> Event:
    """The held-out loss of every checkpoint, against that of the run's result."""
    values = {f"tuned@{each.step}": each.gain.tolist() for each in found}
    return scored(
        TRADE_OFF.key,
        values,
        unit=TRADE_OFF.unit,
        better=TRADE_OFF.better,
        weights=rows.gain_targets.tolist(),
        clusters=rows.clusters,
        baseline=f"tuned@{present}",
    )


def _figure(
    run: RunFolder, found: Sequence[CheckpointLosses], rows: ReadRows, decided: TradeOff, present: int
) -> Figure:
    """One dot for each checkpoint, among those that training saw on its way."""
    points: list[dict[str, Any]] = _on_the_way(run)
    for each in (rows.base, *found):
        series = "start" if each is rows.base else "checkpoints"
        place = {"x": round(rows.cost_of(each), 5), "y": round(rows.gain_of(each), 5)}
        points.append({**place, "label": str(each.step), "series": series, "step": each.step})
    data = {
        "x_title": "General text loss",
        "y_title": "Validation loss",
        "points": points,
        "present": present,
        "alike": list(decided.alike),
        "suggested": decided.suggested,
    }
    return Figure(TRADE_OFF.key, "checkpoints", "dots", _said(decided, present), data)


def _on_the_way(run: RunFolder) -> list[dict[str, Any]]:
    """What the run's own validations found: on the rows that it read then."""
    events = run.events()
    probes = {event.step: event.loss for event in events if isinstance(event, Probed)}
    return [
        {"x": round(probes[event.step], 5), "y": round(event.loss, 5), "label": "", "series": "training"}
        for event in events
        if isinstance(event, Validated) and event.step in probes and event.step
    ]


def _said(decided: TradeOff, present: int) -> Phrase:
    """What a person should make of it."""
    if decided.suggested is not None and decided.spared is not None:
        spared = decided.spared
        return phrase(
            "kept.take",
            step=decided.suggested,
            present=present,
            spared=spared.value,
            low=spared.low,
            high=spared.high,
        )
    if len(decided.alike) > 1:
        steps = ", ".join(f"{step:,}" for step in decided.alike)
        return phrase("kept.alike", count=len(decided.alike), steps=steps)
    return phrase("kept.one_best", step=decided.best)


TRADE_OFF = Measure(
    "trade_off",
    "Gain against cost",
    "The validation loss of every checkpoint that the run kept, against its loss on general text: an earlier "
    "one may be as good and have forgotten less.",
    "nats",
    "lower",
    "kept",
    ("standard", "full"),
    _trade_off,
)
MEASURES = (TRADE_OFF,)
