"""Gain against cost, checkpoint by checkpoint: which of them learned most for the least."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.catalogue import Phrase, phrase
from studio.evaluate.measure import Measure, Setting
from studio.evaluate.measures.held_out_loss import clusters_of
from studio.evaluate.measures.nothing import incompatible, not_run
from studio.events import ContestantScore, Event, Figure, Probed, Score, Validated
from studio.generate.contestant import TUNED
from studio.language import tr

if TYPE_CHECKING:
    from studio.evaluate.kept.checkpoints import RunRead
    from studio.evaluate.kept.trade_off import TradeOff
    from studio.runs.folder import RunFolder

MOST, CHECKPOINTS = 100, 10
"""So many held-out rows are read with every checkpoint, and so many checkpoints, evenly over the run."""


def _trade_off(setting: Setting) -> Generator[Event]:
    from studio.evaluate.kept.checkpoints import read_checkpoints
    from studio.evaluate.kept.trade_off import trade_off
    from studio.runs.result import result_step, result_steps
    from studio.train.prepare import PROBE_TOKENS, general_text

    run, first = setting.run, setting.contestants[0]
    steps = [step for step in (result_steps(run) if run is not None else ()) if step]
    if run is None or setting.data is None or not setting.data.validation:
        yield not_run(TRADE_OFF.key, phrase("evaluation.no_split", split="validation"))
        return
    if len(steps) < 2:
        yield not_run(TRADE_OFF.key, phrase("kept.one_checkpoint", run=run.name))
        return
    held_out = _drawn(setting.data.validation, MOST)
    present = result_step(run)
    general = general_text(first.renderer, PROBE_TOKENS)
    read = yield from read_checkpoints(
        first,
        run,
        sorted({*_drawn(steps, CHECKPOINTS), present} & {*steps}),
        held_out,
        general,
        clusters_of(held_out),
    )
    yield _scored(read, present)
    decided = trade_off(read.checkpoints, read.rows, present)
    forgotten = {each.step: read.rows.cost_of(each) for each in read.all}
    yield _figure(
        "general_text", tr("General text loss"), forgotten, read, decided, present, _on_the_way(run, read)
    )
    title = tr("Divergence from the start (KL, nats a token)")
    yield _figure("divergence", title, read.divergence, read, decided, present, [])


def _scored(read: RunRead, present: int) -> Score:
    """What was paid for every nat of gain; of those checkpoints that gained anything."""
    rows, start = read.rows, read.rows.base
    gained = {each.step: rows.gain_of(start) - rows.gain_of(each) for each in read.checkpoints}
    paid = {each.step: rows.cost_of(each) - rows.cost_of(start) for each in read.checkpoints}
    prices = {step: paid[step] / gain for step, gain in gained.items() if gain > 0}
    if not prices:
        return incompatible(TRADE_OFF.key, phrase("kept.no_gain"))
    names = {present: TUNED} | {step: f"{TUNED}@{step}" for step in prices if step != present}
    return Score(
        TRADE_OFF.key,
        unit=TRADE_OFF.unit,
        better=TRADE_OFF.better,
        count=len(rows.gain_targets),
        scores=tuple(ContestantScore(names[step], price) for step, price in prices.items()),
    )


def _drawn[T](whole: Sequence[T], most: int) -> list[T]:
    """At most so many, evenly over all."""
    places = np.unique(np.linspace(0, len(whole) - 1, most).astype(int))
    return [whole[place] for place in places.tolist()]


def _figure(
    key: str,
    title: str,
    costs: Mapping[int, float],
    read: RunRead,
    decided: TradeOff,
    present: int,
    more: list[dict[str, Any]],
) -> Figure:
    """One dot for where training began, and one for each checkpoint, among those that training saw."""
    points = [
        {
            "x": round(costs[each.step], 5),
            "y": round(read.rows.gain_of(each), 5),
            "label": f"{each.step:,}",
            "series": "Checkpoints" if each.step else "Start",
            "contestant": f"{TUNED}@{each.step}" if each.step else "",
        }
        for each in read.all
    ]
    data = {
        "x_title": title,
        "y_title": "Validation loss",
        "points": [*more, *points],
        "present": present,
        "alike": list(decided.alike),
        "suggested": decided.suggested,
    }
    return Figure(TRADE_OFF.key, key, "dots", _said(decided, present), data)


def _on_the_way(run: RunFolder, read: RunRead) -> list[dict[str, Any]]:
    """What the run's own validations found, where they read the same rows: dots of others would mislead."""
    events, rows = run.events(), read.rows
    held_out, general = rows.gain_targets.sum(), rows.cost_targets.sum()
    probes = {each.step: each.loss for each in events if isinstance(each, Probed) and each.tokens == general}
    return [
        {"x": round(probes[each.step], 5), "y": round(each.loss, 5), "label": "", "series": "During training"}
        for each in events
        if isinstance(each, Validated) and each.tokens == held_out and each.step and each.step in probes
    ]


def _said(decided: TradeOff, present: int) -> Phrase:
    """What a person should make of it."""
    spared = decided.spared
    if decided.suggested is not None and spared is not None:
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
    tr("Gain against cost"),
    tr(
        "How much general text loss every nat of validation loss that was gained has cost; and which of the "
        "run's checkpoints is as good as its result and has forgotten less."
    ),
    "ratio",
    "lower",
    "kept",
    ("standard", "full"),
    _trade_off,
)
MEASURES = (TRADE_OFF,)
