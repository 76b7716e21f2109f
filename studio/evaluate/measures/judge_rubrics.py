"""What a judge makes of every answer, from 1 to 5 by described levels, and the change in per cent."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

from studio.evaluate.answering import who_answered
from studio.evaluate.judging.chosen import asked, chosen_judge
from studio.evaluate.judging.controls import cannot_rate, control_questions, control_score, controls_in
from studio.evaluate.judging.pairs import request_of
from studio.evaluate.judging.ratings import RatedItem, Ratings, rating_questions, ratings, rubric_scores
from studio.evaluate.judging.rubrics import rubrics_with
from studio.evaluate.measure import Measure, Setting
from studio.evaluate.measures.golden_answers import answered
from studio.evaluate.measures.judge_pairs import judged_items, why_not
from studio.evaluate.measures.nothing import not_run
from studio.evaluate.store import EvaluationStore
from studio.events import Event
from studio.language import tr

KEY = "judge_rubrics"


def _run(setting: Setting) -> Generator[Event]:
    if reason := why_not(setting):
        yield not_run(KEY, reason)
        return
    rubrics = rubrics_with([Path(file) for file in setting.options.rubrics])
    items = yield from _items(setting)
    titles = {who: setting.titles[who] for who in items[0].answers}
    with chosen_judge(setting) as judge:
        controls = control_questions([(item.request, item.ideal) for item in items])
        checked = controls_in((yield from asked(setting, judge, controls)))
        yield control_score(KEY, checked, list(titles)[1:])
        found: Ratings = {}
        if (refused := cannot_rate(checked)) is None:
            replies = yield from asked(setting, judge, rating_questions(rubrics, items))
            found = ratings(rubrics, items, replies)
            _keep(setting.store, items, found)
    yield from rubric_scores(KEY, rubrics, items, found, titles, refused)


def _keep(store: EvaluationStore, items: Sequence[RatedItem], found: Ratings) -> None:
    """Keep the ratings of each rubric on the rows of which all could be read."""
    for rubric, given in found.items():
        rows = [place for place in range(len(items)) if all(of[place] is not None for of in given.values())]
        values = {who: [of[place] or 0.0 for place in rows] for who, of in given.items()}
        store.keep_rows(KEY, rubric, [items[place].id for place in rows], values)


def _items(setting: Setting) -> Generator[Event, None, list[RatedItem]]:
    table = yield from answered(setting)
    return [
        RatedItem(
            item.id,
            request_of(item.turns),
            {who: table[item.id][who][0].text for who in who_answered(table)},
            item.ideal,
            item.cluster or item.id,
        )
        for item in judged_items(setting)
    ]


MEASURES = (
    Measure(
        KEY,
        tr("Rubrics"),
        tr("A judge's rating of every answer from 1 to 5, by criteria whose five levels are described."),
        "score",
        "higher",
        "judge",
        ("standard", "full"),
        _run,
    ),
)
