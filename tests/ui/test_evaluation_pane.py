"""The evaluation pane, from no run to a verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from studio.events import Answered, ContestantScore, Difference, Evaluated, GivenAnswer, Progress, Score
from studio.runs.store import RunSummary
from studio.ui.panes.evaluation.pane import EvaluationPane
from studio.ui.tables.answers import break_text
from studio.ui.theme import Theme

RUN = RunSummary(
    "capitals",
    Path("/r"),
    datetime(2026, 1, 1, tzinfo=UTC),
    "done",
    "",
    "starter",
    "/d.jsonl",
    {},
    60,
    60,
    1.2,
    40,
    None,
    None,
)


def score(measure: str, base: float, tuned: float, low: float, high: float, better: str, unit: str) -> Score:
    return Score(
        measure,
        unit=unit,
        better=better,
        count=100,
        scores=(ContestantScore("base", base), ContestantScore("tuned", tuned)),
        differences=(Difference("tuned", tuned - base, low, high, 0.01),),
    )


SCORES = (
    score("golden_exact", 0.0, 0.87, 0.8, 0.93, "higher", "share"),
    score("general_text", 2.28, 2.3, -0.01, 0.04, "lower", "nats"),
)
RESULT = Evaluated(
    "capitals",
    "4 golden prompts",
    "Better: 87 of 100 right, up from 0",
    ("It rose.",),
    SCORES,
    "golden_exact",
    (("base", "Base"), ("tuned", "Tuned")),
    41.3,
)


def answer(index: int, base_right: bool = False, tuned_right: bool = True) -> Answered:
    given = (
        GivenAnswer("base", "I do not know", right=base_right),
        GivenAnswer("tuned", "Rome", right=tuned_right),
    )
    return Answered("golden", str(index), f"Capital {index}?", "Rome", given, index=index)


@pytest.fixture
def pane(qtbot: QtBot, theme: Theme) -> EvaluationPane:
    pane = EvaluationPane(theme)
    qtbot.addWidget(pane)
    pane.resize(1076, 820)
    pane.show()
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
    with qtbot.waitSignal(pane.evaluate_requested):
        press(qtbot, pane, "Evaluate")
    with qtbot.waitSignal(pane.golden_requested):
        press(qtbot, pane, "Golden set…")


def test_answers_arrive_while_it_runs_and_it_can_be_stopped(qtbot: QtBot, pane: EvaluationPane) -> None:
    pane.show_run(RUN, "4 prompts")
    pane.show_busy("Loading the model")
    assert visible(pane.header) == ["Stop"]
    pane.show_event(Progress("Asking the tuned model", 3, 8))
    for index in (1, 0):
        pane.show_event(answer(index))
    qtbot.waitUntil(lambda: pane.answers.model.rowCount() == 2)
    assert pane.scores.value() == "3 of 8"
    with qtbot.waitSignal(pane.stop_requested):
        press(qtbot, pane.header, "Stop")
    pane.show_stopped()
    assert pane.answers.model.rowCount() == 2
    assert "Stop" not in visible(pane.header)


def test_the_verdict_becomes_the_title(qtbot: QtBot, pane: EvaluationPane) -> None:
    pane.show_run(RUN, "4 prompts")
    pane.show_busy("Loading the model")
    for event in (answer(1), answer(0), RESULT):
        pane.show_event(event)
    assert pane.header.title() == "Better: 87 of 100 right, up from 0"
    assert pane.header.subtitle() == "It rose."
    assert pane.answers.model.rowCount() == 2
    assert [text.verdict for text in pane.scores.grid.texts] == ["Better", "Unclear"]
    assert visible(pane.header) == ["Golden set…", "Evaluate again"]


def test_filters_count_and_show_their_kind(qtbot: QtBot, pane: EvaluationPane) -> None:
    pane.show_run(RUN, "4 prompts")
    pane.show_busy("")
    for event in (answer(0), answer(1, True, False), answer(2, False, False), answer(3, True, True), RESULT):
        pane.show_event(event)
    press(qtbot, pane, "Broken 1")
    assert pane.answers.model.rowCount() == 1
    assert pane.answers.chips.label("all") == "All 4"


def test_a_prompt_can_be_taken_to_the_playground(qtbot: QtBot, pane: EvaluationPane) -> None:
    pane.show_run(RUN, "4 prompts")
    pane.show_busy("")
    pane.show_event(answer(0))
    pane.show_event(RESULT)
    assert pane.answers.try_button.isEnabled()
    pane.answers.view.setCurrentIndex(pane.answers.model.index(0, 0))
    with qtbot.waitSignal(pane.playground_requested) as asked:
        press(qtbot, pane, "Try in the playground")
    assert asked.args == ["Capital 0?"]


def test_a_failure_says_why_and_a_new_evaluation_starts_clean(qtbot: QtBot, pane: EvaluationPane) -> None:
    pane.show_run(RUN, "4 prompts")
    pane.show_busy("")
    pane.show_event(answer(0))
    pane.show_failure("The adapter is missing.")
    with qtbot.waitSignal(pane.evaluate_requested):
        press(qtbot, pane, "Try again")
    pane.show_busy("")
    assert pane.answers.model.rowCount() == 0


def test_a_thousand_answers_are_painted_only_where_they_are_seen(qtbot: QtBot, pane: EvaluationPane) -> None:
    pane.show_run(RUN, "1,000 prompts")
    pane.show_busy("")
    for index in range(1000):
        pane.show_event(answer(index))
    pane.show_event(RESULT)
    pane.answers.view.scrollToBottom()
    assert not pane.grab().isNull()


def test_long_answers_are_broken_into_lines_and_end_in_an_ellipsis(
    theme: Theme, pane: EvaluationPane
) -> None:
    font = pane.font()
    assert break_text("one\ntwo", font, 300, 5).lines == ("one", "two")
    block = break_text("word " * 300 + "👋" * 80, font, 200, 3)
    assert len(block.lines) == 3
    assert block.lines[-1].endswith("…")
    assert break_text("👋 " * 3, font, 300, 2).lines == ("👋 👋 👋",)
    assert break_text("", font, 300, 2).lines == ("",)


def test_a_narrow_window_keeps_everything_inside(qtbot: QtBot, pane: EvaluationPane) -> None:
    pane.show_run(RUN, "4 prompts")
    pane.show_busy("")
    pane.show_event(RESULT)
    assert pane.minimumSizeHint().width() <= 1040 - 204
    assert pane.minimumSizeHint().height() <= 680


def test_a_result_stays_until_another_run_or_golden_set(qtbot: QtBot, pane: EvaluationPane) -> None:
    pane.show_run(RUN, "4 prompts")
    pane.show_busy("")
    pane.show_event(RESULT)
    pane.show_run(replace(RUN, tuned_exact=0.87, step=RUN.step + 1), "4 prompts")  # the list came late
    assert pane.header.title() == RESULT.headline
    pane.show_run(RUN, "other prompts")
    assert pane.header.title() == "Not evaluated yet"


def test_a_result_goes_when_the_run_learns_on(qtbot: QtBot, pane: EvaluationPane) -> None:
    pane.show_run(RUN, "4 prompts")
    pane.show_busy("")
    pane.show_event(RESULT)
    pane.forget_result()
    pane.show_run(RUN, "4 prompts")
    assert pane.header.title() == "Not evaluated yet"
