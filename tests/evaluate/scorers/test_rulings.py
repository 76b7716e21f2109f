"""A person's word over a scorer's: it counts, it is counted, and it can be taken back."""

from __future__ import annotations

import json

import pytest

from studio.evaluate.scorers.rulings import Ruling, ruled, ruling_from
from tests.conftest import refused

RIGHTS = {
    "q1": {"base": False, "tuned": True},
    "q2": {"base": True, "tuned": False},
    "q3": {"base": None, "tuned": None},
}


def test_a_ruling_counts_and_what_it_changed_is_told_apart() -> None:
    rulings = [
        Ruling("q1", "tuned", False, "2026-01-02T10:00:00", "wrong year"),
        Ruling("q2", "base", True),
        Ruling("q3", "tuned", True),
        Ruling("q9", "tuned", True),
        Ruling("q1", "stranger", True),
    ]
    found = ruled(RIGHTS, rulings)
    assert found.rights == {
        "q1": {"base": False, "tuned": False},
        "q2": {"base": True, "tuned": False},
        "q3": {"base": None, "tuned": True},
    }
    assert [r.note for r in found.overruled] == ["wrong year"]
    assert [r.item for r in found.confirmed] == ["q2"]
    assert [r.item for r in found.decided] == ["q3"]
    assert (found.overruled_of("tuned"), found.overruled_of("base")) == (1, 0)
    assert RIGHTS["q1"]["tuned"] is True  # what was scored stays as it was


def test_the_last_ruling_on_an_answer_counts_and_can_be_withdrawn() -> None:
    first, second, withdrawn = (Ruling("q1", "tuned", right) for right in (False, True, None))
    assert ruled(RIGHTS, [first, second]).overruled == ()
    assert ruled(RIGHTS, [second, first]).overruled == (first,)
    assert ruled(RIGHTS, [first, withdrawn]).rights == RIGHTS


def test_a_ruling_is_kept_as_a_line_of_json() -> None:
    ruling = Ruling("q1", "tuned", False, "2026-01-02T10:00:00", "déjà vu 👍")
    assert ruling_from(json.loads(json.dumps(ruling.plain()))) == ruling
    for plain in (
        {},
        {"item": "q1", "contestant": 3, "right": True},
        {"item": "q1", "contestant": "a", "right": "y"},
    ):
        with refused("scorer.no_ruling"):
            ruling_from(plain)
    with pytest.raises(AttributeError):
        ruling.note = "other"  # type: ignore[misc]
