"""Which way to better answers is worth taking, and why: the least effort that nothing clearly beats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from studio.catalogue import Phrase, phrase
from studio.evaluate.scoring import scored
from studio.events import TOO_FEW, Score
from studio.words import counted


@dataclass(frozen=True)
class ApproachResult:
    """One way of asking: what each question brought (1 right, 0 wrong), and what an answer took on average.

    `tokens` counts those read and written. Results are given in the order of the effort that they take.
    """

    key: str
    title: str
    values: Sequence[float]
    tokens: float
    seconds: float

    @property
    def mean(self) -> float:
        return sum(self.values) / len(self.values)


@dataclass(frozen=True)
class Recommendation:
    """What to take, and the sentences that say why."""

    key: str
    headline: Phrase
    reasons: tuple[Phrase, ...]


def recommend(results: Sequence[ApproachResult], clusters: Sequence[str]) -> Recommendation:
    """Of those that the best one does not clearly beat on the same questions, the one of least effort.

    `results` begins with the plain baseline; they have the same questions, and `clusters` says which of those
    belong together.
    """
    best = max(results, key=lambda each: each.mean)
    beaten = {each.key: _compared(each, best, clusters) for each in results if each is not best}
    if any(score.state == TOO_FEW for score in beaten.values()):
        questions = counted(len(best.values), "question")
        few = phrase("approach.too_few", questions=questions)
        return Recommendation("", few, (_reached(best), _cost(results[0], best)))
    chosen = next(each for each in results if each is best or not _is_beaten(beaten[each.key]))
    return Recommendation(chosen.key, _headline(chosen, results[0]), _reasons(results, chosen, best, beaten))


def _compared(one: ApproachResult, best: ApproachResult, clusters: Sequence[str]) -> Score:
    values = {one.key: one.values, best.key: best.values}
    return scored("approaches", values, clusters=clusters, baseline=one.key)


def _is_beaten(score: Score) -> bool:
    return score.direction(score.differences[0]) == "better"


def _headline(chosen: ApproachResult, plain: ApproachResult) -> Phrase:
    if chosen is plain:
        return phrase("approach.stay", plain=plain.title)
    return phrase("approach.take", chosen=chosen.title)


def _reasons(
    results: Sequence[ApproachResult],
    chosen: ApproachResult,
    best: ApproachResult,
    beaten: Mapping[str, Score],
) -> tuple[Phrase, ...]:
    reasons = [_reached(best)]
    for each in results:
        if each is chosen or each is best:
            continue
        if _is_beaten(beaten[each.key]):
            moved = beaten[each.key].differences[0]
            reasons.append(
                phrase(
                    "approach.beaten",
                    title=each.title,
                    share=_per_cent(each.mean),
                    best=best.title,
                    points=f"{100 * moved.value:.0f}",
                    low=f"{100 * moved.low:.0f}",
                    high=f"{100 * moved.high:.0f}",
                )
            )
    if chosen is not best:
        reasons.append(
            phrase("approach.as_good", chosen=chosen.title, share=_per_cent(chosen.mean), best=best.title)
        )
    if chosen is not results[0]:
        reasons.append(_cost(results[0], chosen))
    return tuple(reasons)


def _reached(best: ApproachResult) -> Phrase:
    return phrase("approach.best", best=best.title, share=_per_cent(best.mean), questions=len(best.values))


def _cost(plain: ApproachResult, chosen: ApproachResult) -> Phrase:
    return phrase(
        "approach.cost",
        chosen=chosen.title,
        tokens=f"{chosen.tokens:,.0f}",
        seconds=f"{chosen.seconds:.2f}",
        plain=plain.title,
        plain_tokens=f"{plain.tokens:,.0f}",
        plain_seconds=f"{plain.seconds:.2f}",
    )


def _per_cent(share: float) -> str:
    return f"{100 * share:.0f} %"
