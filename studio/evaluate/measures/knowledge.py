"""Multiple choice by log-likelihood: which of the answers does a contestant find likeliest?"""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np

from studio.evaluate.benchmarks.choices import choice_likelihoods, choices_of
from studio.evaluate.measure import Measure, Setting
from studio.evaluate.questions import ChoiceQuestion
from studio.evaluate.scoring import scored
from studio.events import Event
from studio.language import tr

KEY = "knowledge"
BY_LENGTH = "by_length"
"""The part in which each log-likelihood is divided by the bytes of its answer, as the harness' acc_norm."""


def _knowledge(setting: Setting) -> Generator[Event]:
    questions = choices_of(setting)
    found = yield from choice_likelihoods(setting, questions)
    ids = [str(number) for number in range(len(questions))]
    for part in ("", BY_LENGTH):
        values = {who: _right(rows, questions, part) for who, rows in found.items()}
        setting.store.keep_rows(KEY, part, ids, values)
        yield scored(KEY, values, part=part, baseline=setting.baseline)
        if not part:
            yield from _categories(setting, questions, values)


def _categories(
    setting: Setting, questions: Sequence[ChoiceQuestion], values: dict[str, list[float]]
) -> Generator[Event]:
    names = dict.fromkeys(each.category for each in questions if each.category)
    for name in names if len(names) > 1 else ():
        places = [place for place, each in enumerate(questions) if each.category == name]
        part = {who: [each[place] for place in places] for who, each in values.items()}
        yield scored(KEY, part, part=name, baseline=setting.baseline)


def _right(rows: Sequence[Sequence[float]], questions: Sequence[ChoiceQuestion], part: str) -> list[float]:
    pairs = zip(rows, questions, strict=True)
    return [float(_chosen(logs, question, part) == question.answer) for logs, question in pairs]


def _chosen(log_likelihoods: Sequence[float], question: ChoiceQuestion, part: str) -> int:
    """The choice with the highest log-likelihood, or the highest for each byte."""
    lengths = [len(choice.encode()) if part == BY_LENGTH else 1 for choice in question.choices]
    return int(np.argmax(np.array(log_likelihoods) / lengths))


MEASURES = (
    Measure(
        KEY,
        tr("Multiple choice"),
        tr("The share of questions of which the right choice is the one that the model finds likeliest."),
        "share",
        "higher",
        "benchmarks",
        ("standard", "full"),
        _knowledge,
        primary=True,
    ),
)
