"""An instruction is followed where IFEval's own checkers say so.

`make_instructions.py` says how the fixture came about; nothing of that is needed here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from studio.evaluate.instructions.kinds import KNOWN, Constraint

FIXTURE: dict[str, Any] = json.loads(
    (Path(__file__).parent / "fixtures" / "instructions.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", FIXTURE["cases"], ids=lambda case: f"{case['kind']} {case['values']}")
def test_an_instruction_is_followed_where_ifeval_says_so(case: dict[str, Any]) -> None:
    constraint = Constraint(case["kind"], case["values"])
    asked = [place for place, mark in enumerate(case["strict"]) if mark != "-"]
    assert [
        FIXTURE["answers"][place]
        for place in asked
        if constraint.kept_by(FIXTURE["answers"][place]) != (case["strict"][place] == "1")
    ] == []
    assert len(asked) > 20


@pytest.mark.parametrize("case", FIXTURE["cases"], ids=lambda case: f"{case['kind']} {case['values']}")
def test_it_is_followed_loosely_where_ifeval_says_so(case: dict[str, Any]) -> None:
    if "-" in case["loose"]:
        return
    constraint = Constraint(case["kind"], case["values"])
    assert [
        answer
        for answer, mark in zip(FIXTURE["answers"], case["loose"], strict=True)
        if constraint.kept_loosely_by(answer) != (mark == "1")
    ] == []


def test_every_known_kind_is_compared_but_sentences_and_each_is_kept_and_broken() -> None:
    asked = {case["kind"] for case in FIXTURE["cases"]}
    assert set(KNOWN) - asked == {"sentences"}
    assert [case for case in FIXTURE["cases"] if not {"0", "1"} <= set(case["strict"])] == []
