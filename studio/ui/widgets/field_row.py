"""One line of a form: a title, an editor, and below it what is wrong with the value."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from studio.errors import RecipeError
from studio.train.recipe import FieldEntry, Recipe
from studio.ui.widgets.editors import editor_for, mark_invalid
from studio.ui.widgets.label import WrapLabel

TITLE_WIDTH = 98


class FormRow(QWidget):
    """A title of fixed width beside a widget."""

    def __init__(self, title: str, widget: QWidget) -> None:
        super().__init__()
        self.label = QLabel(title)
        self.label.setProperty("tone", "dim")
        self.label.setFixedWidth(TITLE_WIDTH)
        self.label.setBuddy(widget)
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setVerticalSpacing(3)
        self.grid.setHorizontalSpacing(8)
        self.grid.addWidget(self.label, 0, 0)
        self.grid.addWidget(widget, 0, 1)
        self.grid.setColumnStretch(1, 1)


class FieldRow(FormRow):
    """The row of one field of the recipe; it checks its own value and shows the sentence when it is bad."""

    edited = Signal()
    entered = Signal(str)

    def __init__(self, entry: FieldEntry) -> None:
        self.editor = editor_for(entry)
        super().__init__(entry.title, self.editor)
        self.entry = entry
        self._error: WrapLabel | None = None
        self.label.setToolTip(entry.help)
        self.editor.installEventFilter(self)
        self.editor.edited.connect(self._on_edited)

    def value(self) -> str:
        return self.editor.value()

    def show_recipe(self, recipe: Recipe) -> None:
        """Take the field's value from a recipe, which is valid by its type."""
        self.editor.set_value(self.entry.value(recipe))
        self._show_problem("")

    def problem(self) -> str:
        """What is wrong with the value as a sentence, or nothing."""
        if not self.value() and not self.entry.optional:
            return f"{self.entry.title} needs a value."
        try:
            Recipe().with_values({self.entry.path: self.value()})
        except RecipeError as error:
            return str(error).replace(f" ({self.entry.path})", "")
        return ""

    def shown_problem(self) -> str:
        return self._error.text() if self._error else ""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn:
            self.entered.emit(self.entry.help)
        return super().eventFilter(watched, event)

    def _on_edited(self) -> None:
        self._show_problem(self.problem())
        self.edited.emit()

    def _show_problem(self, sentence: str) -> None:
        mark_invalid(self.editor, bool(sentence))
        if self._error is None and sentence:
            self._error = WrapLabel(role="error")
            self.grid.addWidget(self._error, 1, 1)
        if self._error is not None:
            self._error.setText(sentence)
            self._error.setVisible(bool(sentence))
