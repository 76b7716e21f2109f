"""The dialog of many prompts: what goes out, and how the answers stand."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from studio.events import GridAnswered
from studio.jobs.grid import columns_of
from studio.jobs.transcripts import AnswerGrid
from studio.ui.dialogs.grid import GridDialog
from studio.ui.theme import Theme


@pytest.fixture
def dialog(qtbot: QtBot, theme: Theme) -> GridDialog:
    dialog = GridDialog(theme, ("Base", "Tuned"), ("Two\nlines?", "Golden?"))
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_golden_prompts_and_those_of_a_file_go_out_as_they_are(dialog: GridDialog) -> None:
    dialog.typed.setPlainText("Typed?")
    dialog.source.setCurrentIndex(1)
    assert dialog.prompts() == ("Two\nlines?", "Golden?")
    assert dialog.listed.toPlainText() == "Two lines?\nGolden?"
    assert not dialog.typed.isVisible()
    assert dialog.count.text() == "2 prompts, 4 answers"
    dialog.take_file("asked.txt", ("One?",))
    assert dialog.source.currentText() == "asked.txt (1 prompt)"
    assert dialog.prompts() == ("One?",)
    dialog.source.setCurrentIndex(0)
    assert dialog.prompts() == ("Typed?",)


def test_answers_stand_beside_each_other_as_they_come(dialog: GridDialog) -> None:
    dialog.begin()
    titles = (("base", "Base"), ("tuned", "Tuned"))
    answers = (GridAnswered(0, "base", "7", 2, 0.5, "stop"), GridAnswered(1, "tuned", "Hi", 8, 2.0, "length"))
    dialog.show_grid(AnswerGrid(("Say 7", "Hi"), columns_of(titles, answers), answers))
    assert dialog.answers.titles() == ["Prompt", "Base", "Tuned"]
    assert dialog.answers.rows == [("Say 7", "7", ""), ("Hi", "", "Hi")]
    assert [(each.title, each.answers, each.cut) for each in dialog.statistics.rows] == [
        ("Base", 1, 0),
        ("Tuned", 1, 1),
    ]
    dialog.table.selectRow(1)
    assert dialog.whole.toPlainText() == "Prompt\nHi\n\nBase\n…\n\nTuned\nHi"
    dialog.rest("Stopped.")
    assert dialog.export.isEnabled()
