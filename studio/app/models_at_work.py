"""The models pane's controllers and what they tell each other, and what the training pane hears of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from studio.app.downloads import ModelDownloads
from studio.app.model_changes import ModelChanges
from studio.app.models import Models, trainable
from studio.app.online import OnlineLibrary
from studio.app.state import Services
from studio.app.training import Training
from studio.events import ModelDownloaded, ModelFacts
from studio.language import tr
from studio.ui.panes.models.pane import ModelsPane
from studio.ui.panes.training.pane import TrainingPane
from studio.ui.window import MainWindow

SHOW_MODEL = "show_model:"
"""How the key of a notice's button begins that shows a model that came."""


class ModelsAtWork(QObject):
    """This Mac's models, the Hub's, what is on its way, and the form that chooses among those here."""

    chat_requested = Signal(str)  # a model as a recipe names it

    def __init__(
        self,
        services: Services,
        pane: ModelsPane,
        training: Training,
        training_pane: TrainingPane,
        places: Sequence[str] = (),
    ) -> None:
        super().__init__(pane)
        self._window: MainWindow = services.window
        self._pane, self._training, self._training_pane = pane, training, training_pane
        self.local = Models(services, pane, places)
        self.changes = ModelChanges(services, pane)
        self.downloads = ModelDownloads(services, pane)
        self.online = OnlineLibrary(services, pane, self.downloads)
        self.local.listed.connect(self._take_list)
        self.local.train_requested.connect(self._train)
        self.local.chat_requested.connect(self.chat_requested)
        self.changes.changed.connect(self.local.refresh)
        self.changes.converted.connect(self._take_converted)
        self.changes.taken_off.connect(self.local.take_off)
        self.downloads.arrived.connect(self._take_arrived)
        pane.download_requested.connect(self.downloads.get)
        pane.file_requested.connect(self.downloads.get)
        pane.here_requested.connect(self._show_here)
        training_pane.recipe_card.model_requested.connect(self.online.show)
        self._window.action_triggered.connect(self._act)

    def _take_list(self, models: Sequence[ModelFacts]) -> None:
        """Let the form choose among the models that are here, and the Hub's pages say which these are."""
        self._training_pane.form.offer_models(trainable(models))
        self.online.take(models)

    def _train(self, model: str) -> None:
        """Let the recipe at hand train this model."""
        if self._training.use_model(model):
            self._window.show_pane("training")

    def _take_arrived(self, model: ModelDownloaded) -> None:
        """A model came from the Hub: list it, and choose it where a recipe waits for it."""
        self._training_pane.recipe_card.look_again()
        said, key = (
            tr("{rpartition} is on this Mac.", rpartition=model.name.rpartition("/")[2]),
            f"{SHOW_MODEL}{model.folder}",
        )
        self._window.show_notice(said, "good", pane="models", action=tr("Show"), key=key)
        self.local.refresh()

    def _take_converted(self, folder: str) -> None:
        self.local.show(folder)
        self.local.refresh()

    def _show_here(self, name: str) -> None:
        self.local.show(self.online.place_of(name))

    def _act(self, action: str) -> None:
        if action.startswith(SHOW_MODEL):
            self.local.show(action.removeprefix(SHOW_MODEL))
