"""What a row of a golden set asks for: several checks, turned around, weighed, with a threshold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.errors import DataError
from studio.evaluate.scorers.assertions import assertions_of, golden_assertions, usual_of
from tests.conftest import refused

CAPITAL = [
    {"type": "contains", "value": "Paris", "weight": 3},
    {"type": "contains", "value": "Lyon", "negate": True},
    {"type": "not-regex", "value": "(?i)sorry"},
]


def test_a_row_without_checks_is_scored_as_before() -> None:
    plain = assertions_of({"prompt": "x", "ideal": "Paris"}, "Paris")
    assert [plain.judge(answer).right for answer in ("the PARIS!", "Lyon", "")] == [True, False, False]
    assert [each.scorer for each in plain.judge("x").graded] == ["normalized"]


def test_all_checks_have_to_pass_where_there_is_no_threshold() -> None:
    asked = assertions_of({"checks": CAPITAL}, "Paris")
    good, half, bad = (
        asked.judge(a) for a in ("It is Paris.", "Paris or Lyon, sorry.", "Sorry, perhaps Lyon")
    )
    assert (good.score, good.right) == (1, True)
    assert (half.score, half.right) == (pytest.approx(3 / 5), False)
    assert (bad.score, bad.right) == (0, False)
    assert half.of("contains") == pytest.approx(0.5)
    assert half.of("numeric") is None


def test_a_threshold_is_of_the_weighted_mean() -> None:
    for threshold, right in ((0.6, True), (0.61, False)):
        asked = assertions_of({"checks": CAPITAL, "threshold": threshold}, "Paris")
        assert asked.judge("Paris or Lyon, sorry.").right is right


def test_a_check_without_weight_is_reported_and_counts_for_nothing() -> None:
    asked = assertions_of({"checks": [{"type": "exact"}, {"type": "json", "weight": 0}]}, "Paris")
    found = asked.judge("Paris")
    assert found.right
    assert [(each.scorer, each.passed) for each in found.graded] == [("exact", True), ("json", False)]


def test_a_degree_passes_from_its_threshold_on_and_is_turned_around_with_it() -> None:
    ideal, answer = "one two three four", "one two five six"
    for check, right in (
        ({"type": "f1"}, True),
        ({"type": "f1", "threshold": 0.6}, False),
        ({"type": "not-f1", "threshold": 0.6}, True),
        ({"type": "f1", "value": ["nine", ideal], "threshold": 0.5}, True),
    ):
        assert assertions_of({"checks": [check]}, ideal).judge(answer).right is right, check
    assert assertions_of({"checks": {"type": "not-f1"}}, ideal).judge(answer).score == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"checks": "contains"}, "scorer.no_checks"),
        ({"checks": []}, "scorer.no_checks"),
        ({"checks": [{"type": "json", "weight": 0}]}, "scorer.no_weight"),
        ({"checks": ["contains"]}, "scorer.no_type"),
        ({"checks": [{"value": "a"}]}, "scorer.no_type"),
        ({"checks": [{"type": "contian"}]}, "scorer.near_name"),
        ({"checks": [{"type": "regex"}]}, "scorer.needs_value"),
        ({"checks": [{"type": "exact", "vaule": "a"}]}, "scorer.no_option"),
        ({"checks": [{"type": "exact", "weight": "1"}]}, "scorer.no_amount"),
        ({"checks": [{"type": "exact", "weight": float("nan")}]}, "scorer.no_amount"),
        ({"checks": [{"type": "exact", "negate": 1}]}, "scorer.no_truth"),
        ({"checks": [{"type": "f1", "threshold": 50}]}, "scorer.no_threshold"),
        ({"checks": [{"type": "f1"}], "threshold": 0}, "scorer.no_threshold"),
    ],
)
def test_a_check_that_cannot_be_made_is_named_with_its_line(row: dict[str, Any], code: str) -> None:
    with pytest.raises(DataError) as caught:
        golden_assertions(row, "ideal", 7, Path("g.jsonl"))
    assert caught.value.code == "golden.bad_check"
    assert str(caught.value).startswith("Line 7 of g.jsonl: ")
    reason = caught.value.phrase.values[-1][1]
    assert code in (reason.code, *(value.code for _, value in reason.values if hasattr(value, "code")))


def test_what_is_wrong_is_said_in_a_sentence_that_helps() -> None:
    with pytest.raises(DataError) as caught:
        golden_assertions({"checks": [{"type": "exact"}, {"type": "contians"}]}, "a", 3, Path("g.jsonl"))
    assert str(caught.value) == (
        "Line 3 of g.jsonl: its check 2 cannot be used: there is no scorer called “contians”; "
        "the nearest is contains."
    )


def test_a_whole_set_is_scored_by_the_scorers_that_a_person_names() -> None:
    usual = usual_of("contains, not-exact")
    asked = assertions_of({}, "Paris", usual)
    assert [asked.judge(a).right for a in ("It is Paris", "Paris", "Lyon")] == [True, False, False]
    own = assertions_of({"checks": [{"type": "exact"}]}, "Paris", usual)
    assert own.judge("Paris").right
    for names, reason in (
        ("magic", "scorer.no_name"),
        ("regex", "scorer.needs_value"),
        ("", "scorer.no_name"),
    ):
        with refused("scorer.not_for_all", DataError, names=names, reason=reason):
            usual_of(names)
