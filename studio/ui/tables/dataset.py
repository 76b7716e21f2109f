"""The rows of a dataset as a table: examples and lines that cannot train, in the order of the file."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from studio.catalogue import Phrase, joined
from studio.events import DatasetRead, ExampleRow, Problem
from studio.ui.plain import tip
from studio.ui.tables.problems import as_sentence

Index = QModelIndex | QPersistentModelIndex
Entry = ExampleRow | Problem

BADGE = int(Qt.ItemDataRole.UserRole) + 1
"""The role under which a row's mark is asked for: (text, tone), or None."""
TONE = int(Qt.ItemDataRole.UserRole) + 2
"""The role under which the tone of a cell's text is asked for: a theme token's name."""

REASON = int(Qt.ItemDataRole.UserRole) + 3
"""The role under which the texts of a row that cannot train say why, across both of their columns."""

FILTERS = ("all", "attention", "train", "validation", "test")
_SHOWN_CHARACTERS = 300
_WORDS = {
    "row.duplicate": "Duplicate",
    "row.identical": "Identical",
    "row.unanswered": "Unanswered",
    "row.control_text": "Control token",
}


def one_line(text: str) -> str:
    """The beginning of a text on one line, for a cell."""
    return " ".join(text[:_SHOWN_CHARACTERS].split())


def badge(entry: Entry) -> tuple[str, str] | None:
    """The mark of a row and its tone; None for a row that needs no attention."""
    if isinstance(entry, Problem):
        return ("Cannot train", "bad")
    if entry.cut:
        return (f"Cut {entry.cut:,}", "warn")
    if entry.warning:
        return (warning_word(entry.codes), "warn")
    return None


def warning_word(codes: Collection[str]) -> str:
    """What a row is warned of in a word, for its mark."""
    return next((word for code, word in _WORDS.items() if code in codes), "Look")


@dataclass(frozen=True)
class Column:
    """One column: its head, what a row says in it, and how rows sort by it."""

    title: str
    text: Callable[[Entry], str]
    sort: Callable[[Entry], Any]
    right: bool = False
    tone: str = "text"


def _prompt(entry: Entry) -> str:
    return as_sentence(one_line(entry.reason)) if isinstance(entry, Problem) else one_line(entry.prompt)


def _answer(entry: Entry) -> str:
    return "" if isinstance(entry, Problem) else one_line(entry.answer)


def _tokens(entry: Entry) -> int:
    return 0 if isinstance(entry, Problem) else entry.tokens


COLUMNS = (
    Column("Line", lambda entry: f"{entry.line:,}", lambda entry: entry.line, right=True, tone="faint"),
    Column("Prompt", _prompt, lambda entry: _prompt(entry).casefold()),
    Column("Answer", _answer, lambda entry: _answer(entry).casefold(), tone="dim"),
    Column("", lambda entry: "", lambda entry: (badge(entry) or ("~", ""))[0]),
    Column(
        "Tokens",
        lambda entry: f"{entry.tokens:,}" if isinstance(entry, ExampleRow) else "–",  # noqa: RUF001
        _tokens,
        right=True,
        tone="dim",
    ),
)


SPANNED = ("Prompt", "Answer")
STRUCK = int(Qt.ItemDataRole.UserRole) + 4
"""The role under which the texts of a row that was deleted are asked for: True."""


