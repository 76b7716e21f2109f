"""The verdict is about the measure that was chosen before the start, and never silent about what was lost."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from studio.catalogue import phrase
from studio.evaluate.registry import BY_KEY
from studio.evaluate.scoring import scored
from studio.evaluate.sentences import can_show
from studio.evaluate.verdict import judge
from studio.events import INCOMPATIBLE, NOT_RUN, ContestantScore, Difference, Score

CONTESTANTS = {"base": "Base", "tuned": "Tuned"}


@dataclass(frozen=True)
class Named:
    title: str
    cost: bool = False


MEASURES = {
    "exact": Named("Exact match"),
    "loss": Named("Validation loss"),
    "overlap": Named("Word overlap"),
    "general": Named("General text loss", cost=True),
    "skills": Named("Skills kept", cost=True),
    "refusals": Named("Refusals", cost=True),
}


def exact(base: int, tuned: int, count: int = 100, who: str = "tuned", **more: list[int]) -> Score:
    rights = {"base": base, who: tuned, **{}}
    values = {key: [1] * right + [0] * (count - right) for key, right in rights.items()}
    return scored("exact", {**values, **more})


def loss(measure: str, rise: float, count: int = 30, part: str = "") -> Score:
    """A loss per token that rises by so much, with some scatter over the rows."""
    random = np.random.default_rng(count)
    weights = random.integers(5, 60, count)
    base = 3.0 * weights
    tuned = base + weights * (rise + 0.05 * random.standard_normal(count))
    return scored(
        measure,
        {"base": base.tolist(), "tuned": tuned.tolist()},
        unit="nats",
        better="lower",
        weights=weights.tolist(),
        part=part,
    )


def told(*scores: Score, primary: str = "exact", contestants: dict[str, str] = CONTESTANTS) -> list[str]:
    """The headline and the sentences, in words."""
    headline, verdict = judge(scores, MEASURES, primary, contestants)
    assert len(verdict) <= 2
    return [str(headline), *map(str, verdict)]


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


def test_a_verdict_gives_the_counts_the_interval_and_the_rows() -> None:
    headline, first = told(exact(4, 87))
    assert headline == "Better: 87 of 100 right, up from 4"
    assert first == "Exact match rose from 4 % to 87 % on 100 rows (+73 to +89 points at 95 %)."
    assert told(exact(90, 20))[0] == "Worse: 20 of 100 right, down from 90"
    fell = told(loss("loss", -0.5), primary="loss")
    assert fell[0] == "Better: Validation loss 3.00 → 2.49"
    assert fell[1].startswith("Validation loss fell from 3.00 to 2.49 on 30 rows (-0.53 to -0.49 at 95 %)")


def test_only_rows_that_are_right_or_wrong_are_counted_as_right() -> None:
    overlap = scored("exact", {"base": [0.1, 0.3] * 20, "tuned": [0.6, 0.9] * 20})
    assert told(overlap)[0] == "Better: Exact match 20 % → 75 %"
    won = replace(
        exact(50, 80), scores=(ContestantScore("base", 0.5), ContestantScore("tuned", 0.8, 0.7, 0.9))
    )
    assert told(won)[0] == "Better: Exact match 50 % → 80 %"


def test_what_was_lost_is_in_the_headline_whatever_else_it_says() -> None:
    forgot = loss("general", 0.4)
    assert told(exact(4, 87), forgot)[0] == (
        "Better, but worse in General text loss: 87 of 100 right, up from 4"
    )
    headline, first, second = told(exact(50, 52), forgot)
    assert headline == "Worse in General text loss, and not clearly better in Exact match"
    assert first.startswith("Exact match: 50 % and 52 % on 100 rows (-")
    assert second.startswith("Worse: General text loss 3.00 → 3.39 (+0.")
    assert told(exact(90, 20), forgot)[0].startswith("Worse, and in General text loss, too: 20 of 100")
    assert told(exact(0, 4, 4), forgot)[0] == (
        "Worse in General text loss; too few to tell about Exact match"
    )
    assert told(forgot)[0] == "Worse in General text loss; Exact match was not measured"


def test_a_part_that_was_lost_is_named() -> None:
    parts = [loss("skills", -0.02), loss("skills", 0.0, part="code"), loss("skills", 0.3, part="sums")]
    headline, _, second = told(exact(4, 87), *parts)
    assert headline == "Better, but worse in Skills kept (sums): 87 of 100 right, up from 4"
    assert second.startswith("Worse: Skills kept (sums) 3.00 → 3.29 (")
    kept = told(exact(4, 87), loss("general", 0.0), *parts)[2]
    assert kept.endswith("; no clear loss in General text loss.")


def test_what_cannot_have_been_clear_takes_nothing_from_what_was_lost() -> None:
    """Beside nineteen tests of answers that hardly changed, p = 0.002 is as good as alone."""
    moved = np.random.default_rng(3).standard_normal(40)
    moved += 3.4 / np.sqrt(40) * moved.std(ddof=1) - moved.mean()
    values = {"base": [3.0] * 40, "tuned": (3.0 + 0.1 * moved).tolist()}
    forgot = scored("general", values, unit="nats", better="lower")
    assert 0.001 < forgot.differences[0].p < 0.003
    still = [replace(exact(20, 22, 40), measure=f"still{n}") for n in range(19)]
    named = {**MEASURES, **{each.measure: Named(each.measure, cost=True) for each in still}}
    headline, _ = judge([exact(50, 50), forgot, *still], named, "exact", CONTESTANTS)
    assert str(headline) == "Worse in General text loss, and not clearly better in Exact match"


def test_a_gain_in_what_must_not_be_lost_is_no_cost() -> None:
    headline, _, second = told(exact(4, 87), loss("general", -0.4))
    assert headline == "Better: 87 of 100 right, up from 4"
    assert second == "No clear loss in General text loss."


def test_what_was_not_measured_is_said_and_no_pass() -> None:
    lacks = Score("refusals", state=INCOMPATIBLE, reason=phrase("score.no_rows"))
    headline, _, second = told(exact(4, 87), lacks)
    assert headline.startswith("Better: ")
    assert second == "Not known: Refusals."
    missing = Score("exact", state=NOT_RUN, reason=phrase("evaluation.no_golden"))
    assert told(missing)[:2] == [
        "Not measured: Exact match",
        "Exact match was not measured: There is no golden set, and the run kept no test examples to ask.",
    ]
    assert told() == ["Not measured: Exact match", "Exact match was not measured."]


def test_too_few_rows_are_said_with_what_they_gave() -> None:
    assert told(exact(0, 5, 5)) == [
        "Too few to tell",
        "Exact match: 0 % and 100 %, which tells nothing. Only 5 rows: it takes 6 or more to tell anything.",
    ]


def test_an_unclear_difference_says_what_rows_can_show_and_how_many_would_settle_it() -> None:
    base, tuned = [0] * 50 + [1] * 50, [0] * 42 + [1] * 52 + [0] * 4 + [1] * 2
    score = scored("exact", {"base": base, "tuned": tuned})
    headline, first = told(score)
    assert headline == "No clear difference"
    assert first == (
        "Exact match: 50 % and 54 % on 100 rows (-3 to +11 points at 95 %); so many can show a difference of "
        "10 points or more, and about 660 would settle it."
    )
    assert told(exact(50, 50))[1].endswith("no practical number would settle so small a one.")


def test_a_difference_that_is_clear_only_alone_is_none_beside_others() -> None:
    """Of the five per cent 3.5 are the primary measure's, until the costs are settled."""
    alone = Score(
        "loss",
        unit="nats",
        better="lower",
        count=30,
        scores=(ContestantScore("base", 3.0), ContestantScore("tuned", 2.9)),
        differences=(Difference("tuned", -0.1, -0.19, -0.01, 0.045),),
    )
    headline, first, _ = told(alone, loss("general", 0.0), primary="loss")
    assert headline == "No clear difference"
    assert first.endswith("which is no clear difference when 2 tests are looked at together.")
    clear = replace(alone, differences=(Difference("tuned", -0.1, -0.19, -0.01, 0.03),))
    assert told(clear, loss("general", 0.0), primary="loss")[0].startswith("Better: ")
    nearly = replace(alone, differences=(Difference("tuned", -0.1, -0.19, -0.01, 0.039),))
    assert told(nearly, loss("general", 0.4), primary="loss")[0].startswith("Better, but worse in General")


