"""What a person keeps of the playground for later: ways of drawing under names, and prompts."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt

from studio.app.state import Controller, Services
from studio.catalogue import Unusable
from studio.errors import StudioError
from studio.generate.presets import Presets, sampling_of
from studio.generate.prompt_library import PromptLibrary
from studio.generate.sampling import Sampling
from studio.language import tr
from studio.ui.chat.sampling import DEFAULTS
from studio.ui.dialogs.naming import NamingDialog
from studio.ui.panes.playground.pane import PlaygroundPane

_MODELS_OWN = tr("The model's own")
_NAMED = tr("All that is set in the panel but the seed, to be chosen by this name.")


class OwnWays(Controller):
    """Offers presets and prompts in the playground, and keeps those that a person wants kept."""

    def __init__(self, services: Services, pane: PlaygroundPane) -> None:
        super().__init__(services, pane)
        self._pane, self._panel = pane, pane.panel
        self._presets, self._library = Presets(self._paths.presets), PromptLibrary(self._paths.prompts)
        self._model: Path | None = None
        self.dialog: NamingDialog | None = None
        self._panel.save_requested.connect(self.name_preset)
        self._panel.delete_requested.connect(self._delete)
        later = Qt.ConnectionType.QueuedConnection  # the menu is filled anew, which its own entry asks for
        pane.own.kept.connect(self._keep_prompt, later)
        pane.own.forgotten.connect(self._forget_prompt, later)
        self.offer()

    def offer(self, model: Path | None = None) -> None:
        """Offer presets, that of the makers of the model in a folder among them, and the prompts."""
        self._model = model
        self._offer_presets()
        self._pane.own.offer(self._library.all())

    def name_preset(self) -> None:
        """Ask what the way of drawing that is set now is to be called."""
        sampling = self._panel.sampling().model_copy(update={"seed": DEFAULTS.seed})
        names = [each.name for each in self._presets.all() if each.is_own]
        words = tr("Save as a preset")
        self.dialog = dialog = NamingDialog(
            words, _NAMED, lambda name: self._save(name, sampling), self._window, known=names
        )
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _save(self, name: str, sampling: Sampling) -> str:
        """Keep a preset; why it is not kept, or nothing."""
        if name.strip().lower() == _MODELS_OWN.lower():
            return tr("That name is the model's. Take another one.")
        try:
            self._presets.save(name, sampling)
        except (Unusable, StudioError) as error:
            return str(error)
        self._offer_presets()
        return ""

    def _delete(self, name: str) -> None:
        try:
            self._presets.delete(name)
        except (Unusable, StudioError) as error:
            self._answer(str(error), "bad")
        self._offer_presets()

    def _offer_presets(self) -> None:
        known = self._presets.all()
        ways = {each.name: each.sampling for each in known}
        makers = sampling_of(self._model) if self._model is not None else None
        self._panel.offer(
            {**ways, **({_MODELS_OWN: makers} if makers is not None else {})},
            own=[each.name for each in known if each.is_own],
        )

    def _keep_prompt(self) -> None:
        try:
            self._library.add(self._pane.keepable())
        except (Unusable, StudioError) as error:
            self._answer(str(error), "bad")
        self._pane.own.offer(self._library.all())

    def _forget_prompt(self, prompt: str) -> None:
        try:
            self._library.remove(prompt)
        except StudioError as error:
            self._answer(str(error), "bad")
        self._pane.own.offer(self._library.all())