class DatasetModel(QAbstractTableModel):
    """Holds a dataset's rows, with what was changed by hand, and shows those that a filter lets through."""

    edited = Signal(int, str, str)  # line, field, its new text

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[Entry] = []
        self._shown: list[Entry] = []
        self._reasons: dict[int, list[str]] = {}
        self._changes: Mapping[tuple[int, str], str] = {}
        self._deleted: frozenset[int] = frozenset()
        self._is_text = False
        self._filter, self._search, self._lengths = "all", "", (0, 0)
        self._order: tuple[int, bool] = (0, False)

    def set_dataset(self, dataset: DatasetRead) -> None:
        reasons: defaultdict[int, list[str]] = defaultdict(list)
        said: defaultdict[int, list[Phrase]] = defaultdict(list)
        for problem in dataset.problems:
            reasons[problem.line].append(problem.reason)
            said[problem.line].append(problem.what)
        usable = {row.line for row in dataset.rows}
        lost = {
            problem.line: Problem(problem.line, joined(said[problem.line]))
            for problem in dataset.problems
            if problem.severity == "error" and problem.line > 0 and problem.line not in usable
        }
        self._reasons = dict(reasons)
        self._is_text = dataset.format == "text"
        self._entries = sorted((*dataset.rows, *lost.values()), key=lambda entry: entry.line)
        self._refilter()

    def set_changes(self, changes: Mapping[tuple[int, str], str], deleted: frozenset[int]) -> None:
        """Show new texts by line and field (prompt, answer or text), and which rows are left out."""
        self._changes, self._deleted = changes, deleted
        if self._shown:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._shown) - 1, len(COLUMNS) - 1))

    def field_of(self, column: int) -> str:
        """The field that a column shows; empty where it shows none."""
        title = COLUMNS[column].title
        if self._is_text:
            return "text" if title == "Answer" else ""
        return title.casefold() if title in SPANNED else ""

    def is_changed(self, line: int) -> bool:
        """Whether a row's texts are others than those in the file."""
        return any((line, field) in self._changes for field in ("prompt", "answer", "text"))

    def is_deleted(self, line: int) -> bool:
        return line in self._deleted

    def _whole(self, entry: ExampleRow, field: str) -> str:
        return self._changes.get((entry.line, field), entry.prompt if field == "prompt" else entry.answer)

    def flags(self, index: Index) -> Qt.ItemFlag:
        entry, flags = self._shown[index.row()], super().flags(index)
        changeable = isinstance(entry, ExampleRow) and entry.line not in self._deleted
        return flags | Qt.ItemFlag.ItemIsEditable if changeable and self.field_of(index.column()) else flags

    def setData(self, index: Index, value: Any, role: int = int(Qt.ItemDataRole.EditRole)) -> bool:
        entry, field = self._shown[index.row()], self.field_of(index.column())
        if not isinstance(entry, ExampleRow) or not field or value == self._whole(entry, field):
            return False
        self.edited.emit(entry.line, field, str(value))
        return True

    def show(
        self, *, kind: str | None = None, search: str | None = None, lengths: tuple[int, int] | None = None
    ) -> None:
        """Let through the rows of one of FILTERS whose prompt, answer or reason holds `search`.

        `lengths` are the fewest and the most tokens, 0 for no limit; what cannot train has no length.
        """
        self._filter = self._filter if kind is None else kind
        self._search = self._search if search is None else search.strip().casefold()
        self._lengths = lengths or self._lengths
        self._refilter()

    def counts(self) -> dict[str, int]:
        """How many rows each filter lets through, without the search."""
        return {kind: sum(map(self._passes(kind), self._entries)) for kind in FILTERS}

    def entry(self, row: int) -> Entry:
        return self._shown[row]

    def row_of(self, line: int) -> int | None:
        """The shown row of a line of the file; None while a filter hides it."""
        return next((row for row, entry in enumerate(self._shown) if entry.line == line), None)

    def _passes(self, kind: str) -> Callable[[Entry], bool]:
        if kind == "all":
            return lambda entry: True
        if kind == "attention":
            return self.needs_attention
        return lambda entry: isinstance(entry, ExampleRow) and entry.split == kind

    def needs_attention(self, entry: Entry) -> bool:
        if isinstance(entry, Problem):
            return True
        return bool(entry.cut or entry.warning or entry.line in self._reasons)

    def _found(self, entry: Entry) -> bool:
        if isinstance(entry, Problem):
            return self._search in entry.reason.casefold()
        return self._search in entry.prompt.casefold() or self._search in entry.answer.casefold()

    def _refilter(self) -> None:
        self.beginResetModel()
        passes = self._passes(self._filter)
        self._shown = [entry for entry in self._entries if passes(entry)]
        if self._search:
            self._shown = [entry for entry in self._shown if self._found(entry)]
        fewest, most = self._lengths
        if fewest or most:
            most = most or sys.maxsize
            self._shown = [
                entry
                for entry in self._shown
                if isinstance(entry, ExampleRow) and fewest <= entry.tokens <= most
            ]
        column, down = self._order
        if self._order != (0, False):
            self._shown.sort(key=COLUMNS[column].sort, reverse=down)
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._order = (max(column, 0), order == Qt.SortOrder.DescendingOrder)
        self._refilter()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return COLUMNS[section].title
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(COLUMNS[section])
        return None

    def data(self, index: Index, role: int = 0) -> Any:
        entry, column = self._shown[index.row()], COLUMNS[index.column()]
        field = self.field_of(index.column())
        if isinstance(entry, ExampleRow) and field:
            if role == Qt.ItemDataRole.EditRole:
                return self._whole(entry, field)
            if role == Qt.ItemDataRole.DisplayRole and (entry.line, field) in self._changes:
                return one_line(self._whole(entry, field))
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.text(entry)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.ToolTipRole:
                return tip(self._tooltip(entry, column) or "") or None
        if role == BADGE and not column.title:
            return self._own_mark(entry) or badge(entry) or self._other_mark(entry)
        if role == STRUCK:
            return entry.line in self._deleted and bool(field)
        if role == REASON and isinstance(entry, Problem) and column.title in SPANNED:
            return as_sentence(one_line(entry.reason))
        if role == TONE:
            return "faint" if entry.line in self._deleted else column.tone
        return None

    def _own_mark(self, entry: Entry) -> tuple[str, str] | None:
        if entry.line in self._deleted:
            return ("Deleted", "dim")
        changed = self.is_changed(entry.line)
        return ("Edited", "accent") if changed else None

    def _other_mark(self, entry: Entry) -> tuple[str, str] | None:
        return ("Look", "warn") if entry.line in self._reasons else None

    def _tooltip(self, entry: Entry, column: Column) -> str | None:
        reasons = list(self._reasons.get(entry.line, []))
        if isinstance(entry, Problem) or not column.title:
            if isinstance(entry, ExampleRow) and entry.warning and entry.warning not in reasons:
                reasons.append(entry.warning)
            return "\n".join(map(as_sentence, reasons)) or None
        if column.title in ("Prompt", "Answer"):
            return (entry.prompt if column.title == "Prompt" else entry.answer)[:1500] or None
        return None


def _alignment(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
