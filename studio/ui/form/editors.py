"""One editor per kind of field: numbers and words are typed, choices picked, switches thrown.

All of them speak text.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QLineEdit, QPlainTextEdit, QSizePolicy

from studio.language import tr
from studio.recipe.entry import FieldEntry
from studio.ui import icons
from studio.ui.form.words import CHOICES, PLACEHOLDERS, choice_word, zero_word
from studio.ui.plain import tip
from studio.ui.widgets.button import Switch
from studio.ui.widgets.label import PlainLabel
from studio.ui.widgets.popup import Combo, Menu
from studio.ui.widgets.style import set_property


def text_of(value: Any) -> str:
    """A value as its editor writes it: 0.0001, 1e-05, 32, true, and nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


class TextField(QLineEdit):
    """Words on one line."""

    edited = Signal()

    def __init__(self, entry: FieldEntry) -> None:
        super().__init__()
        self.setPlaceholderText(PLACEHOLDERS.get(entry.path, ""))
        self.textEdited.connect(self.edited)

    def value(self) -> str:
        return self.text().strip()

    def set_value(self, value: Any) -> None:
        if self.text() != text_of(value):
            self.setText(text_of(value))
            self.setCursorPosition(0)

    def set_locked(self, locked: bool) -> None:
        """Whether the value may be read and copied but not changed."""
        self.setReadOnly(locked)


_LARGE = 10_000


class NumberField(TextField):
    """A number typed as text, its unit shown at the right; Up and Down step it, where it has a step."""

    def __init__(self, entry: FieldEntry) -> None:
        super().__init__(entry)
        self._step = 1 if entry.kind is int else entry.extra.get("step", 0)
        self._bounds = entry.bounds
        self._unit, self._zero = entry.unit, zero_word(entry)
        self._hint: QLabel | None = None
        if self._unit or self._zero:
            self._hint = PlainLabel(self._unit, self)
            self._hint.setProperty("tone", "faint")
            self._hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self.textChanged.connect(self._show_hint)

    def value(self) -> str:
        return super().value().replace(",", "")

    def set_value(self, value: Any) -> None:
        """Show a number, the thousands of a large one apart."""
        is_large = isinstance(value, int) and abs(value) >= _LARGE
        super().set_value(f"{value:,}" if is_large else value)

    def set_placeholder(self, text: str) -> None:
        """What an empty optional field stands for now, such as "auto: 0.0002"."""
        self.setPlaceholderText(text)

    def hint(self) -> str:
        """The words at the right: the unit, or what zero means."""
        return self._hint.text() if self._hint else ""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: self._step, Qt.Key.Key_Down: -self._step}.get(Qt.Key(event.key()))
        if not step or self.isReadOnly() or not _is_number(self.value()):
            super().keyPressEvent(event)
            return
        low, high = self._bounds
        number = round(float(self.value()) + step, 6)
        number = number if low is None else max(number, low)
        self.setText(f"{number if high is None else min(number, high):.10g}")
        self.edited.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_hint()

    def _show_hint(self) -> None:
        if self._hint is None:
            return
        is_zero = self._zero and self.value().strip("0.") == "" and "0" in self.value()
        self._hint.setText(self._zero if is_zero else self._unit)
        width = self._hint.sizeHint().width()
        self._hint.setGeometry(self.width() - width - 10, 0, width, self.height())
        self.setTextMargins(0, 0, width if self._hint.text() else 0, 0)


class LinesField(QPlainTextEdit):
    """Several lines of text; Tab goes on to the next field."""

    edited = Signal()

    def __init__(self, entry: FieldEntry) -> None:
        super().__init__()
        self.setProperty("role", "field")
        self.setProperty("lines", True)  # the style sheet gives it the height of four
        self.setPlaceholderText(PLACEHOLDERS.get(entry.path, ""))
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(0)
        self._is_announced = False
        self.textChanged.connect(self._tell)

    def value(self) -> str:
        return self.toPlainText()

    def set_value(self, value: Any) -> None:
        if self.value() != text_of(value):
            self._is_announced = True
            self.setPlainText(text_of(value))
            self._is_announced = False

    def set_locked(self, locked: bool) -> None:
        """Whether the lines may be read and copied but not changed."""
        self.setReadOnly(locked)

    def _tell(self) -> None:
        if not self._is_announced:
            self.edited.emit()


