"""Text that was held out: how well every contestant predicts it, token by token."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from studio.catalogue import phrase
from studio.evaluate.measure import Measure, Setting
from studio.evaluate.measures.nothing import not_run
from studio.evaluate.scoring import scored
from studio.events import ContestantScore, Difference, Event, Score
from studio.language import tr

if TYPE_CHECKING:
    from studio.dataset.render.render import Example, Tokens
    from studio.evaluate.reading import RowLosses

SPLITS = ("validation", "test")


def _loss(setting: Setting) -> Generator[Event]:
    yield from _over_splits(setting, LOSS, {"": "validation", "test": "test"})


def _perplexity(setting: Setting) -> Generator[Event]:
    for event in _over_splits(setting, LOSS, {"": "validation"}, keep=False):
        yield as_perplexity(event) if isinstance(event, Score) else event


def _accuracy(setting: Setting) -> Generator[Event]:
    yield from _over_splits(setting, ACCURACY, {"": "validation"})


def _over_splits(
    setting: Setting, measure: Measure, splits: Mapping[str, str], *, keep: bool = True
) -> Generator[Event]:
    """A score for each split, as the part of that name; the first is the whole of the measure."""
    for part, split in splits.items():
        examples: tuple[Example, ...] = getattr(setting.data, split, ())
        if not examples:
            if not part:
                yield not_run(measure.key, phrase("evaluation.no_split", split=split))
            continue
        losses = yield from setting.losses(split, [example.tokens for example in examples])
        values = {who: _values(measure, each) for who, each in losses.items()}
        weights = next(iter(losses.values())).targets.tolist()
        clusters = clusters_of(examples)
        if keep:
            names = [named_by_tokens(example.tokens) for example in examples]
            per_token = {who: (np.array(each) / weights).tolist() for who, each in values.items()}
            setting.store.keep_rows(measure.key, part, names, per_token, weights=weights, clusters=clusters)
        yield scored(
            measure.key,
            values,
            part=part,
            unit=measure.unit,
            better=measure.better,
            baseline=setting.baseline,
            weights=weights,
            clusters=clusters,
        )


def _values(measure: Measure, losses: RowLosses) -> list[float]:
    found: list[float] = (losses.right if measure is ACCURACY else losses.sums).tolist()
    return found


def named_by_tokens(tokens: Tokens) -> str:
    """The same name for the same row in any evaluation: of what is read and what is to be learned."""
    read = ",".join(
        f"{token}{'+' if learned else ''}" for token, learned in zip(tokens.ids, tokens.trained, strict=True)
    )
    return hashlib.sha256(read.encode()).hexdigest()[:12]


def clusters_of(examples: Sequence[Example]) -> list[str]:
    """For each example the name of the group of rows that it belongs to: of one document, of one question."""
    from studio.dataset.groups import grouped

    records = list({id(example.record): example.record for example in examples}.values())
    names = {id(record): str(number) for number, group in enumerate(grouped(records)) for record in group}
    return [names[id(example.record)] for example in examples]


def as_perplexity(loss: Score) -> Score:
    """The perplexity of which this is the loss: e to its power, intervals as well.

    The interval of a difference is that of the ratio of both, taken at the baseline's perplexity.
    """
    base = loss.scores[0].value if loss.scores else 0.0
    return replace(
        loss,
        measure=PERPLEXITY.key,
        unit="ratio",
        scores=tuple(_raised(each) for each in loss.scores),
        differences=tuple(_raised_difference(each, base) for each in loss.differences),
    )


def _raised(score: ContestantScore) -> ContestantScore:
    low, high = (None if bound is None else math.exp(bound) for bound in (score.low, score.high))
    return ContestantScore(score.contestant, math.exp(score.value), low, high)


def _raised_difference(difference: Difference, base: float) -> Difference:
    value, low, high = (
        math.exp(base) * math.expm1(moved) for moved in (difference.value, difference.low, difference.high)
    )
    return replace(difference, value=value, low=low, high=high, detectable=None)


_ALL = ("quick", "standard", "full")
LOSS = Measure(
    "validation_loss",
    tr("Validation loss"),
    tr("The mean of -log p of the tokens that are to be learned, on examples that were never trained on."),
    "nats",
    "lower",
    "loss",
    _ALL,
    _loss,
    primary=True,
)
PERPLEXITY = Measure(
    "perplexity",
    tr("Perplexity"),
    tr(
        "e to the power of the validation loss: among how many equally likely tokens the "
        "model seems to choose."
    ),
    "ratio",
    "lower",
    "loss",
    _ALL,
    _perplexity,
)
ACCURACY = Measure(
    "token_accuracy",
    tr("Token accuracy"),
    tr(
        "The share of the tokens that are to be learned which are the model's likeliest, on "
        "held-out examples."
    ),
    "share",
    "higher",
    "loss",
    _ALL,
    _accuracy,
)
MEASURES = (LOSS, PERPLEXITY, ACCURACY)
