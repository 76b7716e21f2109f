"""The menu of what the pane in front offers: whatever its head and its first steps have buttons for.

So everything that a pane can begin is in the menu bar, too, where a Mac's own search in the Help menu and its
keyboard find it, under the very words of the button.
"""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QMenu, QPushButton, QWidget

from studio.language import tr
from studio.ui.plain import keyless
from studio.ui.widgets.pane import PaneHeader
from studio.ui.widgets.popup import Menu
from studio.ui.widgets.states import EmptyState, FailedState


class PaneMenu(Menu):
    """Lists the buttons of a pane; an entry presses its button, and one that opens a menu has its entries."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, tr("Actions"))

    def list_actions(self, pane: QWidget) -> None:
        """Offer what this pane offers now."""
        for action in self.actions():
            self.removeAction(action)
            action.deleteLater()  # it may be the one that was chosen
        for button in offered(pane):
            self._add(button)
        self.menuAction().setEnabled(not self.isEmpty())

    def _add(self, button: QAbstractButton) -> None:
        more = button.menu() if isinstance(button, QPushButton) else None
        action = self.addAction(keyless(_words(button)))
        action.setMenuRole(QAction.MenuRole.NoRole)  # a Mac takes "Options" for the settings
        action.setEnabled(button.isEnabled())
        if isinstance(more, QMenu):
            entries = Menu(self)
            entries.addActions(more.actions())
            action.setMenu(entries)
            action.destroyed.connect(entries.deleteLater)
        else:
            action.triggered.connect(button.click)


def offered(pane: QWidget) -> Iterator[QAbstractButton]:
    """The buttons that are seen in the head of a pane, and in what it shows where there is nothing yet."""
    for kind in (PaneHeader, EmptyState, FailedState):
        for part in pane.findChildren(kind):
            for button in part.findChildren(QAbstractButton):
                if button.isVisibleTo(pane) and _words(button):
                    yield button


def _words(button: QAbstractButton) -> str:
    """What a button says, with an & as it is meant."""
    return button.text().replace("&&", "&") or button.accessibleName()
