"""Whether the judge decides as the person does, who voted on the same pairs without knowing whose they were.

Kappa (Cohen, 1960) is how much there is of the agreement that chance does not give: 0 for none of it, 1
for all. A judge that always names what the person names most agrees often, and has a kappa of 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from studio.catalogue import phrase
from studio.evaluate.judging.pairs import LOST, TIED, WON
from studio.evaluate.statistics import wilson
from studio.events import MEASURED, NOT_RUN, TOO_FEW, ContestantScore, Score

ASKED_FOR = 25
"""Votes of a person, below which nothing is said of the judge."""

OUTCOMES = (WON, TIED, LOST)


class BlindVote(Protocol):
    """A person's choice between the answers of contestants `a` and `b`: a, b, tie or bad (neither)."""

    @property
    def item(self) -> str: ...
    @property
    def a(self) -> str: ...
    @property
    def b(self) -> str: ...
    @property
    def choice(self) -> str: ...


@dataclass(frozen=True)
class Agreement:
    """On so many pairs, the share on which both say the same, kappa, and what naming the usual would reach.

    `low` and `high` are kappa's interval at 95 %; kappa is None where chance already agrees on everything.
    """

    count: int
    share: float
    majority: float
    kappa: float | None = None
    low: float = 0.0
    high: float = 0.0


def agreement(judge: Sequence[str], person: Sequence[str]) -> Agreement:
    """How far two who sorted the same pairs into won, tied and lost agree; at least one pair.

    The interval is Wilson's of the share of agreement, with the chance that these frequencies give.
    """
    count = len(person)
    said, meant = Counter(judge), Counter(person)
    share = sum(one == other for one, other in zip(judge, person, strict=True)) / count
    chance = sum(said[each] * meant[each] for each in OUTCOMES) / count**2
    majority = max(meant.values()) / count
    if chance >= 1:
        return Agreement(count, share, majority)
    kappa, low, high = ((each - chance) / (1 - chance) for each in (share, *wilson(share, count)))
    return Agreement(count, share, majority, kappa, low, high)


def meant_by(vote: BlindVote, baseline: str, challenger: str) -> str:
    """What a vote says of the challenger; empty where it is about others. Two bad answers are a tie."""
    if {vote.a, vote.b} != {baseline, challenger}:
        return ""
    match vote.choice:
        case "tie" | "bad":
            return TIED
        case "a" | "b":
            return WON if (vote.a if vote.choice == "a" else vote.b) == challenger else LOST
    return ""


def agreement_scores(
    measure: str,
    outcomes: Mapping[str, Mapping[str, str]],
    votes: Iterable[BlindVote],
    baseline: str,
) -> Iterator[Score]:
    """Kappa, the share of agreement and the majority's share, of every challenger that was voted on enough.

    `outcomes` is what the judge said of each challenger's pairs (won, tied, lost), by id.
    """
    votes = list(votes)
    if not any(outcomes.values()):
        yield Score(measure, "", NOT_RUN, phrase("judge.no_verdicts"), "ratio", "higher")
        return
    found = {who: _compared(said, votes, baseline, who) for who, said in outcomes.items()}
    most = max(len(pairs) for pairs in found.values())
    if most < ASKED_FOR:
        reason = phrase("judge.few_votes", count=most, needed=ASKED_FOR)
        yield Score(measure, "", TOO_FEW, reason, "ratio", "higher")
        return
    agreed = {who: agreement(*zip(*of, strict=True)) for who, of in found.items() if len(of) >= ASKED_FOR}
    yield from _told(measure, agreed)


def _compared(
    said: Mapping[str, str], votes: Sequence[BlindVote], baseline: str, challenger: str
) -> list[tuple[str, str]]:
    """What the judge and the person say, of each pair on which both have said something."""
    both = ((said.get(vote.item, ""), meant_by(vote, baseline, challenger)) for vote in votes)
    return [(one, other) for one, other in both if one and other]


def _told(measure: str, agreed: Mapping[str, Agreement]) -> Iterator[Score]:
    count = sum(each.count for each in agreed.values())
    kappas = tuple(
        ContestantScore(who, each.kappa, each.low, each.high)
        for who, each in agreed.items()
        if each.kappa is not None
    )
    if kappas:
        yield Score(measure, "", MEASURED, "", "ratio", "higher", count, 0, kappas)
    else:
        yield Score(measure, "", TOO_FEW, phrase("judge.one_sided"), "ratio", "higher")
    shares = tuple(
        ContestantScore(who, each.share, *wilson(each.share, each.count)) for who, each in agreed.items()
    )
    yield Score(measure, "agreement", MEASURED, "", "share", "higher", count, 0, shares)
    usual = tuple(ContestantScore(who, each.majority) for who, each in agreed.items())
    yield Score(measure, "majority", MEASURED, "", "share", "neither", count, 0, usual)