def test_an_interval_shows_on_which_side_of_zero_it_is() -> None:
    def range_of(low: float, high: float, unit: str = "share") -> str:
        moved = Difference("tuned", (low + high) / 2, low, high, 0.01)
        both = ContestantScore("base", 0.1), ContestantScore("tuned", 0.1 + moved.value)
        score = Score("exact", unit=unit, better="higher", count=90, scores=both, differences=(moved,))
        return told(score)[1].partition("(")[2].partition(" at 95")[0]

    assert range_of(0.003, 0.11) == "+0.3 to +11.0 points"
    assert range_of(0.03, 0.11) == "+3 to +11 points"
    assert range_of(-0.004, 0.11) == "+0 to +11 points"
    assert range_of(0.0004, 0.3, "nats") == "+0.0004 to +0.3000"


def test_other_measures_are_cited_under_holm() -> None:
    def other(key: str, p: float) -> Score:
        scores = (ContestantScore("base", 0.5), ContestantScore("tuned", 0.6))
        moved = (Difference("tuned", 0.1, 0.01, 0.19, p),)
        return Score(key, unit="share", better="higher", count=50, scores=scores, differences=moved)

    assert told(exact(4, 87), other("overlap", 0.02), other("loss", 0.2))[2] == (
        "Clearly better, too: Word overlap."
    )
    assert len(told(exact(4, 87), other("overlap", 0.03), other("loss", 0.04))) == 2


def test_of_several_contestants_the_clearly_best_is_named() -> None:
    names = {"base": "Base", "early": "Step 100", "late": "Step 300"}
    values = {"base": [0] * 60, "early": [1] * 30 + [0] * 30, "late": [1] * 50 + [0] * 10}
    assert told(scored("exact", values), contestants=names)[0] == (
        "Better: 50 of 60 right, up from 0 (Step 300)"
    )


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (100, "100 golden rows can show a difference of 9 points or more."),
        (20, "20 golden rows can show a difference of 37 points or more."),
        (5, "5 golden rows can show no difference, however large: it takes 6 or more."),
    ],
)
def test_before_the_start_it_is_said_what_the_rows_can_show(count: int, said: str) -> None:
    assert str(can_show(count, "golden row")) == said


def test_what_losses_can_show_depends_on_their_spread() -> None:
    assert (
        str(can_show(30, unit="nats"))
        == "30 rows can show a difference of 0.53 of its spread over the rows or more."
    )
    assert str(can_show(30, unit="nats", spread=0.2)) == "30 rows can show a difference of 0.11 or more."
    assert str(can_show(300, clusters=30)).startswith(
        "300 rows in 30 independent groups can show a difference"
    )
