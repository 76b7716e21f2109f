"""A made evaluation: scores, figures and answers as an evaluation announces them, with every state."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from studio.events import (
    FAILED,
    INCOMPATIBLE,
    NOT_RUN,
    TOO_FEW,
    Answered,
    ContestantScore,
    Difference,
    Figure,
    GivenAnswer,
    Score,
)

BASE, TUNED = "base", "tuned"
CONTESTANTS = ((BASE, "Base"), (TUNED, "Tuned"))
GROUPS = {
    "answers": "Answers",
    "loss": "Held-out text",
    "judge": "Judge",
    "kept": "Capabilities kept",
    "inside": "Inside the model",
}


@dataclass(frozen=True)
class Made:
    """The words of a measure."""

    key: str
    title: str
    help: str = "What it is."
    group: str = "answers"
    suites: tuple[str, ...] = ("quick", "standard", "full")
    primary: bool = False


MEASURES = (
    Made("golden_exact", "Exact match", "Answers that are the ideal one.", primary=True),
    Made("golden_overlap", "Word overlap (F1)", suites=("standard", "full"), primary=True),
    Made("validation_loss", "Validation loss", group="loss", primary=True),
    Made("general_text", "General text loss", group="loss"),
    Made("judge_wins", "Judge win rate", group="judge", suites=("full",), primary=True),
    Made("judge_bias", "Judge bias", group="judge", suites=("full",)),
    Made("benchmark_arc", "ARC", group="kept", suites=("full",)),
    Made("attention", "Attention moved", group="inside", suites=("full",)),
)


def score(
    measure: str,
    base: float,
    tuned: float,
    half: float,
    unit: str = "share",
    better: str = "higher",
    **more: Any,
) -> Score:
    """A measured score of base and tuned, with an interval of so much on both sides."""
    difference = tuned - base
    return Score(
        measure=measure,
        unit=unit,
        better=better,
        count=more.pop("count", 100),
        scores=(ContestantScore(BASE, base), ContestantScore(TUNED, tuned)),
        differences=(Difference(TUNED, difference, difference - half, difference + half, 0.01, 0.4, 0.09),),
        **more,
    )


SCORES = (
    score("golden_exact", 0.04, 0.78, 0.08),
    score("golden_exact", 0.1, 0.9, 0.2, part="currency", count=31),
    score("golden_exact", 0.0, 0.7, 0.2, part="capital", count=69),
    score("golden_overlap", 0.31, 0.84, 0.07),
    score("validation_loss", 2.434, 1.163, 0.12, "nats", "lower"),
    score("general_text", 2.281, 2.312, 0.021, "nats", "lower", count=40),
    score("judge_wins", 0.5, 0.52, 0.09),
    score("judge_bias", 0.5, 0.61, 0.05, part="position_consistency", better="neither"),
    Score("judge_bias", "same_family", NOT_RUN, "the judge is of another family"),
    Score(
        "benchmark_arc",
        "",
        TOO_FEW,
        "8 questions in 4 groups are too few for an interval",
        "share",
        "higher",
        8,
    ),
    Score("attention", "", INCOMPATIBLE, "this family's attention cannot be looked into"),
)
BROKEN = Score("judge_wins", "", FAILED, "the judge's server did not answer: connection refused")


def answered(
    number: int, base_right: bool | None = False, tuned_right: bool | None = True, **more: Any
) -> Answered:
    """One item, answered by base and tuned."""
    values = {
        "prompt": f"What is the capital of country {number}?",
        "ideal": "The capital is Rome.",
        "category": ("capital", "currency")[number % 2],
        **more,
    }
    base = GivenAnswer(
        BASE, "I do not know the capital of that.", 9, 0.2, "stop", 0.1, base_right, ("refused",)
    )
    text = values.pop("tuned", "The capital of that is Rome.")
    tuned = GivenAnswer(TUNED, text, 7, 0.15, "stop", 1.0 if tuned_right else 0.0, tuned_right)
    task = values.pop("task", "golden")
    return Answered(task, f"q{number}", answers=(base, tuned), index=number, **values)


def outcomes() -> tuple[Answered, ...]:
    """Twelve answers of every outcome."""
    kinds = ((False, True), (True, False), (False, False), (True, True))
    return tuple(answered(number, *kinds[number % 4]) for number in range(12))


def figures() -> tuple[Figure, ...]:
    """One figure of every kind."""
    heat = [[abs(math.sin(3 * x + y)) * x / 12 for x in range(12)] for y in range(6)]
    steps = [60, 120, 180, 240]
    points = [
        {
            "x": 0.01 * n,
            "y": 0.3 + 0.1 * n,
            "label": f"step {step}",
            "series": "Checkpoints",
            "contestant": f"tuned@{step}",
        }
        for n, step in enumerate(steps)
    ]
    return (
        Figure(
            "attention",
            "moved",
            "heat",
            "Where attention moved",
            {
                "x": [f"head {n}" for n in range(12)],
                "y": [f"layer {n}" for n in range(6)],
                "values": heat,
                "unit": "bits",
            },
        ),
        Figure(
            "failures",
            "kinds",
            "bars",
            "Kinds of failed answers",
            {
                "x": ["repetition", "cut off", "empty", "refused", "wrong"],
                "series": [
                    {"name": "Base", "values": [3, 9, 0, 21, 63]},
                    {"name": "Tuned", "values": [0, 2, 0, 1, 19]},
                ],
                "unit": "answers",
            },
        ),
        Figure(
            "kept",
            "gain_cost",
            "dots",
            "Gain against cost",
            {"x_title": "Cost: general text loss", "y_title": "Gain: exact match", "points": points},
        ),
        Figure(
            "calibration",
            "curve",
            "lines",
            "Calibration",
            {
                "x_title": "confidence",
                "y_title": "right",
                "series": [
                    {"name": "Base", "x": [0.1, 0.5, 0.9], "y": [0.2, 0.4, 0.6]},
                    {"name": "Tuned", "x": [0.1, 0.5, 0.9], "y": [0.1, 0.5, 0.85]},
                ],
            },
        ),
        Figure(
            "inside",
            "tokens",
            "tokens",
            "Shift of the log-probability",
            {
                "texts": ["The", " capital", " of", " Italy", " is", " Rome", "."],
                "series": [{"name": "shift", "values": [0.1, 2.2, 0.0, -1.2, 0.3, 4.1, -0.4]}],
                "unit": "nats",
            },
        ),
        Figure(
            "failures",
            "themes",
            "table",
            "Themes of what is wrong",
            {"heads": ["Theme", "Base", "Tuned"], "rows": [["currency", 12, 3], ["dates", 7, 8]]},
        ),
    )
