"""The rows of a file too big to hold, as a table: pages of rows come when they are looked at."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from studio.errors import DataError
from studio.ui.plain import tip
from studio.ui.tables.dataset import BADGE, REASON, TONE, warning_word
from studio.ui.tables.problems import as_sentence

Index = QModelIndex | QPersistentModelIndex

PAGE = 32
"""Rows that are fetched at once: a millisecond's work."""

_PAGES = 64
"""Pages that are remembered."""

_WAITING = "…"


class LargeRow(Protocol):
    """A row of a big file, as its index keeps it; `state` is 0 good, 1 to be looked at, 2 bad."""

    @property
    def number(self) -> int: ...
    @property
    def line(self) -> int: ...
    @property
    def state(self) -> int: ...
    @property
    def reason(self) -> str: ...
    @property
    def codes(self) -> Sequence[str]: ...
    @property
    def prompt(self) -> str: ...
    @property
    def answer(self) -> str: ...
    @property
    def characters(self) -> int: ...


class LargeRows(Protocol):
    """Where pages come from. Both methods cost what they return, and raise DataError."""

    @property
    def rows(self) -> int: ...
    def page(self, start: int, count: int) -> Sequence[LargeRow]: ...
    def rows_at(self, numbers: Sequence[int]) -> Sequence[LargeRow]: ...


@dataclass(frozen=True)
class LargeColumn:
    """One column; `sort` is the name by which rows can be sorted by it, if they can."""

    title: str
    text: Callable[[LargeRow], str]
    sort: str = ""
    right: bool = False
    tone: str = "text"


LARGE_COLUMNS = (
    LargeColumn("Line", lambda row: f"{row.line:,}", "line", right=True, tone="faint"),
    LargeColumn("Prompt", lambda row: row.prompt),
    LargeColumn("Answer", lambda row: row.answer, tone="dim"),
    LargeColumn("", lambda row: "", "state"),
    LargeColumn(
        "Characters",
        lambda row: f"{row.characters:,}" if row.state != 2 else "–",  # noqa: RUF001
        "characters",
        right=True,
        tone="dim",
    ),
)
"""Prompt and answer stand where the small table has them: a reason runs across both."""

_REASON_COLUMNS = (1, 2)


class LargeTableModel(QAbstractTableModel):
    """Shows all rows of an index, or those whose numbers are found; remembers the pages last looked at."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source: LargeRows | None = None
        self._found: Any = None  # row numbers, mapped from a file; None for all rows
        self._shown = 0
        self._pages: OrderedDict[int, list[LargeRow]] = OrderedDict()

    def set_source(self, source: LargeRows | None) -> None:
        """Show all rows of another index, or none."""
        self.beginResetModel()
        self._source, self._found = source, None
        self._pages.clear()
        self._shown = source.rows if source is not None else 0
        self.endResetModel()

    def show_all(self) -> None:
        """Take back a filter, a search and an order."""
        if self._found is not None:
            self.set_source(self._source)

    def show_found(self, file: Path) -> None:
        """Show the rows whose numbers the file holds; rows shown already stay where they are."""
        found = np.load(file, mmap_mode="r")
        if self._continues(found):
            self._found = found
            self._add(len(found))
            return
        self.beginResetModel()
        self._found = found
        self._pages.clear()
        self._shown = len(found)
        self.endResetModel()

    def grow(self) -> None:
        """Add the rows that the index has by now, unless only found ones are shown."""
        if self._source is not None and self._found is None:
            self._add(self._source.rows)

    def row(self, place: int) -> LargeRow | None:
        """The row shown at a place; None when it cannot be had."""
        rows = self._page(place // PAGE)
        return rows[place % PAGE] if place % PAGE < len(rows) else None

    def _continues(self, found: Any) -> bool:
        before = self._found
        return (
            before is not None and len(before) <= len(found) and bool((found[: len(before)] == before).all())
        )

    def _add(self, rows: int) -> None:
        if rows > self._shown:
            self._pages.pop(self._shown // PAGE, None)  # the last one was not full
            self.beginInsertRows(QModelIndex(), self._shown, rows - 1)
            self._shown = rows
            self.endInsertRows()

    def _page(self, page: int) -> list[LargeRow]:
        if page in self._pages:
            self._pages.move_to_end(page)
            return self._pages[page]
        rows = self._fetch(page * PAGE, min(PAGE, self._shown - page * PAGE))
        self._pages[page] = rows
        if len(self._pages) > _PAGES:
            self._pages.popitem(last=False)
        return rows

    def _fetch(self, start: int, count: int) -> list[LargeRow]:
        if self._source is None or count <= 0:
            return []
        try:
            if self._found is None:
                return list(self._source.page(start, count))
            return list(self._source.rows_at(self._found[start : start + count].tolist()))
        except DataError:  # the index was removed; what is shown of it stays a placeholder
            return []

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._shown

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(LARGE_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return LARGE_COLUMNS[section].title
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(LARGE_COLUMNS[section])
        return None

    def data(self, index: Index, role: int = 0) -> Any:
        """What a cell is painted with is asked for six times: most can be told without the row."""
        place = index.column()
        column = LARGE_COLUMNS[place]
        if role == TONE:
            return column.tone
        if role == _ALIGNMENT:
            return _ALIGNMENTS[place]
        if (role == BADGE and column.title) or (role == REASON and place not in _REASON_COLUMNS):
            return None
        return self._of_row(index.row(), place, role) if role in _ROLES else None

    def _of_row(self, number: int, place: int, role: int) -> Any:
        row = self.row(number)
        if row is None:
            return _WAITING if role == _TEXT else None
        if role == BADGE:
            return _mark(row)
        if role == _TEXT:
            return (
                as_sentence(row.reason) if row.state == 2 and place == 1 else LARGE_COLUMNS[place].text(row)
            )
        if role == REASON and row.state != 2:
            return None
        said = as_sentence(row.reason) if row.reason else ""
        return (said if role == REASON else tip(said)) or None


def _mark(row: LargeRow) -> tuple[str, str] | None:
    if row.state == 2:
        return ("Cannot train", "bad")
    return (warning_word(row.codes), "warn") if row.state == 1 else None


def _alignment(column: LargeColumn) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


_TEXT, _ALIGNMENT = int(Qt.ItemDataRole.DisplayRole), int(Qt.ItemDataRole.TextAlignmentRole)
_ROLES = (_TEXT, BADGE, REASON, int(Qt.ItemDataRole.ToolTipRole))
_ALIGNMENTS = [_alignment(column) for column in LARGE_COLUMNS]
