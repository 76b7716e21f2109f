"""One model for every table: columns as data, over rows that are a list or come in pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from studio.ui.plain import tip
from studio.ui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
Mark = tuple[str, str]
"""A word and its tone, painted as a badge."""

SORT = int(Qt.ItemDataRole.UserRole)
"""The role of what a cell sorts by."""
BADGE = SORT + 1
"""The role of a row's mark, or None."""
TONE = SORT + 2
"""The role of the tone of a cell's text: a theme token's name."""
REASON = SORT + 3
"""The role of why a row cannot train, for a text across several columns."""
STRUCK = SORT + 4
"""The role of whether a cell's text is struck through."""
ROW = SORT + 5
"""The role of the row itself."""
ASIDE = SORT + 6
"""The role of a few faint words at the end of a cell."""
LENT = SORT + 7
"""The role of whether a cell has nothing to show, and lends its room to the text before it."""

_SHOWN_CHARACTERS = 300
TIP_CHARACTERS = 1500
"""So much of a long text is shown in a tooltip."""
_DISPLAY, _TIP = int(Qt.ItemDataRole.DisplayRole), int(Qt.ItemDataRole.ToolTipRole)
_FOREGROUND, _ALIGNMENT = int(Qt.ItemDataRole.ForegroundRole), int(Qt.ItemDataRole.TextAlignmentRole)
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


def one_line(text: str) -> str:
    """The beginning of a text on one line, for a cell."""
    return " ".join(text[:_SHOWN_CHARACTERS].split())


@dataclass(frozen=True, eq=False)
class TableColumn[Row]:
    """One column: its head, what a row says in it, what rows sort by (None: that text), and its look.

    `right` is for figures. `width` is in pixels; 0 shares the room that is left. A table narrower than
    `from_width` leaves the column out.
    """

    title: str
    text: Callable[[Row], str] = lambda row: ""
    sort: Callable[[Row], Any] | None = None
    right: bool = False
    tone: str | Callable[[Row], str] = "text"
    tip: Callable[[Row], str] | None = None
    badge: Callable[[Row], Mark | None] | None = None
    aside: Callable[[Row], str] | None = None
    width: int = 0
    from_width: int = 0

    @property
    def alignment(self) -> Qt.AlignmentFlag:
        """Where its texts and its head stand."""
        return _RIGHT if self.right else _LEFT

    def key(self, row: Row) -> Any:
        """What a row sorts by."""
        return self.sort(row) if self.sort else self.text(row).casefold()

    def tone_of(self, row: Row) -> str:
        """The tone of a row's text."""
        return self.tone if isinstance(self.tone, str) else self.tone(row)


class TableModel[Row](QAbstractTableModel):
    """Shows rows by columns; a row that cannot be had is None.

    With a theme, texts take the colour of their tone without a delegate.
    """

    tips_are_texts = False
    """Whether a column without a tip of its own shows its text, which may be cut."""

    def __init__(
        self,
        columns: Sequence[TableColumn[Row]] = (),
        *,
        theme: Theme | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self.rows: Sequence[Row] = []
        self._theme = theme
        if theme is not None:
            theme.changed.connect(self.repaint)

    def set_rows(self, rows: Sequence[Row], columns: Sequence[TableColumn[Row]] | None = None) -> None:
        """Show these rows instead, by other columns where they are given."""
        self.beginResetModel()
        self.rows = rows
        if columns is not None:
            self.columns = tuple(columns)
        self.endResetModel()

    def repaint(self) -> None:
        """Show again what the rows say."""
        if self.rows:
            last = self.index(len(self.rows) - 1, len(self.columns) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def titles(self) -> list[str]:
        return [column.title for column in self.columns]

    def cell(self, row: Row, place: int, role: int) -> Any:
        """What a row says in a column under a role; a model with more to say adds it here."""
        column = self.columns[place]
        match role:
            case _ if role == _DISPLAY:
                return column.text(row)
            case _ if role == _TIP:
                describe = column.tip or (column.text if self.tips_are_texts else None)
                return tip(describe(row)) or None if describe else None
            case _ if role == TONE:
                return column.tone_of(row)
            case _ if role == BADGE:
                return column.badge(row) if column.badge else None
            case _ if role == ASIDE:
                return column.aside(row) if column.aside else None
            case _ if role == SORT:
                return column.key(row)
            case _ if role == _FOREGROUND and self._theme is not None and column.tone != "text":
                return QColor(getattr(self._theme.tokens, column.tone_of(row)))
            case _ if role == ROW:
                return row
        return None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return None
        column = self.columns[section]
        return {_DISPLAY: column.title, _ALIGNMENT: column.alignment}.get(int(role))

    def data(self, index: Index, role: int = 0) -> Any:
        if role == _ALIGNMENT:
            return self.columns[index.column()].alignment
        if (row := self.rows[index.row()]) is not None:
            return self.cell(row, index.column(), role)
        return "…" if role == _DISPLAY else None
