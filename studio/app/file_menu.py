"""What the File menu's entries do."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from studio.app.bringing import Bringing
from studio.app.hub import Hub
from studio.app.saving import Saving
from studio.app.shared import Shared
from studio.app.uploading import Uploading


class FileMenu(QObject):
    """The same as the menus in the dataset pane's head, where a person looks for it first."""

    def __init__(
        self,
        shared: Shared,
        bringing: Bringing,
        hub: Hub,
        saving: Saving,
        uploading: Uploading,
        open_path: Callable[[str], None],
    ) -> None:
        super().__init__(shared.window)
        self._shared, self._bringing, self._open_path = shared, bringing, open_path
        self._opening: dict[str, Callable[[], None]] = {
            "open_dataset": bringing.choose,
            "open_folder": bringing.choose_folder,
            "open_hub": hub.ask,
        }
        self._saving: dict[str, Callable[[], None]] = {
            "save_dataset": saving.choose_folder,
            "export_lines": saving.choose_file,
            "export_layout": saving.choose_layout,
            "upload": uploading.ask,
        }
        shared.window.action_triggered.connect(self._act)
        bringing.recent_changed.connect(shared.window.show_recent)
        shared.window.show_recent(bringing.there())
        self.follow()

    def follow(self) -> None:
        """Offer to take the dataset at hand elsewhere, if there is one."""
        for action in self._saving:
            self._shared.window.action(action).setEnabled(self._shared.dataset is not None)

    def _act(self, action: str) -> None:
        kind, _, path = action.partition(":")
        if action in self._opening:
            self._shared.window.show_pane("dataset")
            self._opening[action]()
        elif action in self._saving:
            self._saving[action]()
        elif kind == "recent":
            self._open_path(path)
        elif action == "forget_recent":
            self._bringing.forget()
