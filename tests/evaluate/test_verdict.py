"""The verdict is about the measure that was chosen before the start."""

from __future__ import annotations

from studio.evaluate.registry import BY_KEY
from studio.evaluate.scoring import scored
from studio.evaluate.verdict import judge

CONTESTANTS = ("base", "tuned")


def test_equal_models_are_never_called_better() -> None:
    equal = scored("golden_exact", {"base": [1.0, 0.0] * 50, "tuned": [1.0, 0.0] * 50})
    headline, _ = judge([equal], BY_KEY, "golden_exact", CONTESTANTS)
    assert headline.code == "verdict.unclear"


def test_the_headline_is_about_the_primary_measure() -> None:
    better = scored("golden_exact", {"base": [0.0] * 40, "tuned": [1.0] * 40})
    worse = scored(
        "validation_loss", {"base": [1.0] * 40, "tuned": [1.5, 1.6] * 20}, unit="nats", better="lower"
    )
    codes = {key: judge([better, worse], BY_KEY, key, CONTESTANTS)[0].code for key in BY_KEY}
    assert codes["golden_exact"].startswith("verdict.better")
    assert codes["validation_loss"].startswith("verdict.worse")
    assert codes["general_text"] == "verdict.not_measured"
