"""The panes themselves, put into the window in place of its empty ones."""

from __future__ import annotations

from studio.ui.panes.dataset.pane import DatasetPane
from studio.ui.panes.evaluation.pane import EvaluationPane
from studio.ui.panes.playground.pane import PlaygroundPane
from studio.ui.panes.runs.pane import RunsPane
from studio.ui.panes.training.pane import TrainingPane
from studio.ui.theme import Theme
from studio.ui.window import MainWindow


class Panes:
    """One of each; adding a pane adds a line here and one to the window's entries."""

    def __init__(self, theme: Theme, window: MainWindow) -> None:
        self.dataset = DatasetPane(theme)
        self.training = TrainingPane(theme)
        self.evaluation = EvaluationPane(theme)
        self.playground = PlaygroundPane(theme)
        self.runs = RunsPane(theme)
        for key, pane in vars(self).items():
            window.set_pane(key, pane)
