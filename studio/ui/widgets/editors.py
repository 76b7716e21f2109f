"""One editor per kind of field: numbers are typed, choices are picked. All speak text."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit

from studio.train.recipe import FieldEntry
from studio.ui.widgets.style import set_property


def text_of(value: Any) -> str:
    """A value as its editor writes it: 0.0001, 1e-05, 32, and nothing for None."""
    if value is None:
        return ""
    return f"{value:.10g}" if isinstance(value, float) else str(value)


class NumberField(QLineEdit):
    """A number typed as text, its unit shown at the right; Up and Down step whole numbers."""

    edited = Signal()

    def __init__(self, entry: FieldEntry) -> None:
        super().__init__()
        self._whole = entry.kind is int
        self._low = entry.bounds[0]
        self._unit = QLabel(entry.unit, self)
        self._unit.setProperty("tone", "faint")
        self._unit.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        if entry.optional:
            self.setPlaceholderText("auto")
        self.textEdited.connect(self.edited)

    def value(self) -> str:
        return self.text().strip().replace(",", "")

    def set_value(self, value: Any) -> None:
        if self.text() != text_of(value):
            self.setText(text_of(value))

    def set_locked(self, locked: bool) -> None:
        """Whether the value may be read and copied but not changed."""
        self.setReadOnly(locked)

    def set_placeholder(self, text: str) -> None:
        """What an empty optional field stands for now, such as "auto: 0.0002"."""
        self.setPlaceholderText(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if step is None or not self._whole or self.isReadOnly() or not self.value().lstrip("-").isdigit():
            super().keyPressEvent(event)
            return
        number = int(self.value()) + step
        self.setText(str(max(number, int(self._low)) if self._low is not None else number))
        self.edited.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        width = self._unit.sizeHint().width()
        self._unit.setGeometry(self.width() - width - 10, 0, width, self.height())
        self.setTextMargins(0, 0, width if self._unit.text() else 0, 0)


class ChoiceField(QComboBox):
    """One of a few words. The wheel scrolls the form, never the choice."""

    edited = Signal()

    def __init__(self, entry: FieldEntry) -> None:
        super().__init__()
        self.addItems(list(entry.choices))
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(self.edited)

    def value(self) -> str:
        return self.currentText()

    def set_value(self, value: Any) -> None:
        self.setCurrentText(str(value))

    def set_locked(self, locked: bool) -> None:
        """Whether the choice may be read but not changed."""
        self.setEnabled(not locked)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


Editor = NumberField | ChoiceField


def editor_for(entry: FieldEntry) -> Editor:
    """The editor that fits a field's kind, with its help as the tooltip."""
    editor: Editor = ChoiceField(entry) if entry.choices else NumberField(entry)
    editor.setObjectName(entry.path)
    editor.setToolTip(entry.help)
    editor.setAccessibleName(f"{entry.title}, {entry.unit}" if entry.unit else entry.title)
    editor.setAccessibleDescription(entry.help)
    return editor


def mark_invalid(editor: Editor, invalid: bool) -> None:
    """Give an editor the border of a bad value, or its own again."""
    set_property(editor, "invalid", invalid)
