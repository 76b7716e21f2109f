"""Files that are dragged over a widget: which they are, the hint that covers it, and that they are copied.

A source may propose to move what it gives, and then deletes the file once it was taken. Nothing that is
opened here is ever moved: whatever is proposed, a drop is a copy.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFrame, QWidget

from studio.ui.widgets.label import PlainLabel
from studio.ui.widgets.layout import column


class DropHint(QFrame):
    """Covers a widget while files hover over it, `margin` pixels inside its border."""

    def __init__(self, parent: QWidget, words: str, margin: int = 0) -> None:
        super().__init__(parent)
        self._covered, self._margin = parent, margin
        self.setObjectName("drop")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        column((PlainLabel(words), Qt.AlignmentFlag.AlignCenter), on=self)
        self.hide()

    def cover(self) -> None:
        """Lie over all of the widget, as large as it is by now."""
        inside = self._margin
        self.setGeometry(self._covered.rect().adjusted(inside, inside, -inside, -inside))
        self.raise_()

    def appear(self) -> None:
        """Cover the widget, and be seen."""
        self.cover()
        self.show()


def dropped_files(event: QDropEvent) -> list[str]:
    """The local files and folders of a drag."""
    return [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]


def accept_copy(event: QDropEvent) -> None:
    """Take what is dragged, as a copy whatever its source proposes.

    What can only be moved or linked is taken all the same, and told to be copied: the source then keeps it.
    """
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()


def offer_copy(event: QDropEvent, wanted: Callable[[str], bool] = lambda _: True) -> bool:
    """Accept a drag that holds wanted files, as a copy; False where it holds none.

    A drag that is not accepted is offered to what lies behind the widget.
    """
    if not any(map(wanted, dropped_files(event))):
        return False
    accept_copy(event)
    return True
