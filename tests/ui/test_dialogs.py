"""What all dialogs have in common, and how widgets are laid out in them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from studio.dataset.steps.steps import Shuffle
from studio.events import Change, ColumnsAsked, ColumnShown, Finding, Progress
from studio.recipe.recipe import Recipe
from studio.ui.dialogs.columns import ColumnsDialog
from studio.ui.dialogs.dialog import Dialog
from studio.ui.dialogs.fix import FixDialog
from studio.ui.dialogs.hub import HubDialog
from studio.ui.dialogs.server import ServerDialog
from studio.ui.dialogs.steps import StepDialog
from studio.ui.dialogs.task import BusyDialog, QuestionDialog, TaskDialog
from studio.ui.dialogs.upload import UploadDialog
from studio.ui.panes.training.sweep import SweepDialog
from studio.ui.widgets.layout import row

FINDING = Finding("markers", "Template tokens", "look", 2, 9, "2 rows hold some.", "", fix="mend")
DIALOGS: dict[str, Callable[[], Dialog]] = {
    "columns": lambda: ColumnsDialog(ColumnsAsked("/a.csv", (ColumnShown("q", "text", ("Why?",)),), "")),
    "fix": lambda: FixDialog(FINDING, [Change(3, "before", "after")]),
    "hub": HubDialog,
    "server": ServerDialog,
    "step": lambda: StepDialog(Shuffle),
    "sweep": lambda: SweepDialog(Recipe()),
    "upload": lambda: UploadDialog("set", "Two files leave this Mac."),
    "question": lambda: QuestionDialog("Delete it?", "It cannot be undone.", "Delete"),
}


@pytest.mark.parametrize("name", DIALOGS)
def test_a_dialog_says_what_it_is_and_escape_leaves_things_as_they_are(qtbot: QtBot, name: str) -> None:
    dialog = DIALOGS[name]()
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.windowTitle()
    assert dialog.heading.isVisible()
    assert dialog.text.isVisible()
    assert dialog.agree.text()
    with qtbot.waitSignal(dialog.rejected):
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_return_agrees_but_where_something_would_be_lost(qtbot: QtBot) -> None:
    for name in ("fix", "question"):
        dialog = DIALOGS[name]()
        qtbot.addWidget(dialog)
        dialog.show()
        qtbot.keyClick(dialog, Qt.Key.Key_Return)
        assert dialog.result() == (name == "fix"), name


def test_the_fix_of_a_finding_is_called_a_fix(qtbot: QtBot) -> None:
    dialog = DIALOGS["fix"]()
    qtbot.addWidget(dialog)
    assert dialog.heading.text() == "Fix 2 rows: Template tokens"
    assert dialog.agree.text() == "Fix 2 rows"


def test_cancel_stops_what_is_under_way_and_only_then_closes(qtbot: QtBot) -> None:
    dialog = BusyDialog("Copying", "It takes a while.", "Copy", None, width=400)
    qtbot.addWidget(dialog)
    dialog.fill(dialog.progress)
    dialog.show()
    dialog.set_busy(True)
    dialog.show_busy(Progress("MB copied", 12, 40))
    assert dialog.progress.status.text() == "12 of 40 MB copied"
    assert dialog.cancel.text() == "Stop"
    with qtbot.waitSignal(dialog.stop_requested):
        qtbot.mouseClick(dialog.cancel, Qt.MouseButton.LeftButton)
    assert dialog.isVisible()
    dialog.set_busy(False)
    qtbot.mouseClick(dialog.cancel, Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()


def test_a_task_that_is_over_at_once_shows_no_dialog(qtbot: QtBot) -> None:
    dialog = TaskDialog("Saving")
    qtbot.addWidget(dialog)
    dialog.finish()
    qtbot.wait(400)
    assert not dialog.isVisible()


def test_a_row_shares_its_room_as_it_is_told(qtbot: QtBot) -> None:
    holder, left, right, last = QWidget(), QWidget(), QWidget(), QWidget()
    qtbot.addWidget(holder)
    made = row(left, (right, 2), 20, ..., (last, Qt.AlignmentFlag.AlignTop), on=holder, inside=(1, 2, 3, 4))
    assert isinstance(made, QHBoxLayout)
    assert holder.layout() is made
    assert [made.stretch(place) for place in range(made.count())] == [0, 2, 0, 1, 0]
    assert made.itemAt(2).spacerItem().sizeHint().width() == 20
    assert made.itemAt(4).alignment() == Qt.AlignmentFlag.AlignTop
    assert (made.contentsMargins().left(), made.contentsMargins().bottom()) == (1, 4)
