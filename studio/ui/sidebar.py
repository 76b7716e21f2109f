"""The sidebar: the panes by section, and at its foot what the engine is doing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QProgressBar, QWidget

from studio.language import tr
from studio.ui.widgets.button import Button
from studio.ui.widgets.label import ElidedLabel, PlainLabel
from studio.ui.widgets.layout import add, column

WIDTH = 204


@dataclass(frozen=True)
class PaneEntry:
    """One pane of the window: where it stands in the sidebar, and the widget itself."""

    key: str
    title: str
    icon: str
    widget: QWidget
    section: str = ""


class Sidebar(QFrame):
    """A button per pane, one of them chosen; `chosen` carries its key."""

    chosen = Signal(str)

    def __init__(self, entries: Sequence[PaneEntry]) -> None:
        super().__init__()
        self.setObjectName("sidebar")
        self.setFixedWidth(WIDTH)
        self._buttons: dict[str, Button] = {}
        self._group = QButtonGroup(self)
        brand = PlainLabel("Tuning Studio")
        brand.setProperty("role", "brand")
        self._column = column(brand, 12, on=self, inside=(12, 18, 12, 16), gap=3)
        self._add_entries(entries)
        self._column.addStretch(1)
        self._add_foot()

    def select(self, key: str) -> None:
        """Mark a pane as the chosen one, without announcing it."""
        self._buttons[key].setChecked(True)

    def set_engine(self, text: str, detail: str = "", progress: float | None = None) -> None:
        """What the engine does, a smaller line below, and how far it is from 0 to 1 (None: no bar)."""
        self._state.setText(text)
        self._detail.setText(detail)
        self._bar.setVisible(progress is not None)
        if progress is not None:
            self._bar.setValue(round(1000 * progress))

    def set_awake(self, held: bool) -> None:
        """Whether the computer is kept awake for it."""
        self._awake.setVisible(held)

    def _add_entries(self, entries: Sequence[PaneEntry]) -> None:
        section = ""
        for entry in entries:
            if entry.section != section:
                section = entry.section
                label = PlainLabel(section.upper())
                label.setProperty("role", "section")
                label.setContentsMargins(10, 14, 0, 4)
                self._column.addWidget(label)
            button = Button(entry.title, "nav", entry.icon)
            button.setCheckable(True)
            button.setProperty("pane", entry.key)
            button.clicked.connect(self._announce)
            self._group.addButton(button)
            self._column.addWidget(button)
            self._buttons[entry.key] = button

    def _add_foot(self) -> None:
        self._state, self._detail, self._bar = ElidedLabel(tr("Idle")), ElidedLabel(), QProgressBar()
        self._state.setProperty("tone", "dim")
        self._detail.setProperty("role", "note")
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(tr("Progress of the running job"))
        self._bar.hide()
        self._awake = ElidedLabel(tr("Keeps this Mac awake"))
        self._awake.setProperty("role", "note")
        self._awake.hide()
        add(self._column, self._state, 2, self._bar, 2, self._detail, self._awake)
        for label in (self._state, self._detail, self._awake):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)

    def _announce(self) -> None:
        button = self._group.checkedButton()
        if button is not None:
            self.chosen.emit(button.property("pane"))
