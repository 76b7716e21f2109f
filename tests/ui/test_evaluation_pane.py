"""The evaluation pane, from no run to a verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from studio.events import MEASURED, Evaluated, Progress
from studio.generate.contestant import TUNED as KIND_TUNED
from studio.generate.contestant import Contestant
from studio.ui.panes.evaluation.pane import EvaluationPane
from studio.ui.tables.score_table import better_side
from studio.ui.tables.scores import ScoreSide
from studio.ui.theme import Theme
from tests.ui.conftest import summary
from tests.ui.evaluated import (
    BASE,
    BROKEN,
    CONTESTANTS,
    GROUPS,
    MEASURES,
    SCORES,
    TUNED,
    answered,
    figures,
    outcomes,
)

RUN = summary("capitals")
RESULT = Evaluated(
    run="capitals",
    golden="4 golden prompts",
    headline="Better: 87 of 100 right, up from 0",
    verdict=("It rose.", "General text is unchanged."),
    scores=SCORES,
    primary="golden_exact",
    contestants=CONTESTANTS,
    seconds=41.3,
    suite="standard",
)


@pytest.fixture
def pane(qtbot: QtBot, theme: Theme) -> EvaluationPane:
    pane = EvaluationPane(theme)
    qtbot.addWidget(pane)
    pane.set_measures(MEASURES, GROUPS)
    pane.resize(1076, 820)
    pane.show()
    return pane


@pytest.fixture
def done(pane: EvaluationPane) -> EvaluationPane:
    """With twelve answers and a verdict on show."""
    pane.show_run(RUN, "4 prompts")
    pane.show_busy("")
    for event in (*outcomes(), *SCORES, RESULT):
        pane.show_event(event)
    return pane


def visible(within: QWidget) -> list[str]:
    return [button.text() for button in within.findChildren(QPushButton) if button.isVisible()]


def press(qtbot: QtBot, within: QWidget, text: str) -> None:
    button = next(b for b in within.findChildren(QPushButton) if b.text() == text and b.isVisible())
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_without_a_run_training_is_offered(qtbot: QtBot, pane: EvaluationPane) -> None:
    with qtbot.waitSignal(pane.train_requested):
        press(qtbot, pane, "Train a model")


def test_a_run_can_be_evaluated_on_a_chosen_golden_set(qtbot: QtBot, pane: EvaluationPane) -> None:
    pane.show_run(RUN, "100 prompts of golden.jsonl")
    assert pane.header.title() == "Evaluation of capitals"
    with qtbot.waitSignal(pane.evaluate_requested):
        press(qtbot, pane, "Evaluate")
    with qtbot.waitSignal(pane.golden_requested):
        press(qtbot, pane, "100 prompts of golden.jsonl")


def test_a_suite_decides_what_is_measured_and_ticking_one_is_a_choice_of_ones_own(
    qtbot: QtBot, pane: EvaluationPane
) -> None:
    pane.show_run(RUN, "4 prompts")
    setup = pane.setup
    assert set(setup.chosen_measures()) == {m.key for m in MEASURES if "standard" in m.suites}
    setup.suites.choose("full")
    assert set(setup.chosen_measures()) == {m.key for m in MEASURES}
    assert (setup.options().suite, setup.options().measures) == ("full", ())
    setup.suites.choose("quick")
    setup.measures.boxes["attention"].click()
    assert setup.suites.current == "own"
    assert setup.options().measures == ("golden_exact", "validation_loss", "general_text", "attention")
    for box in setup.measures.boxes.values():
        box.setChecked(False)
    setup.measures.boxes["attention"].click()
    setup.measures.boxes["attention"].click()
    assert not pane.evaluate.isEnabled()
    assert pane.evaluate.toolTip() == "Choose at least one measure."


def test_the_primary_measure_is_chosen_before_the_start(pane: EvaluationPane) -> None:
    primary = pane.setup.primary
    offered = [primary.itemData(place) for place in range(1, primary.count())]
    assert offered == [measure.key for measure in MEASURES if measure.primary]
    primary.setCurrentIndex(primary.findData("validation_loss"))
    assert pane.setup.options().primary == "validation_loss"


def test_options_are_edited_in_fields_made_from_their_declaration(qtbot: QtBot, pane: EvaluationPane) -> None:
    samples = pane.setup.form.lead_to("samples")
    samples.enter("4")
    assert pane.setup.options().samples == 4
    samples.enter("99")
    assert samples.shown_problem()
    assert pane.setup.problem() == "Fix the highlighted field."


def test_others_compete_once_each_and_can_be_taken_out(pane: EvaluationPane) -> None:
    card = pane.setup.contestants
    card.offer("step 240", (60, 120), ("letters",), has_parent=False)
    offered = [action.text() for action in card.menu.actions()]
    assert offered == [
        "A checkpoint",
        "Another strength",
        "Another run",
        "Another way of asking",
        "A model folder…",
        "A server's model…",
    ]
    ways = card.menu.actions()[3].menu()
    ways.actions()[1].trigger()
    assert ([each.key for each in card.more], ways.actions()[1].text()) == (
        ["base+few_shot"],
        "Base, few shot",
    )
    card.clear()
    early = Contestant(kind=KIND_TUNED, step=60)
    for contestant in (early, early, Contestant(kind="run", run="letters")):
        card.add(contestant)
    assert ([each.key for each in card.more], card.value()) == (["tuned@60", "run:letters"], "4 contestants")
    card.remove(early.key)
    assert [each.key for each in card.more] == ["run:letters"]


def test_what_the_rows_can_show_is_said_before_the_start(pane: EvaluationPane) -> None:
    pane.show_run(RUN, "4 prompts")
    pane.setup.show_power("100 golden rows can show a difference of 9 points or more.")
    assert pane.setup.power.isVisible()
    assert "9 points" in pane.setup.power.text()


def test_answers_arrive_while_it_runs_and_it_can_be_stopped(qtbot: QtBot, pane: EvaluationPane) -> None:
    pane.show_run(RUN, "4 prompts")
    pane.show_busy("Loading the model")
    pane.results.set_contestants(CONTESTANTS)
    assert visible(pane.header) == ["Stop"]
    pane.show_event(Progress("Asking the tuned model", 3, 8))
    for index in (1, 0):
        pane.show_event(answered(index))
    qtbot.waitUntil(lambda: pane.results.answers.model.rowCount() == 2)
    assert pane.results.verdict.facts.text() == "3 of 8"
    with qtbot.waitSignal(pane.stop_requested):
        press(qtbot, pane.header, "Stop")
    pane.show_event(SCORES[0])
    pane.show_stopped()
    assert pane.results.answers.model.rowCount() == 2
    told = {row.measure: pane.results.model.columns[-1].text(row) for row in pane.results.model.rows}
    assert (told["golden_exact"], told["validation_loss"]) == ("Better", "Not run")
    assert visible(pane.header) == ["New evaluation…", "Resume"]


def test_the_verdict_becomes_the_title(done: EvaluationPane) -> None:
    assert done.header.title() == "Evaluation of capitals"
    assert done.results.verdict.headline.text() == "Better: 87 of 100 right, up from 0"
    assert done.results.verdict.sentences.text() == "It rose. General text is unchanged."
    assert done.results.answers.model.rowCount() == 12
    assert visible(done.header) == ["New evaluation…", "Report"]


def test_the_verdict_wraps_instead_of_being_cut(qtbot: QtBot, done: EvaluationPane) -> None:
    long = "Better: 87 of 100 answers are right, up from 4; the loss on general text rose by more than chance"
    done.show_event(replace(RESULT, headline=long, verdict=(f"{long}. " * 3, long)))
    for width in (840, 1236):
        done.resize(width, 700)
        for label in (done.results.verdict.headline, done.results.verdict.sentences):
            qtbot.waitUntil(lambda label=label: label.height() >= label.heightForWidth(label.width()))
            assert label.wordWrap()
            assert done.results.verdict.rect().contains(label.geometry())
    assert done.results.verdict.headline.text() == long


def test_every_measures_row_has_one_direction(done: EvaluationPane) -> None:
    """Right is better, whichever way a measure counts; and each row says its own scale."""
    model = done.results.model
    drawn = {}
    for row in model.rows:
        difference = row.difference(0, TUNED)
        if row.score is not None and difference is not None and row.score.better != "neither":
            drawn[row.measure, row.part] = better_side(row.score, difference.value) > 0
            assert abs(difference.high) <= model.reach(row)
    expected = {(s.measure, s.part): s.direction(s.differences[0]) for s in SCORES if s.differences}
    for place, is_right in drawn.items():
        assert expected[place] == "unclear" or is_right == (expected[place] == "better")
    assert not drawn["general_text", ""]
    assert drawn["validation_loss", ""]


def test_what_was_not_measured_is_said_in_words(done: EvaluationPane) -> None:
    done.show_event(BROKEN)
    done.show_event(RESULT.__class__(**{**vars(RESULT), "scores": (*SCORES[:6], BROKEN, *SCORES[7:])}))
    model = done.results.model
    verdicts = {
        (row.measure, row.part): model.columns[-1].text(row)
        for row in model.rows
        if row.score is not None and row.score.state != MEASURED
    }
    assert verdicts == {
        ("judge_wins", ""): "Failed",
        ("judge_bias", "same_family"): "Not run",
        ("benchmark_arc", ""): "Too few",
        ("attention", ""): "Incompatible",
    }
    reasons = [model.columns[-1].tip(row) for row in model.rows if row.measure == "judge_wins"]  # type: ignore[misc]
    assert "connection refused" in reasons[0]


def test_the_parts_of_a_measure_fold_away(done: EvaluationPane) -> None:
    model = done.results.model
    before = [row.part for row in model.rows if row.measure == "golden_exact"]
    assert before == ["", "currency", "capital"]
    model.toggle("golden_exact")
    assert [row.part for row in model.rows if row.measure == "golden_exact"] == [""]


def test_filters_count_and_show_their_kind(qtbot: QtBot, done: EvaluationPane) -> None:
    answers = done.results.answers
    done.results.tabs.choose("answers")
    press(qtbot, answers, "Broken 3")
    assert {row.outcome for row in answers.model.rows} == {"broken"}
    assert answers.chips.label("") == "All 12"
    category = answers.choices["category"]
    category.setCurrentIndex(category.findData("currency"))
    category.activated.emit(category.currentIndex())
    assert [row.asked.category for row in answers.model.rows] == ["currency"] * answers.model.rowCount()
    answers.chips.choose("")
    answers.search.setText("COUNTRY 11")
    assert [row.asked.id for row in answers.model.rows] == ["q11"]


def test_rows_that_got_worse_are_one_click_away(qtbot: QtBot, done: EvaluationPane) -> None:
    press(qtbot, done, "3 rows got worse")
    assert done.results.tabs.current == "answers"
    assert [row.asked.id for row in done.results.answers.model.rows] == ["q1", "q5", "q9"]


def test_the_words_that_differ_are_marked(done: EvaluationPane) -> None:
    done.results.tabs.choose("answers")
    base, tuned = done.results.answers.detail.blocks[:2]
    assert base.text.toPlainText() == "I do not know the capital of that."
    assert base.text.marked() == ["I do not know the"]
    assert tuned.text.marked() == ["The", " is Rome"]


def test_a_prompt_can_be_taken_to_the_playground(qtbot: QtBot, done: EvaluationPane) -> None:
    done.results.tabs.choose("answers")
    with qtbot.waitSignal(done.playground_requested) as asked:
        press(qtbot, done, "Playground")
    assert asked.args == ["What is the capital of country 0?"]


def test_keys_rule_note_and_move_on(qtbot: QtBot, done: EvaluationPane) -> None:
    done.results.tabs.choose("answers")
    answers = done.results.answers
    told: list[tuple[object, ...]] = []
    answers.ruled.connect(lambda *said: told.append(said))
    answers.noted.connect(lambda *said: told.append(said))
    qtbot.keyClick(answers.list, Qt.Key.Key_Down)
    qtbot.keyClick(answers.list, Qt.Key.Key_R)
    qtbot.keyClick(answers.list, Qt.Key.Key_Left)
    qtbot.keyClick(answers.list, Qt.Key.Key_W)
    qtbot.keyClick(answers.list, Qt.Key.Key_N)
    qtbot.keyClicks(answers.detail.note, "Rome, R")
    qtbot.keyClick(answers.detail.note, Qt.Key.Key_Return)
    key = ("golden", "q1")
    assert told == [(key, TUNED, True), (key, BASE, False), (key, "Rome, R")]
    row = answers.model.row(key)
    assert row is not None
    assert (row.outcome, row.note) == ("fixed", "Rome, R")  # it was broken, before the person spoke


def test_a_blind_vote_says_nothing_of_who_answered(qtbot: QtBot, done: EvaluationPane) -> None:
    done.results.tabs.choose("answers")
    answers = done.results.answers
    told: list[tuple[object, ...]] = []
    answers.voted.connect(lambda *said: told.append(said))
    qtbot.keyClick(answers.list, Qt.Key.Key_V)
    blocks = answers.detail.blocks[:2]
    assert [block.name.text() for block in blocks] == ["A", "B"]
    assert [block.mark.text() + block.foot.text() for block in blocks] == ["", ""]
    assert not answers.detail._outcome.isVisible()
    first = blocks[0].contestant
    qtbot.keyClick(answers.list, Qt.Key.Key_1)
    assert [(said[0], said[1], said[3]) for said in told] == [(("golden", "q0"), first, "a")]
    assert {said[1] for said in told} | {said[2] for said in told} == {BASE, TUNED}
    assert answers.current is not None
    assert answers.current.asked.id == "q1"  # the next one
    qtbot.keyClick(answers.list, Qt.Key.Key_R)
    assert not answers.current.rulings  # which would tell who is who
    qtbot.keyClick(answers.list, Qt.Key.Key_V)
    assert [block.name.text() for block in answers.detail.blocks[:2]] == ["Base", "Tuned"]


def test_the_order_of_a_blind_pair_is_no_habit(done: EvaluationPane) -> None:
    from studio.ui.panes.evaluation.answer import shuffled

    rows = done.results.answers.model.known()
    assert {shuffled(row) for row in rows} == {(BASE, TUNED), (TUNED, BASE)}
    assert [shuffled(row) for row in rows] == [shuffled(row) for row in rows]


def test_every_key_stands_in_the_menu(done: EvaluationPane) -> None:
    menu = done.results.answers.menu_for()
    keys = [action.shortcut().toString() for action in menu.actions()]
    assert keys == ["R", "W", "N", "P", "V", "G", "D"]


def test_a_dash_stands_where_a_contestant_has_no_value(done: EvaluationPane) -> None:
    done.results.set_contestants((*CONTESTANTS, ("server:http://localhost/v1#big", "big")))
    model = done.results.model
    row = next(row for row in model.rows if row.measure == "general_text")
    shown = {column.title: column.text(row) for column in model.columns}
    assert shown["big"] == "—"
    assert shown["Tuned"] not in ("", "—")


def test_two_evaluations_are_laid_side_by_side(qtbot: QtBot, done: EvaluationPane) -> None:
    other = {(s.measure, s.part): s for s in SCORES[:5]}
    done.results.show_offers((("b", "26 Nov · quick"),))
    with qtbot.waitSignal(done.results.beside_chosen) as asked:
        done.results.beside.setCurrentIndex(1)
        done.results.beside.activated.emit(1)
    assert asked.args == ["b"]
    done.results.show_beside(ScoreSide("26 Nov", CONTESTANTS, TUNED, other))
    titles = done.results.model.titles()
    assert (titles[1], titles[3]) == ("This one", "26 Nov")
    row = next(row for row in done.results.model.rows if row.measure == "general_text")
    assert row.scores[0] is not None
    assert row.scores[1] is None
    done.results.show_beside(None)
    assert done.results.model.titles()[1:3] == ["Base", "Tuned"]


def test_of_several_contestants_one_is_compared(done: EvaluationPane) -> None:
    contestants = (*CONTESTANTS, ("tuned@60", "Tuned, step 60"))
    done.show_event(replace(RESULT, contestants=contestants))
    results = done.results
    assert results.compared.isVisible()
    results.compared.setCurrentIndex(results.compared.findData("tuned@60"))
    results.compared.activated.emit(results.compared.currentIndex())
    assert results.model.sides[0].compared == "tuned@60"
    assert not any(row.difference(0, "tuned@60") for row in results.model.rows if row.measure)


def test_a_checkpoint_is_taken_from_its_dot(qtbot: QtBot, done: EvaluationPane) -> None:
    for figure in figures():
        done.show_event(figure)
    done._draw()
    done.results.tabs.choose("figures")
    assert len(done.results.figures.cards) == len(figures())
    card = done.results.figures.cards["kept", "gain_cost"]
    assert not card.take.isEnabled()
    card.drawing.choose(card.drawing.dots[1])  # type: ignore[attr-defined]
    with qtbot.waitSignal(done.checkpoint_requested) as asked:
        card.take.click()
    assert asked.args == ["tuned@120"]
    assert not done.grab().isNull()


def test_shared_weights_are_marked_with_their_fingerprint(done: EvaluationPane) -> None:
    verdict = done.results.verdict
    assert not verdict.verified.isVisible()
    verdict.show_verified("3f9ac01d77aa")
    assert verdict.verified.text() == "✓ Verified 3f9ac01d"
    assert "3f9ac01d77aa" in verdict.verified.toolTip()


def test_a_failure_says_why_and_a_new_evaluation_starts_clean(qtbot: QtBot, pane: EvaluationPane) -> None:
    pane.show_run(RUN, "4 prompts")
    pane.show_busy("")
    pane.show_failure("The adapter is missing.")
    with qtbot.waitSignal(pane.evaluate_requested):
        press(qtbot, pane, "Try again")
    pane.show_busy("")
    pane.show_event(answered(0))
    pane.show_failure("The judge does not answer.")
    assert pane.results.verdict.sentences.text() == "The judge does not answer."
    assert pane.results.answers.model.rowCount() == 1
    with qtbot.waitSignal(pane.evaluate_requested):
        press(qtbot, pane, "Resume")
    pane.show_busy("")
    assert pane.results.answers.model.rowCount() == 0


def test_a_thousand_answers_are_painted_only_where_they_are_seen(qtbot: QtBot, pane: EvaluationPane) -> None:
    pane.show_run(RUN, "1,000 prompts")
    pane.show_busy("")
    for index in range(1000):
        pane.show_event(answered(index))
    pane.show_event(RESULT)
    pane.results.tabs.choose("answers")
    pane.results.answers.list.scrollToBottom()
    assert not pane.grab().isNull()


def test_a_long_answer_is_shown_whole(done: EvaluationPane) -> None:
    text = "word " * 3000 + "👋"
    done.show_event(answered(0, tuned=text))
    done._draw()
    done.results.tabs.choose("answers")
    assert done.results.answers.detail.blocks[1].text.toPlainText() == text


def test_a_narrow_window_keeps_everything_inside(qtbot: QtBot, done: EvaluationPane) -> None:
    for page in ("scores", "answers", "figures"):
        done.results.tabs.choose(page)
        assert done.minimumSizeHint().width() <= 1040 - 204
        assert done.minimumSizeHint().height() <= 680
    done.show_setup()
    assert done.minimumSizeHint().width() <= 1040 - 204
    assert done.minimumSizeHint().height() <= 680


def test_a_result_stays_until_another_run_or_golden_set(qtbot: QtBot, done: EvaluationPane) -> None:
    done.show_run(replace(RUN, tuned_exact=0.87, step=RUN.step + 1), "4 prompts")  # the list came late
    assert done.results.isVisible()
    assert done.results.verdict.headline.text() == RESULT.headline
    press(qtbot, done, "New evaluation…")
    press(qtbot, done, "Back to results")
    assert done.results.isVisible()
    done.show_run(RUN, "other prompts")
    assert done.setup.isVisible()
    assert "Back to results" not in visible(done.header)


def test_a_result_goes_when_the_run_learns_on(qtbot: QtBot, done: EvaluationPane) -> None:
    done.forget_result()
    done.show_run(RUN, "4 prompts")
    assert done.setup.isVisible()
