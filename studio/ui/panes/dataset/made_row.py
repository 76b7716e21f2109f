"""One made row, whole: what it asks and answers, to be read or edited, beside the passage it is from."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from studio.events import MadeRow
from studio.synth.filter import grounds
from studio.ui.theme import Theme
from studio.ui.widgets.documents import PassageView
from studio.ui.widgets.label import ElidedLabel
from studio.ui.widgets.style import set_property

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_COMMAND = Qt.KeyboardModifier.ControlModifier


class MadeRowView(QWidget):
    """Emits the person's own words when they are kept, and that editing is over."""

    edited = Signal(int, str, str)  # number of the row, prompt, answer
    closed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.prompt, self.answer, self.passage = _field("Prompt"), _field("Answer"), PassageView(theme)
        self.setMinimumHeight(150)
        self._source, self._row = _caption(""), MadeRow(0, "", "", "pending", "", "", "", "", "")
        said, self._from = QVBoxLayout(), QWidget()
        said.setSpacing(4)
        for name, field, stretch in (("Prompt", self.prompt, 2), ("Answer", self.answer, 3)):
            said.addWidget(_caption(name))
            said.addWidget(field, stretch)
            field.installEventFilter(self)
        origin = QVBoxLayout(self._from)
        origin.setContentsMargins(0, 0, 0, 0)
        origin.setSpacing(6)
        origin.addWidget(self._source)
        origin.addWidget(self.passage, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addLayout(said, 1)
        row.addWidget(self._from, 1)

    @property
    def editing(self) -> bool:
        """Whether the person is changing the row."""
        return not self.answer.isReadOnly()

    def show_row(self, row: MadeRow) -> None:
        """Show a row to be read; what was typed in another one before is kept."""
        if self.editing and row.row != self._row.row:
            self.keep()
        if self.editing:
            return
        self._row = row
        self.prompt.setPlainText(row.prompt)
        self.answer.setPlainText(row.answer)
        self._from.setVisible(bool(row.passage))
        self._source.setText(f"From {row.source}")
        self.passage.show_passage(row.passage, grounds(row.answer, row.passage))

    def edit(self) -> None:
        """Let the prompt and the answer be changed, the answer first."""
        self._set_open(True)
        self.answer.setFocus()
        self.answer.moveCursor(QTextCursor.MoveOperation.End)

    def keep(self) -> None:
        """Announce what was typed."""
        prompt, answer = self.prompt.toPlainText().strip(), self.answer.toPlainText().strip()
        self._close()
        if (prompt, answer) != (self._row.prompt, self._row.answer):
            self.edited.emit(self._row.row, prompt, answer)

    def leave(self) -> None:
        """Leave the row as it was."""
        self._close()
        self.show_row(self._row)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """With Command, Enter keeps what was typed; Esc leaves the row as it was."""
        if self.editing and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in _ENTER and event.modifiers() & _COMMAND:
                self.keep()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.leave()
                return True
        return super().eventFilter(watched, event)

    def _close(self) -> None:
        self._set_open(False)
        self.closed.emit()

    def _set_open(self, is_open: bool) -> None:
        for field in (self.prompt, self.answer):
            field.setReadOnly(not is_open)
            field.setFocusPolicy(Qt.FocusPolicy.StrongFocus if is_open else Qt.FocusPolicy.ClickFocus)
            set_property(field, "role", "field" if is_open else "said")


def _field(name: str) -> QPlainTextEdit:
    field = QPlainTextEdit()
    field.setProperty("role", "said")
    field.setReadOnly(True)
    field.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    field.setTabChangesFocus(True)
    field.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    field.document().setDocumentMargin(0)
    field.setMinimumHeight(44)
    field.setAccessibleName(f"{name} of the made row")
    return field


def _caption(text: str) -> ElidedLabel:
    label = ElidedLabel(text)
    label.setProperty("role", "caption")
    return label
