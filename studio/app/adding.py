"""Who is added to those that are compared and has to be named first: a model's folder, a server's model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from studio.app.state import Controller, Services
from studio.errors import StudioError
from studio.generate.contestant import MODEL, Contestant
from studio.language import tr
from studio.ui.chat.contestant_menu import ContestantMenu
from studio.ui.dialogs.server import ServerDialog


def names_model(path: str) -> bool:
    """Whether this is the folder of a model."""
    return (Path(path) / "config.json").is_file()


class Adding(Controller):
    """Asks which folder or server a menu's entry means, and hands on the contestant."""

    def __init__(
        self,
        services: Services,
        parent: QObject,
        menu: ContestantMenu,
        add: Callable[[Contestant], object],
    ) -> None:
        super().__init__(services, parent)
        self._add = add
        self.dialog: ServerDialog | None = None
        menu.model_requested.connect(self.choose_model)
        menu.server_requested.connect(self.name_server)

    def choose_model(self) -> None:
        """Ask for a model's folder."""
        if path := self._choose_folder(tr("Choose a model's folder")):
            self.take_model(str(path))

    def take_model(self, folder: str) -> None:
        """Add the model in a folder, or say that there is none."""
        if names_model(folder):
            self._add(Contestant(kind=MODEL, model=folder))
        else:
            self._answer(
                tr("{name} has no config.json, so it is not a model's folder.", name=Path(folder).name), "bad"
            )

    def name_server(self) -> None:
        """Ask which server's model is meant."""
        self.dialog = dialog = ServerDialog(self._window)
        dialog.submitted.connect(self._add_served)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _add_served(self, contestant: Contestant, key: str) -> None:
        """Add a server's model; the key that was typed goes to the keychain."""
        if self.dialog is None:
            return
        try:
            if key:
                from studio.generate.keys import keep_key  # with the network's libraries

                keep_key(contestant.server, key)
        except StudioError as error:
            self.dialog.show_problem(str(error))
            return
        self._add(contestant)
        self.dialog.accept()
