"""A judge beside the person's own blind votes: agreement that chance does not give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from studio.catalogue import Phrase
from studio.evaluate.judging.agreement import ASKED_FOR, OUTCOMES, agreement, agreement_scores, meant_by
from studio.evaluate.judging.pairs import LOST, TIED, WON
from studio.events import MEASURED, NOT_RUN, TOO_FEW, Score


@dataclass(frozen=True)
class Voted:
    item: str
    a: str
    b: str
    choice: str


def votes(meant: list[str]) -> list[Voted]:
    """Votes that say this of the tuned model, which stands now left and now right."""
    found = []
    for place, outcome in enumerate(meant):
        left, right = ("tuned", "base") if place % 2 else ("base", "tuned")
        choice = "tie" if outcome == TIED else "a" if (outcome == WON) == (left == "tuned") else "b"
        found.append(Voted(f"q{place}", left, right, choice))
    return found


def told(judge: list[str], person: list[str]) -> list[Score]:
    said = {"tuned": {f"q{place}": each for place, each in enumerate(judge)}}
    return list(agreement_scores("agreement", said, votes(person), "base"))


def test_a_judge_that_always_names_the_usual_agrees_often_and_has_a_kappa_of_zero() -> None:
    person = [WON] * 24 + [LOST] * 6
    kappa, share, majority = told([WON] * 30, person)
    assert (kappa.state, kappa.of("tuned")) == (MEASURED, 0)
    assert share.of("tuned") == majority.of("tuned") == 0.8
    kappa, share, majority = told(person, person)
    assert (kappa.of("tuned"), share.of("tuned"), majority.of("tuned")) == (1, 1, 0.8)
    assert (low := kappa.scores[0].low) is not None
    assert 0 < low < 1


def test_kappa_is_that_of_the_books() -> None:
    """Two raters, 20 yes together, 15 no together, 5 and 10 apart: 0.4."""
    judge = [WON] * 20 + [WON] * 5 + [LOST] * 10 + [LOST] * 15
    person = [WON] * 20 + [LOST] * 5 + [WON] * 10 + [LOST] * 15
    found = agreement(judge, person)
    assert found.kappa == pytest.approx(0.4)
    assert (found.share, found.majority) == (0.7, 0.6)


@pytest.mark.parametrize("planted", [0.0, 0.3, 0.6, 0.9])
def test_the_interval_covers_a_planted_kappa(planted: float) -> None:
    """The judge repeats the person in so many cases, else it draws as often from the same three."""
    draw = np.random.default_rng(1)
    hits = 0
    for _ in range(300):
        person = draw.choice(3, 30, p=(0.5, 0.2, 0.3))
        judge = np.where(draw.random(30) < planted, person, draw.choice(3, 30, p=(0.5, 0.2, 0.3)))
        found = agreement([OUTCOMES[each] for each in judge], [OUTCOMES[each] for each in person])
        hits += found.low <= planted <= found.high
    assert hits / 300 >= 0.92


def test_below_the_votes_asked_for_nothing_is_said_of_the_judge() -> None:
    (few,) = told([WON] * 60, [WON] * (ASKED_FOR - 1))
    assert (few.state, few.scores) == (TOO_FEW, ())
    assert isinstance(few.reason, Phrase)
    assert dict(few.reason.values) == {"count": 24, "needed": 25}
    (none,) = agreement_scores("agreement", {"tuned": {}}, votes([WON] * 30), "base")
    assert none.state == NOT_RUN
    alike = told([WON] * 30, [WON] * 30)
    assert [each.state for each in alike] == [TOO_FEW, MEASURED, MEASURED]


def test_a_vote_counts_for_whom_it_names_wherever_they_stood() -> None:
    assert [meant_by(vote, "base", "tuned") for vote in votes([WON, WON, LOST, LOST, TIED])] == [
        *(WON, WON, LOST, LOST, TIED),
    ]
    assert meant_by(Voted("1", "base", "tuned", "bad"), "base", "tuned") == TIED
    assert meant_by(Voted("1", "base", "other", "a"), "base", "tuned") == ""
    assert meant_by(Voted("1", "base", "tuned", "?"), "base", "tuned") == ""


def test_pairs_that_the_judge_could_not_read_are_no_disagreement() -> None:
    judge = ["" if place < 5 else WON for place in range(40)]
    _, share, _ = told(judge, [WON, LOST] * 20)
    assert share.count == 35
