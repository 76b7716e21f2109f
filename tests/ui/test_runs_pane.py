from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from studio.runs.history import RunHistory
from studio.ui.panes.runs.details import grouped
from studio.ui.panes.runs.pane import RunsPane
from studio.ui.panes.runs.table import COLUMNS
from studio.ui.theme import Theme
from studio.ui.widgets.states import EmptyState
from tests.ui.conftest import run_events, summary

RUNS = (
    summary("a", best_loss=10.5, step=90),
    summary("b", "stopped", best_loss=0.9, step=1200),
    summary("c", "failed", best_loss=None, step=3),
    summary("d", "running", best_loss=2.25, step=12),
)


@pytest.fixture
def pane(theme: Theme, qtbot) -> RunsPane:
    pane = RunsPane(theme)
    qtbot.addWidget(pane)
    pane.show_runs(RUNS)
    return pane


def column(title: str) -> int:
    return next(number for number, each in enumerate(COLUMNS) if each.title == title)


def shown(pane: RunsPane, title: str) -> list[str]:
    model = pane.table.model()
    return [model.index(row, column(title)).data() for row in range(model.rowCount())]


def test_losses_sort_as_numbers_and_runs_without_one_come_last(pane: RunsPane) -> None:
    pane.table.sortByColumn(column("Best loss"), Qt.SortOrder.AscendingOrder)
    assert shown(pane, "Best loss") == ["0.900", "2.250", "10.5", "—"]


def test_steps_sort_as_numbers(pane: RunsPane) -> None:
    pane.table.sortByColumn(column("Steps"), Qt.SortOrder.AscendingOrder)
    assert shown(pane, "Steps") == ["3 of 240", "12 of 240", "90 of 240", "1,200 of 240"]


def test_the_newest_run_is_first(pane: RunsPane) -> None:
    assert shown(pane, "Name") == ["a", "b", "c", "d"]


def test_numbers_and_their_heads_are_at_the_right(pane: RunsPane) -> None:
    model, role = pane.table.model(), Qt.ItemDataRole.TextAlignmentRole
    for number, each in enumerate(COLUMNS):
        right = bool(model.index(0, number).data(role) & Qt.AlignmentFlag.AlignRight)
        head = bool(model.headerData(number, Qt.Orientation.Horizontal, role) & Qt.AlignmentFlag.AlignRight)
        assert right == head == each.right


def test_choosing_a_run_is_announced_once(pane: RunsPane, qtbot) -> None:
    with qtbot.waitSignal(pane.run_chosen) as chosen:
        pane.select("b")
    assert chosen.args == ["b"]
    with qtbot.assertNotEmitted(pane.run_chosen):
        pane.select("b")


def test_the_chosen_run_stays_chosen_when_the_list_is_read_again(pane: RunsPane) -> None:
    pane.select("b")
    pane.show_runs([*RUNS, summary("e")])
    assert pane.chosen() == "b"


def test_only_a_run_that_can_go_on_offers_to_resume(pane: RunsPane) -> None:
    pane.select("a")
    assert pane._resume.isHidden()
    pane.select("b")
    assert not pane._resume.isHidden()


def test_a_running_run_cannot_be_deleted(pane: RunsPane) -> None:
    pane.select("d")
    assert pane._delete.isHidden()


def test_wishes_carry_the_name_of_the_run(pane: RunsPane, qtbot) -> None:
    pane.select("b")
    wishes = (
        (pane._evaluate, pane.evaluate_requested),
        (pane._resume, pane.resume_requested),
        (pane._play, pane.playground_requested),
        (pane._reveal, pane.reveal_requested),
    )
    for button, wish in wishes:
        with qtbot.waitSignal(wish) as announced:
            button.click()
        assert announced.args == ["b"]


def test_a_run_is_deleted_only_after_a_second_yes(pane: RunsPane, qtbot) -> None:
    pane.select("a")
    with qtbot.assertNotEmitted(pane.delete_requested):
        pane._delete.click()
        pane._confirm.cancel.click()
    pane._delete.click()
    with qtbot.waitSignal(pane.delete_requested) as deleted:
        pane._confirm.agree.click()
    assert deleted.args == ["a"]


def test_choosing_another_run_withdraws_the_question(pane: RunsPane) -> None:
    pane.select("a")
    pane._delete.click()
    pane.select("b")
    assert pane._confirm.isHidden()


