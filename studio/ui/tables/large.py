"""The rows of a file too big to hold, as a table: pages of rows come when they are looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PySide6.QtCore import QModelIndex, QObject, Qt

from studio.errors import DataError
from studio.language import tr
from studio.ui.plain import tip
from studio.ui.tables.dataset import SPANNED, example_columns, warning_word
from studio.ui.tables.editable import MARK, EditableModel
from studio.ui.tables.model import BADGE, REASON, Mark, TableColumn
from studio.ui.tables.problems import as_sentence

PAGE = 32
"""Rows that are fetched at once: a millisecond's work."""

_PAGES = 64
"""Pages that are remembered."""


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
    @property
    def first_prompt(self) -> str: ...
    @property
    def rejected(self) -> str: ...
    @property
    def turns(self) -> int: ...


class LargeRows(Protocol):
    """Where pages come from. Both methods cost what they return, and raise DataError."""

    @property
    def rows(self) -> int: ...
    def page(self, start: int, count: int) -> Sequence[LargeRow]: ...
    def rows_at(self, numbers: Sequence[int]) -> Sequence[LargeRow]: ...


class Pages(Sequence[Any]):
    """All rows of a source, or those whose numbers are found; one that cannot be had is None.

    The pages last looked at are remembered.
    """

    def __init__(self, source: LargeRows | None = None, found: Any = None) -> None:
        self._source, self.found = source, found  # row numbers, mapped from a file; None for all rows
        self._count = self.available()
        self._page = lru_cache(_PAGES)(self._fetch)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: Any) -> Any:
        rows = self._page(place // PAGE)
        return rows[place % PAGE] if place % PAGE < len(rows) else None

    def available(self) -> int:
        """How many rows there are by now."""
        if self.found is not None:
            return len(self.found)
        return self._source.rows if self._source is not None else 0

    def remembered(self) -> int:
        """How many pages are remembered."""
        return self._page.cache_info().currsize

    def grow(self) -> None:
        """Take in the rows that there are by now; the last page may not have been full."""
        self._count = self.available()
        self._page.cache_clear()

    def found_in(self, numbers: Any) -> Pages:
        """The rows of the same source that have these numbers."""
        return Pages(self._source, numbers)

    def _fetch(self, page: int) -> Sequence[LargeRow]:
        start = page * PAGE
        count = min(PAGE, self._count - start)
        if self._source is None or count <= 0:
            return []
        try:
            if self.found is None:
                return self._source.page(start, count)
            return self._source.rows_at(self.found[start : start + count].tolist())
        except DataError:  # the index was removed; what is shown of it stays a placeholder
            return []


def _reason(row: LargeRow) -> str:
    return row.reason if row.state == 2 else ""


def _badge(row: LargeRow) -> Mark | None:
    if row.state == 2:
        return (tr("Cannot train"), "bad")
    return (warning_word(row.codes), "warn") if row.state == 1 else None


LARGE_COLUMNS = example_columns(
    _reason,
    _badge,
    TableColumn(
        tr("Characters"),
        lambda row: "–" if _reason(row) else f"{row.characters:,}",  # noqa: RUF001
        lambda row: row.characters,
        right=True,
        tone="dim",
        width=96,
    ),
)


class LargeTableModel(EditableModel[Any]):
    """Shows all rows of an index, or those whose numbers are found; the one read whole can be changed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(LARGE_COLUMNS, parent)
        self.rows: Pages = Pages()
        self._line, self._texts = 0, dict[str, str]()

    def set_whole(self, line: int, texts: Mapping[str, str]) -> None:
        """Let the row on this line be changed: all of its texts by field."""
        self._line, self._texts = line, dict(texts)

    def whole(self, row: LargeRow, field: str) -> str | None:
        return self._texts.get(field) if row.line == self._line else None

    def set_source(self, source: LargeRows | None) -> None:
        """Show all rows of another index, or none."""
        self.set_rows(Pages(source))

    def show_all(self) -> None:
        """Take back a filter, a search and an order."""
        if self.rows.found is not None:
            self.set_rows(self.rows.found_in(None))

    def show_found(self, file: Path) -> None:
        """Show the rows whose numbers the file holds; rows shown already stay where they are."""
        before, found = self.rows.found, np.load(file, mmap_mode="r")
        if before is not None and np.array_equal(found[: len(before)], before):
            self.rows.found = found
            self._add()
        else:
            self.set_rows(self.rows.found_in(found))

    def grow(self) -> None:
        """Add the rows that the index has by now, unless only found ones are shown."""
        if self.rows.found is None:
            self._add()

    def _add(self) -> None:
        if self.rows.available() > len(self.rows):
            self.beginInsertRows(QModelIndex(), len(self.rows), self.rows.available() - 1)
            self.rows.grow()
            self.endInsertRows()

    def cell(self, row: LargeRow, place: int, role: int) -> Any:
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(as_sentence(row.reason)) or None
        if role == BADGE and place == MARK and (mark := self.own_mark(row)) is not None:
            return mark
        if role == REASON:
            return as_sentence(_reason(row)) or None if place in SPANNED else None
        return super().cell(row, place, role)
