"""What a screen reader says, and that the window calls one thing by one name."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLabel, QListView, QWidget
from pytestqt.qtbot import QtBot

from studio.app.studio import Studio
from studio.ui.plots.curve import CurvePlot
from tests.app.test_run_menu import stored_run

PANES = ("dataset", "training", "evaluation", "playground", "runs", "models")
_PARTS = (QComboBox, QAbstractSpinBox, CurvePlot)
"""Whose parts are named by them."""


def nameless(pane: QWidget) -> list[str]:
    """What takes the focus of the keyboard, and has neither a name nor words of its own nor a label."""
    labelled = {label.buddy() for label in pane.findChildren(QLabel) if label.buddy() is not None}
    found = []
    for widget in pane.findChildren(QWidget):
        takes = bool(widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value)
        words = widget.text() if isinstance(widget, QAbstractButton) else ""
        named = widget.accessibleName() or words or widget in labelled or _is_part(widget)
        if takes and not named and widget.isVisibleTo(pane):
            found.append(f"{type(widget).__name__} in {type(widget.parent()).__name__}")
    return found


def _is_part(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, _PARTS):
            return True
        parent = parent.parentWidget()
    return isinstance(widget, QListView) and type(widget.parent()).__name__ == "QFrame"  # a combo box's list


def test_what_takes_the_focus_has_a_name(studio: Studio, tmp_path: Path, qtbot: QtBot) -> None:
    run = stored_run(tmp_path / "home", "one")
    studio.dataset.datasets.open_sample()
    studio.runs.use("one")
    qtbot.waitUntil(
        lambda: studio.state.dataset is not None and bool(studio.state.subjects.name("playground"))
    )
    studio.panes.runs.select("one")
    for section in studio.panes.training.form.sections.values():
        section.set_open(True)
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert run.path.exists()
    assert {key: nameless(studio.window.pane(key)) for key in PANES} == {key: [] for key in PANES}


def test_an_ampersand_is_an_ampersand(studio: Studio) -> None:
    studio.panes.training.form.sections["watch"].set_open(True)
    label = studio.panes.training.form.row("watch.wandb").label
    assert label.text() == "W&&B project"  # which a label beside a field shows as W&B


def test_the_starter_has_one_name(studio: Studio, tmp_path: Path, qtbot: QtBot) -> None:
    stored_run(tmp_path / "home", "one")
    studio.runs.use("one")
    qtbot.waitUntil(lambda: studio.state.subjects.run("playground") is not None)
    for key in PANES:
        labels = [label.text() for label in studio.window.pane(key).findChildren(QLabel)]
        assert not [text for text in labels if text == "starter" or text.startswith("starter ·")]
    assert studio.panes.evaluation.header.subtitle().startswith("Starter ·")
