"""Ratings by rubrics: finer than whole numbers, read or left out, and none by a judge that cannot rate."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from studio.catalogue import Phrase
from studio.errors import DataError
from studio.evaluate.judging.controls import (
    CONTROL,
    CONTROLS,
    cannot_rate,
    control_questions,
    control_score,
    controls_in,
)
from studio.evaluate.judging.judge import JudgeQuestion, JudgeReply
from studio.evaluate.judging.questioning import judged
from studio.evaluate.judging.ratings import (
    RatedItem,
    change,
    rating_questions,
    ratings,
    rubric_scores,
)
from studio.evaluate.judging.rubrics import LEVELS, SHIPPED, rating, rubrics_with, shipped_rubrics
from studio.events import INCOMPATIBLE, MEASURED, TOO_FEW, Figure, Score
from tests.conftest import finish, refused
from tests.evaluate.judging.stubs import Kept, Stub

TITLES = {"base": "Base", "tuned": "Tuned"}


def items(count: int, better: float = 0.5, seed: int = 0) -> list[RatedItem]:
    """Answers that say how good they are, tuned a bit better than base; ideals name their question."""
    draw = random.Random(seed)
    found = []
    for number in range(count):
        base = draw.uniform(1.5, 3.5)
        answers = {"base": f"[{base:.3f}]", "tuned": f"[{base + better + draw.uniform(-0.4, 0.4):.3f}]"}
        found.append(RatedItem(f"q{number}", f"Question {number}?", answers, f"ideal of {number}."))
    return found


def level(question: JudgeQuestion) -> float:
    """What a judge finds that can read: the number in an answer; an ideal fits its own question only."""
    answer = question.text.partition("<answer>\n")[2].partition("\n</answer>")[0]
    if answer.startswith("["):
        return float(answer.strip("[]"))
    number = question.text.partition("Question ")[2].partition("?")[0]
    return 5.0 if answer == f"ideal of {number}." else 1.0


def shares(question: JudgeQuestion) -> JudgeReply:
    """Probabilities whose mean is the level, a tenth of all; the rest is on words that are no rating."""
    value = level(question)
    low = int(min(4, value))
    return JudgeReply(shares={str(low): 0.1 * (low + 1 - value), str(low + 1): 0.1 * (value - low)})


def asked(rows: Sequence[RatedItem]) -> list[tuple[str, str]]:
    return [(row.request, row.ideal) for row in rows]


def rated(
    rows: Sequence[RatedItem], reply: Callable[[JudgeQuestion], JudgeReply]
) -> tuple[dict[str, Score], Figure | None]:
    rubrics = shipped_rubrics()
    controls = controls_in([reply(each) for each in control_questions(asked(rows))])
    found = ratings(rubrics, rows, [reply(question) for question in rating_questions(rubrics, rows)])
    events = list(rubric_scores("rubrics", rubrics, rows, found, TITLES, cannot_rate(controls)))
    events.append(control_score("rubrics", controls, ["tuned"]))
    scores = {each.part: each for each in events if isinstance(each, Score)}
    return scores, next((each for each in events if isinstance(each, Figure)), None)


def test_four_rubrics_ship_with_five_described_levels_each() -> None:
    rubrics = shipped_rubrics()
    assert tuple(rubric.key for rubric in rubrics) == SHIPPED
    for rubric in rubrics:
        text = rubric.question("How far?", "It is 3 km.", "4 km").text
        assert len(set(rubric.levels)) == 5
        assert all(part in text for part in (*rubric.levels, rubric.criterion, "How far?", "3 km", "4 km"))
        assert "reference" not in rubric.question("How far?", "It is 3 km.").text.partition("Criterion")[0]


def test_a_rating_is_the_mean_by_the_probabilities_of_the_five_numbers() -> None:
    assert rating(JudgeReply(shares={"3": 0.2, "4": 0.2, "5": 0.0})) == pytest.approx(3.5)
    assert rating(JudgeReply(shares={"1": 0.01, "5": 0.03})) == pytest.approx(4.0)


TEXTS: Mapping[str, float | None] = {
    "It names the river. [[4]]": 4,
    "4": 4,
    "Score: 4/5": 4,
    "**Rating: 3 out of 5**": 3,
    "Good.\n\n5.": 5,
    "I would say 3 or 4": None,
    "[[3]] or rather [[4]]": None,
    "6": None,
    "[[0]]": None,
    "": None,
}


@pytest.mark.parametrize("text", TEXTS)
def test_where_there_are_no_probabilities_a_rating_is_read_from_the_text(text: str) -> None:
    assert rating(JudgeReply(text)) == TEXTS[text]


def test_a_planted_change_is_recovered_in_every_rubric_and_told_in_per_cent() -> None:
    rows = items(60, better=0.5)
    scores, table = rated(rows, shares)
    for key in SHIPPED:
        score = scores[key]
        assert (score.state, score.unit, score.count) == (MEASURED, "score", 60)
        assert score.direction(score.differences[0]) == "better"
        assert score.differences[0].value == pytest.approx(0.5, abs=0.1)
    assert scores[CONTROL].of("tuned") == 1
    assert table is not None
    assert (table.kind_of_figure, str(table.title)) == ("table", "Rubrics")
    heads, *lines = table.data["heads"], *table.data["rows"]
    assert [line[0] for line in lines] == [rubric.title for rubric in shipped_rubrics()]
    for line in lines:
        told = dict(zip(heads, line, strict=True))
        assert told["From"] < told["Change in %"] < told["To"]
        assert told["From"] < 20 < told["To"]


def test_a_judge_that_rates_at_random_gives_no_figures() -> None:
    draw = random.Random(5)
    scores, table = rated(items(40), lambda question: JudgeReply(shares={draw.choice(LEVELS): 1.0}))
    reason = scores[""].reason
    assert isinstance(reason, Phrase)
    assert reason.code in ("judge.blind_to_content", "judge.few_controls")
    assert scores[""].state in (INCOMPATIBLE, TOO_FEW)
    assert scores.keys() == {"", CONTROL}
    assert table is None


def test_ratings_that_cannot_be_read_are_left_out_and_many_of_them_end_it() -> None:
    def unread(every: int) -> Callable[[JudgeQuestion], JudgeReply]:
        def reply(question: JudgeQuestion) -> JudgeReply:
            number = int(question.text.partition("Question ")[2].partition("?")[0])
            return JudgeReply("good, I think") if number % every == 0 else shares(question)

        return reply

    scores, table = rated(items(40), unread(8))
    assert (scores[SHIPPED[0]].state, scores[SHIPPED[0]].count) == (MEASURED, 35)
    assert table is not None
    scores, table = rated(items(40), unread(2))
    assert (scores[""].state, table) == (INCOMPATIBLE, None)
    assert isinstance(reason := scores[""].reason, Phrase)
    assert reason.code == "judge.unreadable_ratings"


def test_answers_that_both_give_are_rated_once() -> None:
    same = [RatedItem(f"q{n}", f"Q{n}?", {"base": "Yes.", "tuned": "Yes."}) for n in range(4)]
    stub = Stub(lambda question: "4")
    questions = rating_questions(shipped_rubrics(), same)
    replies = finish(judged(stub.judge, questions, Kept()))
    assert (len(questions), len(stub.asked), len(replies)) == (32, 16, 32)


def test_no_more_controls_are_asked_than_it_takes() -> None:
    rows = items(100)
    assert len(control_questions(asked(rows))) == 2 * CONTROLS
    assert control_questions([("Q?", "ideal")]) == control_questions([("Q?", "a"), ("R?", "a")]) == []
    assert cannot_rate([]) is None
    assert control_score("rubrics", [], ["tuned"]).state == TOO_FEW


def test_the_interval_of_a_change_covers_it() -> None:
    draw = np.random.default_rng(2)
    hits = 0
    for _ in range(300):
        base = draw.uniform(1.5, 4, 30)
        other = 1.1 * base + draw.normal(0, 0.5, 30)
        found = change(list(base), list(other))
        hits += found.low <= 10 <= found.high
    assert hits / 300 >= 0.92


def test_a_rubric_of_ones_own_is_a_file(tmp_path: Path) -> None:
    own = tmp_path / "Tone of voice.toml"
    own.write_text(
        'title = "Tone"\ncriterion = "Is it friendly?"\nlevels = ["a", "b", "c", "d", "e"]\n', "utf-8"
    )
    *shipped, added = rubrics_with([own])
    assert (len(shipped), added.key, added.title, added.levels[4]) == (4, "tone_of_voice", "Tone", "e")
    for text, code in (
        ("title = ", "rubric.unreadable"),
        ('criterion = "x"\nlevels = ["a", "b", "c", "d", "e"]', "rubric.no_text"),
        ('title = "x"\ncriterion = "x"\nlevels = ["a"]', "rubric.no_levels"),
        ('title = "x"\ncriterion = "x"\nlevels = [1, 2, 3, 4, 5]', "rubric.no_levels"),
    ):
        own.write_text(text, "utf-8")
        with refused(code, DataError, file=own):
            rubrics_with([own])
    own.write_bytes(b"\xff\xfe\x00")
    with refused("rubric.unreadable", DataError):
        rubrics_with([own])
    with refused("rubric.missing", DataError):
        rubrics_with([tmp_path / "none.toml"])
    twice = tmp_path / "relevance.toml"
    twice.write_text('title = "x"\ncriterion = "y"\nlevels = ["a", "b", "c", "d", "e"]\n', "utf-8")
    with refused("rubric.twice", DataError, key="relevance"):
        rubrics_with([twice])
