"""Multiple choice by probabilities: is a contestant as sure as it is right?"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from studio.catalogue import phrase
from studio.dataset.record import Message, Record
from studio.evaluate.epistemics.calibration import (
    Choosing,
    bins_of,
    calibration_error,
    choosing,
    error_if_perfect,
)
from studio.evaluate.measure import Measure, Setting
from studio.evaluate.measures.asking import question, sampled
from studio.evaluate.questions import ChoiceQuestion, read_choices
from studio.evaluate.scoring import scored
from studio.evaluate.task import identified
from studio.events import ContestantScore, Event, Figure, Score
from studio.paths import resource

if TYPE_CHECKING:
    from studio.dataset.render.render import Renderer, Tokens
    from studio.generate.contestant import OpenContestant

KEY = "calibration"
_QUICK, _STANDARD = 40, 80


def _calibration(setting: Setting) -> Generator[Event]:
    questions = sampled(setting, read_choices(resource("evaluation/choices.jsonl")), _QUICK, _STANDARD)
    losses = yield from setting.losses("choices", choice_rows(setting.contestants[0], questions))
    counts = [len(each.choices) for each in questions]
    answers = [each.answer for each in questions]
    found = {who: choosing(each.sums.tolist(), counts, answers) for who, each in losses.items()}
    ids = [item.id for item in identified(question(each.question) for each in questions)]
    brier = {who: each.brier for who, each in found.items()}
    setting.store.keep_rows(KEY, "", ids, brier)
    first = setting.baseline
    yield scored(KEY, brier, unit="score", better="lower", baseline=first)
    log_loss = {who: each.log_loss for who, each in found.items()}
    yield scored(KEY, log_loss, unit="nats", better="lower", part="log_loss", baseline=first)
    right = {who: each.right for who, each in found.items()}
    yield scored(KEY, right, part="accuracy", baseline=first)
    yield from _errors(found, setting.options.seed)
    yield from _figures(found, {each.key: each.title for each in setting.contestants})


def choice_rows(contestant: OpenContestant, questions: Sequence[ChoiceQuestion]) -> tuple[Tokens, ...]:
    """Every choice of every question as its answer, one after another; only the answer's tokens count."""
    renderer = _for_answers(contestant)
    records = [
        Record(0, (Message("user", each.question), Message("assistant", choice)))
        for each in questions
        for choice in each.choices
    ]
    return tuple(renderer.render(record)[0].tokens for record in records)


def _for_answers(contestant: OpenContestant) -> Renderer:
    """The contestant's renderer, where it trains on single answers, whatever the run was trained on."""
    from studio.dataset.render.render import Renderer

    rendering = replace(contestant.renderer.rendering, objective="sft", train_on="last_answer")
    return Renderer(contestant.tokenizer, rendering, contestant.renderer.limits)


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
    lines = [{"name": str(phrase("figure.perfect")), "x": [0.0, 1.0], "y": [0.0, 1.0]}]
    lines += [
        {"name": titles[who], "x": [bin.confidence for bin in each], "y": [bin.right for bin in each]}
        for who, each in bins.items()
    ]
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
        "Calibration",
        "The Brier score of multiple choice answers: how far its probabilities are from the truth.",
        "score",
        "lower",
        "epistemics",
        ("quick", "standard", "full"),
        _calibration,
        primary=True,
    ),
)