def test_a_run_is_shown_with_its_curve_facts_and_files(pane: RunsPane) -> None:
    history = RunHistory.of(run_events())
    pane.show_run(RUNS[0], history, [("adapter/adapters.safetensors", 2_800_000), ("run.json", 1400)])
    assert len(pane.details.loss.curve.build().series) == 240
    assert pane.details.loss.value() == "best 0.310 at step 216"
    assert pane.details._files_card.value() == "2.8 MB"
    assert not pane.details.isHidden()


def test_every_run_says_its_rate_rank_seed_tokens_and_time(theme: Theme, qtbot) -> None:
    pane = RunsPane(theme)
    qtbot.addWidget(pane)
    pane.show_runs([replace(RUNS[0], learning_rate=0.002, tokens=19_200, seconds=400.0)])
    figures = {title: shown(pane, title) for title in ("Rate", "Rank", "Seed", "Tokens", "Time")}
    assert figures == {
        "Rate": ["0.002"],
        "Rank": ["16"],
        "Seed": ["0"],
        "Tokens": ["19.2 k"],
        "Time": ["7 min"],
    }


def test_a_search_looks_through_names_and_notes_and_a_run_that_is_wanted_ends_it(theme: Theme, qtbot) -> None:
    pane = RunsPane(theme)
    qtbot.addWidget(pane)
    pane.show_runs([*RUNS, replace(summary("e"), notes="the one with Swiss spelling")])
    pane.search.setText("swiss")
    assert shown(pane, "Name") == ["e"]
    assert pane.header.subtitle().startswith("1 of 5 runs")
    pane.select("a")
    assert pane.chosen() == "a"
    assert pane.search.text() == ""


def test_keys_open_rename_and_delete_a_run(pane: RunsPane, qtbot) -> None:
    pane.show()
    pane.select("a")
    with qtbot.waitSignal(pane.playground_requested) as opened:
        qtbot.keyClick(pane.table, Qt.Key.Key_Return)
    assert opened.args == ["a"]
    qtbot.keyClick(pane.table, Qt.Key.Key_Delete)
    assert pane._confirm.isVisible()
    qtbot.keyClick(pane._confirm.cancel, Qt.Key.Key_Escape)
    assert not pane._confirm.isVisible()
    qtbot.keyClick(pane.table, Qt.Key.Key_F2)
    editor = pane.table.findChild(QLineEdit)
    editor.setText("better")
    with (
        qtbot.waitSignal(pane.rename_requested) as renamed,
        qtbot.assertNotEmitted(pane.playground_requested, wait=50),
    ):
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert renamed.args == ["a", "better"]


def test_notes_are_told_a_moment_after_they_were_written_also_when_another_run_is_chosen(
    pane: RunsPane, qtbot
) -> None:
    pane.show_run(RUNS[0], RunHistory.of(run_events(3)), [])
    with qtbot.waitSignal(pane.notes_written) as written:
        pane.details.notes.setPlainText("good")
    assert written.args == ["a", "good"]
    pane.details.notes.setPlainText("better")
    with qtbot.waitSignal(pane.notes_written) as written:
        pane.show_run(RUNS[1], RunHistory.of(run_events(3)), [])
    assert written.args == ["a", "better"]
    assert pane.details.notes.toPlainText() == ""


def test_files_are_grouped_and_a_checkpoint_is_one_line() -> None:
    files = [
        ("adapter/adapters.safetensors", 90),
        ("checkpoints/step-000012/adapter.safetensors", 40),
        ("checkpoints/step-000012/state.safetensors", 50),
        ("evaluations/1/answers.jsonl", 7),
        ("run.json", 2),
    ]
    assert grouped(files) == [
        ("Adapter", [("adapters.safetensors", 90)]),
        ("Checkpoints", [("step-000012", 90)]),
        ("Evaluations", [("1", 7)]),
        ("Run", [("run.json", 2)]),
    ]


def test_selecting_several_says_that_they_are_overlaid(pane: RunsPane) -> None:
    assert pane.header.subtitle() == "4 runs. Select several to overlay them."
    pane.select_several(["a", "b"])
    assert pane.header.subtitle() == "4 runs, 2 selected and overlaid"


def test_without_runs_the_pane_offers_the_sample(theme: Theme, qtbot) -> None:
    pane = RunsPane(theme)
    qtbot.addWidget(pane)
    assert isinstance(pane.state, EmptyState)
    with qtbot.waitSignal(pane.sample_requested):
        pane.state.chosen.emit()
    pane.show_runs(RUNS)
    assert pane.state is None
