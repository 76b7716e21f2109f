"""Multiple choice by probabilities: is a contestant as sure as it is right?"""

from __future__ import annotations

from collections.abc import Generator, Mapping

from studio.catalogue import phrase
from studio.evaluate.benchmarks.choices import choice_likelihoods, choices_of
from studio.evaluate.epistemics.calibration import (
    Choosing,
    bins_of,
    calibration_error,
    choosing,
    error_if_perfect,
)
from studio.evaluate.measure import Measure, Setting
from studio.evaluate.scoring import scored
from studio.events import ContestantScore, Event, Figure, Score
from studio.language import tr

KEY = "calibration"


def _calibration(setting: Setting) -> Generator[Event]:
    questions = choices_of(setting)
    likely = yield from choice_likelihoods(setting, questions)
    answers = [each.answer for each in questions]
    found = {who: choosing(each, answers) for who, each in likely.items()}
    brier = {who: each.brier for who, each in found.items()}
    setting.store.keep_rows(KEY, "", [str(number) for number in range(len(questions))], brier)
    first = setting.baseline
    yield scored(KEY, brier, unit="score", better="lower", baseline=first)
    log_loss = {who: each.log_loss for who, each in found.items()}
    yield scored(KEY, log_loss, unit="nats", better="lower", part="log_loss", baseline=first)
    yield from _errors(found, setting.options.seed)
    yield from _figures(found, {each.key: each.title for each in setting.contestants})


def _errors(found: Mapping[str, Choosing], seed: int) -> Generator[Score]:
    """The calibration error of each, and what it would be if it were perfectly calibrated."""
    count = len(next(iter(found.values())).answers)
    errors = tuple(
        ContestantScore(who, calibration_error(each.confidence, each.right)) for who, each in found.items()
    )
    yield Score(KEY, "error", unit="share", better="lower", count=count, scores=errors)
    perfect = tuple(
        ContestantScore(who, *error_if_perfect(each.confidence, seed)) for who, each in found.items()
    )
    yield Score(KEY, "error_if_perfect", unit="share", better="neither", count=count, scores=perfect)


def _figures(found: Mapping[str, Choosing], titles: Mapping[str, str]) -> Generator[Figure]:
    """Confidence against the share that is right, drawn, and the bins as they are."""
    bins = {who: bins_of(each.confidence, each.right) for who, each in found.items()}
    lines = [
        {"name": titles[who], "x": [bin.confidence for bin in each], "y": [bin.right for bin in each]}
        for who, each in bins.items()
    ]
    lines += [{"name": str(phrase("figure.perfect")), "x": [0.0, 1.0], "y": [0.0, 1.0]}]
    axes = {"x_title": str(phrase("figure.confidence")), "y_title": str(phrase("figure.right"))}
    yield Figure(KEY, "reliability", "lines", phrase("figure.reliability"), {**axes, "series": lines})
    rows = [
        [titles[who], bin.count, round(bin.confidence, 4), round(bin.right, 4)]
        for who, each in bins.items()
        for bin in each
    ]
    named = (
        phrase("figure.contestant"),
        phrase("figure.questions"),
        phrase("figure.confidence"),
        phrase("figure.right"),
    )
    heads = [str(head) for head in named]
    yield Figure(KEY, "bins", "table", phrase("figure.bins"), {"heads": heads, "rows": rows})


MEASURES = (
    Measure(
        KEY,
        tr("Calibration"),
        tr("The Brier score of multiple choice answers: how far its probabilities are from the truth."),
        "score",
        "lower",
        "epistemics",
        ("standard", "full"),
        _calibration,
        primary=True,
    ),
)
