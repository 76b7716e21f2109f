"""The base of every pane: a header, a content area, and a place for empty, busy and failed states."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from studio.ui.widgets.button import Button
from studio.ui.widgets.label import ElidedLabel
from studio.ui.widgets.layout import column, row


class PaneHeader(QWidget):
    """A title with a line of facts below it, and buttons at the right; add the primary one last."""

    def __init__(self, title: str, subtitle: str = "") -> None:
        super().__init__()
        self._title, self._subtitle = ElidedLabel(title), ElidedLabel(subtitle)
        self._title.setProperty("role", "pane-title")
        self._subtitle.setProperty("tone", "dim")
        self._facts = row((self._subtitle, 1), gap=8)
        self._row = row((column(self._title, self._facts, gap=3), 1), on=self)
        self.setMinimumHeight(48)

    def title(self) -> str:
        return self._title.text()

    def subtitle(self) -> str:
        return self._subtitle.text()

    def set_title(self, title: str) -> None:
        self._title.setText(title)

    def set_subtitle(self, subtitle: str) -> None:
        self._subtitle.setText(subtitle)

    def add_subject(self, picker: QWidget) -> None:
        """What names the thing that the pane is about, before the line of facts."""
        self._facts.insertWidget(0, picker)

    def add_button(self, text: str, role: str = "plain", icon: str | None = None) -> Button:
        """A button to the right of those added before; `icon` is the name of a Lucide icon."""
        button = Button(text, role, icon)
        self._row.addWidget(button)
        return button

    def add_widget(self, widget: QWidget) -> None:
        """Anything else that belongs beside the buttons."""
        self._row.addWidget(widget)


MARGIN = 28
GAP = 14


class PaneFrame(QWidget):
    """A header over a content area; fill `content`."""

    def __init__(self, title: str, subtitle: str = "") -> None:
        super().__init__()
        self.header = PaneHeader(title, subtitle)
        self.area = QWidget()
        self.content = column(on=self.area, gap=GAP)
        self.column = column(self.header, (self.area, 1), on=self, gap=GAP)
        self.column.setContentsMargins(MARGIN, 20, MARGIN, MARGIN - 4)


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