class PathField(TextField):
    """The path of a dataset, with a menu at the right that chooses a file, or the folder of several."""

    def __init__(self, entry: FieldEntry) -> None:
        super().__init__(entry)
        self.setPlaceholderText(tr("A file, or a folder"))
        shown = icons.icon("folder-open", icons.tone_colour("dim").name())
        choose = self.addAction(shown, QLineEdit.ActionPosition.TrailingPosition)
        choose.setToolTip(tr("Choose a dataset"))
        self.menu = Menu(self)
        self.menu.addAction(tr("File…"), self._choose_file)
        self.menu.addAction(tr("Folder or saved dataset…"), self._choose_folder)
        choose.triggered.connect(self._offer)

    def _offer(self) -> None:
        self.menu.popup(self.mapToGlobal(self.rect().bottomRight()))

    def _choose_file(self) -> None:
        self._take(QFileDialog.getOpenFileName(self, tr("Choose a dataset"))[0])

    def _choose_folder(self) -> None:
        self._take(QFileDialog.getExistingDirectory(self, tr("Choose a folder or a saved dataset")))

    def _take(self, path: str) -> None:
        if path:
            self.setText(path)
            self.edited.emit()


_BROWSE = "\0browse"
"""The choice that asks for a file; no path holds it."""
_TEMPLATES = tr("Templates (*.jinja *.jinja2 *.j2);;All files (*)")


class ChoiceField(Combo):
    """One of a few words, or in an open field what is typed."""

    edited = Signal()

    def __init__(self, entry: FieldEntry) -> None:
        super().__init__()
        for choice in entry.choices:
            word = choice_word(entry.path, choice)
            self.addItem(word if entry.path in CHOICES or entry.group else word.capitalize(), choice)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(self._tell)
        self.setEditable(entry.open)
        if entry.open:
            self.addItem(tr("From a file…"), _BROWSE)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        if line := self.lineEdit():
            line.setCompleter(None)  # type: ignore[arg-type]  # what is typed is a path
            line.editingFinished.connect(self._tell)
        self._announced = self.value()

    def value(self) -> str:
        place = self.findText(self.currentText()) if self.isEditable() else self.currentIndex()
        return self.currentText().strip() if place < 0 else str(self.itemData(place))

    def set_value(self, value: Any) -> None:
        place = self.findData(str(value))
        self.setCurrentIndex(place)
        if place < 0 and self.isEditable():
            self.setEditText(str(value))
        self._announced = self.value()

    def set_locked(self, locked: bool) -> None:
        """Whether the choice may be read but not changed."""
        self.setEnabled(not locked)

    def _tell(self) -> None:
        if self.value() == _BROWSE:
            file, _ = QFileDialog.getOpenFileName(self, tr("Choose a file"), "", _TEMPLATES)
            place = self.findData(self._announced)
            self.setCurrentIndex(place)
            if file or place < 0:
                self.setEditText(file or self._announced)
        if self.value() != self._announced:
            self._announced = self.value()
            self.edited.emit()


class SwitchField(Switch):
    """Yes or no."""

    edited = Signal()

    def __init__(self, entry: FieldEntry) -> None:
        super().__init__()
        self.clicked.connect(self.edited)

    def value(self) -> str:
        return text_of(self.isChecked())

    def set_value(self, value: Any) -> None:
        self.setChecked(bool(value))

    def set_locked(self, locked: bool) -> None:
        """Whether it may be seen but not thrown."""
        self.setEnabled(not locked)


Editor = TextField | LinesField | ChoiceField | SwitchField


def editor_for(entry: FieldEntry) -> Editor:
    """The editor that fits a field's kind, with its help as the tooltip."""
    editor = _kind_of_editor(entry)(entry)
    editor.setObjectName(entry.path)
    editor.setToolTip(tip(entry.help))
    editor.setAccessibleName(f"{entry.title}, {entry.unit}" if entry.unit else entry.title)
    editor.setAccessibleDescription(entry.help)
    return editor


def mark_invalid(editor: Editor, invalid: bool) -> None:
    """Give an editor the border of a bad value, or its own again."""
    set_property(editor, "invalid", invalid)


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def _kind_of_editor(entry: FieldEntry) -> type[Editor]:
    if entry.choices:
        return ChoiceField
    if entry.kind is bool:
        return SwitchField
    if entry.extra.get("holds") == "path":
        return PathField
    if entry.kind is str:
        return LinesField if entry.unit == tr("one per line") else TextField
    return NumberField
