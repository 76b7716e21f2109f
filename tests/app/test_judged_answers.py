"""In the window the person's votes stand beside the judge's verdicts as they are given."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from studio.app.studio import Studio
from studio.evaluate.measures.judge_pairs import AGREEMENT, WIN_RATE
from studio.evaluate.options import EvaluationOptions
from studio.evaluate.store import EvaluationStore, Vote
from studio.events import MEASURED, TOO_FEW
from studio.jobs.evaluate import EvaluateJob
from studio.jobs.train import TrainJob
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.runs.evaluations import evaluations_of

ROWS = 30


def judged_evaluation(studio: Studio, recipe: Recipe, golden: Path) -> EvaluationStore:
    """A run's evaluation of which a judge has preferred every tuned answer; on all but one a person voted."""
    list(TrainJob(recipe, studio.store.folder, "judged").run_events(ModelCache()))
    run = studio.store.find("judged")
    golden.write_text("".join(f'{{"prompt": "Question {n}", "ideal": "no"}}\n' for n in range(ROWS)))
    options = EvaluationOptions(measures=("golden_exact",))
    list(EvaluateJob(run, golden, options=options).run_events(ModelCache()))
    store = EvaluationStore(evaluations_of(run)[0])
    ids, _ = store.rows("golden_exact")
    points = [float(place % 2) for place in range(ROWS)]
    store.keep_rows(WIN_RATE, "verdicts", ids, {"base": [0.5] * ROWS, "tuned": points})
    for place, item in enumerate(ids[:24]):
        store.vote(Vote(item, "base", "tuned", "b" if place % 2 else "a"))
    return store


def test_a_vote_brings_the_agreement_with_the_judge_up_to_date(
    studio: Studio, tiny_model: Path, toy_data: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    quick = {"watch.forgetting": False, "loop.steps": 2, "model": str(tiny_model), "data.path": str(toy_data)}
    store = judged_evaluation(studio, Recipe().with_values(quick), tmp_path / "golden.jsonl")
    studio.runs.refresh()
    results = studio.panes.evaluation.results
    qtbot.waitUntil(lambda: studio.state.subjects.run("evaluation") is not None)
    studio.window.show_pane("evaluation")

    def agreement() -> str:
        score = results._scores.get((AGREEMENT, ""))
        return score.state if score else ""

    qtbot.waitUntil(lambda: agreement() == TOO_FEW)
    last = store.rows("golden_exact")[0][24]
    row = next(each for each in results.answers.model.known() if each.asked.id == last)
    results.answers.voted.emit(row.key, "base", "tuned", "a")
    qtbot.waitUntil(lambda: agreement() == MEASURED)
    assert results._scores[AGREEMENT, ""].of("tuned") == 1
