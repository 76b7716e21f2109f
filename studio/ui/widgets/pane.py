"""The base of every pane: a header, a content area, and a place for empty, busy and failed states."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.ui.widgets.header import PaneHeader

MARGIN = 28
GAP = 14


class PaneFrame(QWidget):
    """A header over a content area; fill `content`."""

    def __init__(self, title: str, subtitle: str = "") -> None:
        super().__init__()
        self.header = PaneHeader(title, subtitle)
        self.area = QWidget()
        self.content = QVBoxLayout(self.area)
        self.content.setContentsMargins(0, 0, 0, 0)
        self.content.setSpacing(GAP)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(MARGIN, 20, MARGIN, MARGIN - 4)
        self.column.setSpacing(GAP)
        self.column.addWidget(self.header)
        self.column.addWidget(self.area, 1)


class Pane(PaneFrame):
    """A pane whose content may be covered: `show_state(widget)` covers it, None brings it back."""

    def __init__(self, title: str, subtitle: str = "") -> None:
        super().__init__(title, subtitle)
        self._state: QWidget | None = None

    @property
    def state(self) -> QWidget | None:
        """The state that covers the content now, if any."""
        return self._state

    def show_state(self, widget: QWidget | None) -> None:
        """Cover the content with `widget`, which the pane then owns, or uncover it with None."""
        if widget is self._state:
            return
        if self._state is not None:
            self.column.removeWidget(self._state)
            self._state.hide()
            self._state.deleteLater()
        self._state = widget
        self.area.setVisible(widget is None)
        if widget is not None:
            self.column.addWidget(widget, 1)
            widget.show()
