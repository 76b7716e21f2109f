"""The rows of a dataset as a table: examples and lines that cannot train, in the order of the file."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Any

from PySide6.QtCore import QObject, Qt

from studio.catalogue import Phrase, joined
from studio.dataset.rows import LineMap
from studio.events import DatasetRead, ExampleRow, Problem
from studio.language import tr
from studio.ui.plain import tip
from studio.ui.tables.editable import ANSWER, MARK, PROMPT, REJECTED, EditableModel
from studio.ui.tables.model import BADGE, REASON, TIP_CHARACTERS, Mark, TableColumn, one_line
from studio.ui.tables.problems import as_sentence

Entry = ExampleRow | Problem

SPANNED = (PROMPT, ANSWER, REJECTED)
"""The places across which a row says why it cannot train."""
FILTERS = ("all", "attention", "train", "validation", "test")
_WORDS = {
    "row.duplicate": tr("Duplicate"),
    "row.identical": tr("Identical"),
    "row.unanswered": tr("Unanswered"),
    "row.control_text": tr("Control token"),
}


def warning_word(codes: Collection[str]) -> str:
    """What a row is warned of in a word, for its mark."""
    return next((word for code, word in _WORDS.items() if code in codes), tr("Warning"))


def example_columns(
    reason: Callable[[Any], str], badge: Callable[[Any], Mark | None], length: TableColumn[Any]
) -> tuple[TableColumn[Any], ...]:
    """The columns of a table of examples: line, prompt, answer, rejected answer, mark and `length`.

    `reason` tells why a row cannot train, and is empty where it can.
    """
    return (
        TableColumn(tr("Line"), lambda row: f"{row.line:,}", lambda row: row.line, True, "faint", width=56),
        TableColumn(
            tr("Prompt"),
            lambda row: as_sentence(one_line(reason(row))) or one_line(row.first_prompt or row.prompt),
            aside=lambda row: (
                "" if reason(row) or not row.first_prompt else tr("{turns:,} turns", turns=row.turns)
            ),
        ),
        TableColumn(tr("Answer"), lambda row: "" if reason(row) else one_line(row.answer), tone="dim"),
        TableColumn(tr("Rejected"), lambda row: "" if reason(row) else one_line(row.rejected), tone="faint"),
        TableColumn("", sort=lambda row: (badge(row) or ("~", ""))[0], badge=badge, width=100),
        length,
    )


def _reason(entry: Entry) -> str:
    return entry.reason if isinstance(entry, Problem) else ""


def _texts(row: ExampleRow) -> dict[str, str]:
    """The texts of an example by the fields that are edited."""
    return {
        "prompt": row.prompt,
        "first_prompt": row.first_prompt,
        "answer": row.answer,
        "text": row.answer,
        "rejected": row.rejected,
    }


def _badge(entry: Entry) -> Mark | None:
    if isinstance(entry, Problem):
        return (tr("Cannot train"), "bad")
    if entry.cut:
        return (tr("Cut {cut:,}", cut=entry.cut), "warn")
    return (warning_word(entry.codes), "warn") if entry.warning else None


COLUMNS = example_columns(
    _reason,
    _badge,
    TableColumn(
        tr("Tokens"),
        lambda entry: "–" if _reason(entry) else f"{entry.tokens:,}",  # noqa: RUF001
        lambda entry: 0 if _reason(entry) else entry.tokens,
        right=True,
        tone="dim",
        width=72,
    ),
)


class DatasetModel(EditableModel[Entry]):
    """Holds a dataset's rows, with what was changed by hand, and shows those that a filter lets through."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(COLUMNS, parent)
        self._entries: list[Entry] = []
        self._reasons: dict[int, list[str]] = {}
        self._places = LineMap()
        self._filter, self._search, self._lengths = "all", "", (0, 0)
        self._order: tuple[int, bool] = (0, False)

    def set_dataset(self, dataset: DatasetRead) -> None:
        reasons: defaultdict[int, list[str]] = defaultdict(list)
        phrases: defaultdict[int, list[Phrase]] = defaultdict(list)
        for problem in dataset.problems:
            reasons[problem.line].append(problem.reason)
            phrases[problem.line].append(problem.what)
        usable = {row.line for row in dataset.rows}
        lost = {
            problem.line: Problem(problem.line, joined(phrases[problem.line]))
            for problem in dataset.problems
            if problem.severity == "error" and problem.line > 0 and problem.line not in usable
        }
        self._reasons, self._places = dict(reasons), LineMap(dataset.files)
        self.is_text = dataset.format == "text"
        lines = [row.line for row in dataset.rows]
        self._entries = [*dataset.rows, *lost.values()]
        if lines == sorted(lines):  # else they were shuffled
            self._entries.sort(key=lambda entry: entry.line)
        self._refilter()

    def whole(self, row: Entry, field: str) -> str | None:
        if isinstance(row, Problem):
            return None
        return _texts(row)[field]

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

    def row_of(self, line: int) -> int | None:
        """The shown row of a line of the file; None while a filter hides it."""
        return next((row for row, entry in enumerate(self.rows) if entry.line == line), None)

    def _passes(self, kind: str) -> Callable[[Entry], bool]:
        if kind == "all":
            return lambda entry: True
        if kind == "attention":
            return self.needs_attention
        return lambda entry: isinstance(entry, ExampleRow) and entry.split == kind

    def needs_attention(self, entry: Entry) -> bool:
        return _badge(entry) is not None or entry.line in self._reasons

    def _found(self, entry: Entry) -> bool:
        texts = [entry.reason] if isinstance(entry, Problem) else _texts(entry).values()
        return any(self._search in text.casefold() for text in texts)

    def _refilter(self) -> None:
        shown = list(filter(self._passes(self._filter), self._entries))
        if self._search:
            shown = list(filter(self._found, shown))
        fewest, most = self._lengths
        if fewest or most:
            most = most or sys.maxsize
            shown = [e for e in shown if isinstance(e, ExampleRow) and fewest <= e.tokens <= most]
        column, down = self._order
        if self._order != (0, False):
            shown.sort(key=COLUMNS[column].key, reverse=down)
        self.set_rows(shown)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._order = (max(column, 0), order == Qt.SortOrder.DescendingOrder)
        self._refilter()

    def cell(self, row: Entry, place: int, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.ToolTipRole:
                return tip(self._tooltip(row, place)) or None
            case _ if role == BADGE and place == MARK:
                return self._badge(row)
            case _ if role == REASON:
                return as_sentence(one_line(_reason(row))) or None if place in SPANNED else None
        return super().cell(row, place, role)

    def _badge(self, entry: Entry) -> Mark | None:
        said = self.own_mark(entry) or _badge(entry)
        return said or ((tr("Warning"), "warn") if entry.line in self._reasons else None)

    def _tooltip(self, entry: Entry, place: int) -> str:
        if place == 0:  # among several files the lines are counted on
            return as_sentence(self._places.words(entry.line)) if self._places.several else ""
        reasons = list(self._reasons.get(entry.line, []))
        if isinstance(entry, ExampleRow):
            if place in SPANNED:
                return _texts(entry).get(self.field_of(entry, place), "")[:TIP_CHARACTERS]
            if place != MARK:
                return ""
            if entry.warning and entry.warning not in reasons:
                reasons.append(entry.warning)
        return "\n".join(map(as_sentence, reasons))
