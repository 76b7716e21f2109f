"""What a row of a golden set asks of its answers: one or several checks, weighed into one score.

A line of a golden set holds them as
`"checks": [{"type": "contains", "value": "Paris", "weight": 1, "negate": false}]`, with the options of the
scorer beside. Without `value` a check is against the ideal answer. `"threshold"` of a check is the grade from
which it passes; that of the row is the weighted mean from which the answer is right. Without it, all checks
have to pass. `"type": "not-contains"` is the same as `"negate": true`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.catalogue import Unusable, phrase
from studio.errors import DataError
from studio.evaluate.scorers.registry import scorer_named
from studio.evaluate.scorers.scorer import Grade, Scorer
from studio.evaluate.scorers.texts import NORMALIZED

USUAL: Sequence[Mapping[str, Any]] = ({"type": NORMALIZED.key},)
"""What is asked of an answer where neither its row nor its set says so."""

_OWN = {"type", "value", "weight", "negate", "threshold"}
_ALMOST = 1e-9


@dataclass(frozen=True)
class Graded:
    """What one check found: a grade from 0 to 1, turned around where it is negated, and whether it passes."""

    scorer: str
    grade: float
    passed: bool
    weight: float


@dataclass(frozen=True)
class Assertion:
    """One check, ready to judge answers."""

    scorer: Scorer
    grade: Grade = field(compare=False)
    weight: float = 1.0
    negate: bool = False
    threshold: float = 1.0

    def judge(self, answer: str) -> Graded:
        """Raises Unusable where it cannot be told: a pattern that takes too long."""
        grade = self.grade(answer)
        passed = grade >= self.threshold - _ALMOST
        if self.negate:
            grade, passed = 1 - grade, not passed
        return Graded(self.scorer.key, grade, passed, self.weight)


@dataclass(frozen=True)
class GradedAnswer:
    """What all checks of a row say of an answer."""

    score: float
    right: bool
    graded: tuple[Graded, ...]

    def of(self, scorer: str) -> float | None:
        """The mean grade of one scorer's checks; None where the row has none of it."""
        grades = [each.grade for each in self.graded if each.scorer == scorer]
        return math.fsum(grades) / len(grades) if grades else None


@dataclass(frozen=True)
class Assertions:
    """All checks of a row; `threshold` is the weighted mean from which an answer is right."""

    each: tuple[Assertion, ...]
    threshold: float | None = None

    def judge(self, answer: str) -> GradedAnswer:
        """Raises Unusable where a check cannot tell."""
        graded = tuple(assertion.judge(answer) for assertion in self.each)
        score = math.fsum(j.weight * j.grade for j in graded) / math.fsum(j.weight for j in graded)
        if self.threshold is None:
            right = all(each.passed for each in graded if each.weight)
        else:
            right = score >= self.threshold - _ALMOST
        return GradedAnswer(score, right, graded)


def assertions_of(
    row: Mapping[str, Any], ideal: str, usual: Sequence[Mapping[str, Any]] = USUAL
) -> Assertions:
    """The checks that a row of a golden set asks for, else the `usual` ones of its set.

    Raises Unusable with what is wrong with them.
    """
    checks = row.get("checks")
    if checks is None:
        checks = list(usual)
    if isinstance(checks, Mapping):
        checks = [checks]
    if not isinstance(checks, list) or not checks:
        raise Unusable("scorer.no_checks")
    made = tuple(_numbered(number, check, ideal) for number, check in enumerate(checks, 1))
    if not any(assertion.weight for assertion in made):
        raise Unusable("scorer.no_weight")
    return Assertions(made, _share(row, None))


def golden_assertions(
    row: Mapping[str, Any], ideal: str, line: int, file: Path, usual: Sequence[Mapping[str, Any]] = USUAL
) -> Assertions:
    """As `assertions_of`, of a line of a file. Raises DataError that says where."""
    try:
        return assertions_of(row, ideal, usual)
    except Unusable as error:
        raise DataError("golden.bad_check", line=line, file=file, reason=error.phrase) from error


def usual_of(text: str) -> Sequence[Mapping[str, Any]]:
    """The checks of a whole set, in the words of a form or a command: "contains, not-regex".

    Raises DataError for what names none, or needs a value of its own for each row.
    """
    names = [name.strip() for name in text.replace(";", ",").split(",") if name.strip()] or [text]
    for name in names:
        try:
            scorer, _ = scorer_named(name)
        except Unusable as error:
            raise DataError("scorer.not_for_all", names=text, reason=error.phrase) from error
        if scorer.needs_value:
            reason = phrase("scorer.needs_value", name=scorer.key)
            raise DataError("scorer.not_for_all", names=text, reason=reason)
    return [{"type": name} for name in names]


def _numbered(number: int, check: Any, ideal: str) -> Assertion:
    try:
        return _assertion(check, ideal)
    except Unusable as error:
        raise Unusable("scorer.check", number=number, reason=error.phrase) from error


def _assertion(check: Any, ideal: str) -> Assertion:
    if not isinstance(check, Mapping) or not isinstance(check.get("type"), str):
        raise Unusable("scorer.no_type")
    scorer, turned = scorer_named(check["type"])
    options = {name: value for name, value in check.items() if name not in _OWN}
    if unknown := sorted(map(str, set(options) - set(scorer.options))):
        known = ", ".join(sorted(_OWN | set(scorer.options)))
        raise Unusable("scorer.no_option", name=unknown[0], type=scorer.key, names=known)
    value = check.get("value")
    if value is None and scorer.needs_value:
        raise Unusable("scorer.needs_value", name=scorer.key)
    negate = check.get("negate", False)
    if not isinstance(negate, bool):
        raise Unusable("scorer.no_truth", name="negate")
    threshold = _share(check, scorer.passes)
    grade = scorer.prepare(ideal if value is None else value, options)
    return Assertion(scorer, grade, _weight(check), negate != turned, threshold or scorer.passes)


def _weight(check: Mapping[str, Any]) -> float:
    weight = check.get("weight", 1)
    if not _is_number(weight) or not 0 <= weight < math.inf:
        raise Unusable("scorer.no_amount", name="weight")
    return float(weight)


def _share(of: Mapping[str, Any], otherwise: float | None) -> float | None:
    """The threshold of a row or check: more than 0, at most 1."""
    share = of.get("threshold")
    if share is None:
        return otherwise
    if not _is_number(share) or not 0 < share <= 1:
        raise Unusable("scorer.no_threshold")
    return float(share)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
