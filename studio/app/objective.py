"""The objective follows the data: where the two do not fit, the fitting one is offered with one button.

A dataset opens whatever the objective is. Nothing changes the recipe but the person: preference pairs offer
DPO once; an objective that has no use for the rows on show is said over them until one of the two changes.
"""

from __future__ import annotations

from PySide6.QtCore import Signal

from studio.app.state import Controller, Services
from studio.app.training import Training
from studio.dataset.record import suits
from studio.events import DatasetRead
from studio.language import tr
from studio.ui.form.words import choice_word
from studio.ui.panes.dataset.pane import DatasetPane

OBJECTIVE = "objective:"
"""How the key of a notice's button begins that sets the objective."""
CAUSE = "objective"

PAIRS = tr(
    "{name} holds preference pairs. With SFT only the chosen answers train; DPO also learns to leave the "
    "rejected ones."
)
NO_PAIRS = tr(
    "{title} learns from pairs of a chosen and a rejected answer, and {name} has none. Its rows are shown as "
    "SFT reads them."
)
NO_TEXT = tr(
    "The objective {title} learns from text as it stands, and {name} holds {format} examples. Its rows are "
    "shown as SFT reads them."
)


class ObjectiveOffers(Controller):
    """Compares the recipe's objective with the dataset on show whenever one of them changes."""

    misfit = Signal(str)  # why the dataset on show cannot be trained on with this objective; or nothing

    def __init__(self, services: Services, pane: DatasetPane, training: Training) -> None:
        super().__init__(services, pane)
        self._training = training
        self._offered: set[str] = set()  # the pairs for which DPO was offered in this session
        self._state.dataset_changed.connect(self._compare)
        self._state.recipe_changed.connect(self._compare)
        self._window.action_triggered.connect(self._act)

    def _compare(self) -> None:
        """Say what does not fit, and take back what was said when it fits."""
        dataset, objective = self._state.dataset, self._state.recipe.objective
        sentence = why_unfit(objective, dataset) if dataset is not None else ""
        self.misfit.emit(sentence)
        if dataset is None:
            if not self._state.recipe.data.path:  # else it is being read again
                self._window.end_notice(CAUSE)
            return
        if sentence:
            self._offer(sentence, "sft", self._place, "training")
        elif objective == "sft" and dataset.format == "preference" and dataset.path not in self._offered:
            self._offered.add(dataset.path)
            self._offer(PAIRS.format(name=dataset.name), "dpo", self._place)
        elif objective != "sft" or dataset.format != "preference":
            self._window.end_notice(CAUSE)

    def _offer(self, sentence: str, objective: str, *panes: str) -> None:
        words, key = (
            tr("Use {choice_word}", choice_word=choice_word("objective", objective)),
            f"{OBJECTIVE}{objective}",
        )
        for pane in panes:
            self._window.show_notice(sentence, "warn", pane=pane, action=words, key=key, cause=CAUSE)

    def _act(self, action: str) -> None:
        if action.startswith(OBJECTIVE):
            self._training.change({"objective": action.removeprefix(OBJECTIVE)})


def why_unfit(objective: str, dataset: DatasetRead) -> str:
    """Why an objective has no use for a dataset, in a sentence; nothing where it has one."""
    if suits(objective, dataset.format):
        return ""
    words = NO_TEXT if objective == "text" else NO_PAIRS
    return words.format(title=choice_word("objective", objective), name=dataset.name, format=dataset.format)
