"""A table of rows whose texts a person changes in their cells; what is changed is kept elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from PySide6.QtCore import QModelIndex, QObject, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QTableView

from studio.events import Problem
from studio.language import tr
from studio.ui.tables.model import BADGE, LENT, STRUCK, TONE, Index, Mark, TableColumn, TableModel, one_line

PROMPT, ANSWER, REJECTED, MARK = 1, 2, 3, 4
"""The places of four columns in every table of examples."""
_FIELDS = {PROMPT: "prompt", ANSWER: "answer", REJECTED: "rejected"}


class HasLine(Protocol):
    """A row that is known by its line in the file; `first_prompt` as an ExampleRow has it."""

    @property
    def line(self) -> int: ...
    @property
    def first_prompt(self) -> str: ...


class EditableModel[Row: HasLine | Problem](TableModel[Row]):
    """Shows new texts in place of the file's, and which rows are left out."""

    edited = Signal(int, str, str)  # line, field, its new text

    def __init__(self, columns: Sequence[TableColumn[Row]], parent: QObject | None = None) -> None:
        super().__init__(columns, parent=parent)
        self._changes: Mapping[tuple[int, str], str] = {}
        self._edited: frozenset[int] = frozenset()
        self._deleted: frozenset[int] = frozenset()
        self.is_text = False

    def set_changes(
        self, changes: Mapping[tuple[int, str], str], edited: frozenset[int], deleted: frozenset[int]
    ) -> None:
        """Show new texts by line and field, as a step's Edit has it, which rows were edited, and which go."""
        self._changes, self._edited, self._deleted = changes, edited, deleted
        self.repaint()

    def whole(self, row: Row, field: str) -> str | None:
        """All of what the file has in a field; None where it cannot be changed."""
        raise NotImplementedError

    def field_of(self, row: Row | None, column: int) -> str:
        """The field of a row that a column shows; empty where it shows none."""
        if self.is_text:
            return "text" if column == ANSWER else ""
        if column == PROMPT and row is not None and not isinstance(row, Problem) and row.first_prompt:
            return "first_prompt"
        return _FIELDS.get(column, "")

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if self.is_text and section == ANSWER and role == Qt.ItemDataRole.DisplayRole:
            return tr("Text")
        return super().headerData(section, orientation, role)

    def own_mark(self, row: Row) -> Mark | None:
        """What a person did to a row."""
        if row.line in self._deleted:
            return (tr("Deleted"), "dim")
        return (tr("Edited"), "accent") if row.line in self._edited else None

    def _text(self, row: Row, field: str) -> str | None:
        whole = self.whole(row, field)
        return whole if whole is None else self._changes.get((row.line, field), whole)

    def flags(self, index: Index) -> Qt.ItemFlag:
        row, flags = self.rows[index.row()], super().flags(index)
        field = self.field_of(row, index.column())
        if not field or row is None or row.line in self._deleted or self.whole(row, field) is None:
            return flags
        return flags | Qt.ItemFlag.ItemIsEditable

    def setData(self, index: Index, value: Any, role: int = int(Qt.ItemDataRole.EditRole)) -> bool:
        row = self.rows[index.row()]
        field = self.field_of(row, index.column())
        if not field or row is None or self._text(row, field) in (None, value):
            return False
        self.edited.emit(row.line, field, str(value))
        return True

    def cell(self, row: Row, place: int, role: int) -> Any:
        field = self.field_of(row, place)
        match role:
            case Qt.ItemDataRole.EditRole if field:
                return self._text(row, field)
            case Qt.ItemDataRole.DisplayRole if (row.line, field) in self._changes:
                return one_line(self._changes[row.line, field])
            case _ if role == LENT:
                return place == MARK and self.cell(row, MARK, BADGE) is None
            case _ if role == STRUCK:
                return row.line in self._deleted and bool(field)
            case _ if role == TONE and row.line in self._deleted:
                return "faint"
        return super().cell(row, place, role)


class RowsView(QTableView):
    """Home and End go to the first and the last row, as in a list."""

    def is_editing(self) -> bool:
        """Whether a cell is being edited."""
        return self.state() == QAbstractItemView.State.EditingState

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        rows = {
            QAbstractItemView.CursorAction.MoveHome: 0,
            QAbstractItemView.CursorAction.MoveEnd: self.model().rowCount() - 1,
        }
        if action not in rows:
            return super().moveCursor(action, modifiers)
        return self.model().index(rows[action], max(0, self.currentIndex().column()))
