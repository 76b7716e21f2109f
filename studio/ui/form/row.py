"""One line of a form: a title, an editor, the way back to the default, and below it what is wrong."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from studio.language import tr
from studio.recipe.entry import FieldEntry
from studio.ui.form.editors import LinesField, SwitchField, editor_for, mark_invalid, text_of
from studio.ui.form.words import choice_word
from studio.ui.plain import keyless, tip
from studio.ui.widgets.button import IconButton
from studio.ui.widgets.label import PlainLabel, WrapLabel
from studio.ui.widgets.style import set_property

TITLE_WIDTH = 122
RESET = 20
MARK = 18
"""The side of the mark that asks about a field, in pixels, at the right of its row."""

_ASK = (Qt.Key.Key_F1, Qt.Key.Key_Help)


class Questions(QObject):
    """Says which field a person asks about, in whichever form."""

    asked = Signal(object)  # FieldEntry


questions = Questions()


class HelpMark(IconButton):
    """Asks about a field; Tab passes it by, as F1 in the field does the same."""

    def __init__(self, entry: FieldEntry) -> None:
        super().__init__("circle-question-mark", tr("What is {title}? (F1)", title=entry.title), size=MARK)
        self._entry = entry
        self.setFixedSize(MARK, MARK)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.clicked.connect(self.ask)

    def ask(self) -> None:
        """Ask what the field is."""
        questions.asked.emit(self._entry)


class FormRow(QWidget):
    """A title of fixed width beside a widget; `above`: over it, `far`: with all the room between them.

    At the right a mark leads to the page about `entry`, where that is given.
    """

    def __init__(
        self,
        title: str,
        widget: QWidget,
        place: str = "beside",
        title_width: int = TITLE_WIDTH,
        entry: FieldEntry | None = None,
    ) -> None:
        super().__init__()
        self._place, self._title_width = place, title_width
        self.label = PlainLabel(keyless(title))  # beside a buddy, & marks a key
        self.label.setProperty("tone", "dim")
        self.label.setBuddy(widget)
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setVerticalSpacing(3)
        self.grid.setHorizontalSpacing(6)
        self.grid.addWidget(self.label, 0, 0)
        if place == "above":
            self.grid.addWidget(widget, 1, 0, 1, 3)
        else:
            self.grid.addWidget(widget, 0, 1)
        self.grid.setColumnStretch(0 if place == "far" else 1, 1)
        if place == "far":
            self.grid.setRowMinimumHeight(0, 30)
        else:
            self.label.setFixedWidth(title_width)
        self.mark = None if entry is None else HelpMark(entry)
        if self.mark is not None:
            self.grid.addWidget(self.mark, 0, 2, Qt.AlignmentFlag.AlignVCenter)


class FieldRow(FormRow):
    """The row of one field; it checks its own value and shows the sentence when it is bad."""

    edited = Signal()
    entered = Signal(str)

    def __init__(self, entry: FieldEntry, title_width: int = TITLE_WIDTH) -> None:
        self.editor = editor_for(entry)
        place = {SwitchField: "far", LinesField: "above"}.get(type(self.editor), "beside")
        super().__init__(entry.title, self.editor, place, title_width, entry)
        self.entry = entry
        self.known = entry.default
        """The value as it was last understood."""
        self._error: WrapLabel | None = None
        self._note: WrapLabel | None = None
        self._reset: IconButton | None = None
        self._locked = False
        self._idle = self._sentence = ""
        self.label.setToolTip(tip(entry.help))
        self.editor.installEventFilter(self)
        self.editor.edited.connect(self._on_edited)

    def value(self) -> str:
        return self.editor.value()

    def set_value(self, value: Any) -> None:
        """Show a value; nothing is announced."""
        self.editor.set_value(value)
        self._check("" if value == self.entry.default else self.problem())

    def problem(self) -> str:
        """What is wrong with the value as a sentence, or nothing."""
        return self.entry.problem(self.value())

    def shown_problem(self) -> str:
        """The sentence under the field, or nothing."""
        return self._sentence

    def is_changed(self) -> bool:
        """Whether the value is another one than the default, however it is written."""
        value, default = self.value(), text_of(self.entry.default)
        if value == default:
            return False
        try:
            return float(value) != float(default)
        except ValueError:
            return True

    def tab_stops(self) -> list[QWidget]:
        """What Tab goes through in this row, in order."""
        return [self.editor, self._reset] if self._reset is not None else [self.editor]

    def reset(self) -> None:
        """Back to the default, as an edit."""
        self.enter(self.entry.default)

    def enter(self, value: Any) -> None:
        """Another value, as an edit."""
        self.editor.set_value(value)
        self._on_edited()

    def set_locked(self, locked: bool) -> None:
        """Whether the value may be read but not changed."""
        self._locked = locked
        self.editor.set_locked(locked)
        if self._idle:
            self.editor.setEnabled(False)
        if self._reset is not None:
            self._reset.setEnabled(not locked)

    def set_idle(self, reason: str) -> None:
        """Say why the field has no effect now and close it; open it again with an empty reason."""
        if reason == self._idle:
            return
        self._idle = reason
        if self._note is None:
            self._note = WrapLabel(role="note")
            self.grid.addWidget(self._note, 3, 0, 1, 2)
        self._note.setText(reason)
        self._note.setVisible(bool(reason))
        self.editor.setEnabled(not reason)
        set_property(self.label, "tone", "faint" if reason else "dim")
        if not reason:
            self.editor.set_locked(self._locked)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn:
            self.entered.emit(self.entry.help)
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() in _ASK:
            questions.asked.emit(self.entry)
            return True
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_reset()

    def _on_edited(self) -> None:
        self._check(self.problem())
        self.edited.emit()

    def _check(self, problem: str) -> None:
        self._show_problem(problem)
        self._show_reset()
        with suppress(ValidationError):  # what cannot be understood leaves what was known
            self.known = self.entry.read(self.value())

    def _show_problem(self, sentence: str) -> None:
        self._sentence = sentence
        mark_invalid(self.editor, bool(sentence))
        if self._error is None and sentence:
            self._error = WrapLabel(role="error")
            column = 1 if self._place == "beside" else 0
            self.grid.addWidget(self._error, 2, column, 1, 2 - column)
        if self._error is not None:
            self._error.setText(sentence)
            self._error.setVisible(bool(sentence))

    def _show_reset(self) -> None:
        shown = self.is_changed()
        if self._reset is None and shown:
            default = choice_word(self.entry.path, text_of(self.entry.default))
            words = {"true": "on", "false": "off", "": "automatic" if self.entry.optional else "nothing"}
            label = tr("Reset {title} to {get}", title=self.entry.title, get=words.get(default, default))
            self._reset = IconButton("rotate-ccw", label, self, size=RESET)
            self._reset.setFixedSize(RESET, RESET)
            self._reset.setEnabled(not self._locked)
            self._reset.clicked.connect(self.reset)
            self.setTabOrder(self.editor, self._reset)
            self._place_reset()
        if self._reset is not None:
            self._reset.setVisible(shown)

    def _place_reset(self) -> None:
        if self._reset is None:
            return
        end = self.width() - MARK - self.grid.horizontalSpacing()
        right = {SwitchField: end - 40, LinesField: end}.get(type(self.editor), self._title_width)
        middle = self.label.height() if isinstance(self.editor, LinesField) else 30
        self._reset.move(right - RESET, max(middle - RESET, 0) // 2)
