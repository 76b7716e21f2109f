"""A form made from the fields of a pydantic model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QScrollArea, QWidget

from studio.recipe.entry import FieldEntry
from studio.ui.form.row import RESET, FieldRow
from studio.ui.form.section import FormSection
from studio.ui.form.words import is_hidden_when_idle, matches, why_idle
from studio.ui.widgets.layout import Sides, clear, column, scrolled

_ROOM = (0, 0, 8, 0)
"""Beside the scroll bar."""


def wide_enough(entries: Iterable[FieldEntry], widget: QWidget) -> int:
    """How wide the titles of these fields are, in pixels, with the way back to the default beside them."""
    widths = (widget.fontMetrics().horizontalAdvance(entry.title) for entry in entries)
    return max(widths, default=0) + RESET + 8


class Form(QWidget):
    """Edits values of fields: basic ones first, the rest folded into sections. `changed` after every edit.

    Which fields apply beside the others their declarations say (`needs`, `idle_with`). A section's rows are
    made when it is first unfolded; until then the values that were set stay. `picked` are fields that the
    person chooses elsewhere, such as in the rows `above`, which are out of sight during a search. Titles are
    as wide as they need to be where `title_width` is 0. With `hides_idle` a section shows only fields with an
    effect; else it says why the others have none.
    """

    changed = Signal()
    entered = Signal(str)  # the help of the field that the person came to

    def __init__(
        self,
        entries: Iterable[FieldEntry],
        sections: Mapping[str, str] | None = None,
        *,
        picked: Sequence[str] = (),
        title_width: int = 0,
        scrolls: bool = False,
        hides_idle: bool = False,
        above: Sequence[QWidget] = (),
    ) -> None:
        super().__init__()
        self.entries = {entry.path: entry for entry in entries}
        self.given = {path: entry.default for path, entry in self.entries.items()}
        self.rows: dict[str, FieldRow] = {}
        self._title_width = title_width or wide_enough(self.entries.values(), self)
        self._locked, self._hides_idle = False, hides_idle
        self.sought = ""
        self._above = list(above)
        self.sections = {
            group: self._section(group, title)
            for group, title in (sections or {}).items()
            if self.advanced(group)
        }
        basic = [path for path, e in self.entries.items() if e.level == "basic" and path not in picked]
        self._basic = [self._add_row(path) for path in basic]
        self._below = column(gap=2)
        for section in self.sections.values():
            self._below.addWidget(section)
        inside: Sides = _ROOM if scrolls else (0, 0, 0, 0)
        self._rows = column(*above, *self._basic, *((4, self._below) if self.sections else ()))
        body = clear(self._rows, ..., inside=inside)
        self.column = column((scrolled(body) if scrolls else body, 1), on=self)
        """The form itself, and what is put below it."""
        self.arrange()

    def advanced(self, group: str) -> list[FieldEntry]:
        """The fields that are folded into a section."""
        return [e for e in self.entries.values() if e.group == group and e.level == "advanced"]

    def values(self) -> dict[str, str]:
        """What is written in the rows there are, by path."""
        return {path: row.value() for path, row in self.rows.items()}

    def known(self) -> dict[str, Any]:
        """Every value as it was last understood."""
        return {**self.given, **{path: row.known for path, row in self.rows.items()}}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show values by path, and leave the others as they are; nothing is announced."""
        self.given |= values
        for path, row in self.rows.items():
            if path in values:
                row.set_value(values[path])
        self.arrange()

    def row(self, path: str) -> FieldRow:
        """The row of a field by its path, made now if its section was never unfolded."""
        if path not in self.rows:
            self.sections[self.entries[path].group].build()
        return self.rows[path]

    def lead_to(self, path: str) -> FieldRow:
        """Bring a field into sight, unfolding its section, and put the focus into it."""
        row = self.row(path)
        if self.entries[path].level == "advanced":
            self.sections[self.entries[path].group].set_open(True)
        row.editor.setFocus(Qt.FocusReason.OtherFocusReason)
        if isinstance(area := self.findChild(QScrollArea), QScrollArea):
            QTimer.singleShot(0, area, lambda: area.ensureWidgetVisible(row))  # once it has its place
        return row

    def prepend(self, row: QWidget) -> None:
        """Put a row above the others; it is out of sight during a search."""
        self._rows.insertWidget(0, row)
        self._above.insert(0, row)

    def problem(self) -> str:
        """The first sentence about a value that cannot be, or nothing."""
        return next((s for row in self.rows.values() if (s := row.shown_problem())), "")

    def is_valid(self) -> bool:
        """Whether every value can be, and no two contradict each other."""
        return not self.problem()

    def set_locked(self, locked: bool) -> None:
        """Whether the values may be read but not changed."""
        self._locked = locked
        for row in self.rows.values():
            row.set_locked(locked)

    def arrange(self) -> bool:
        """Show what applies and what was looked for; whether anything was found."""
        for above in self._above:
            above.setVisible(not self.sought)
        known = self.known()
        found = [self._arrange_basic(row, known) for row in self._basic]
        found += [self._arrange_section(group, known) for group in self.sections]
        return any(found)

    def on_edited(self) -> None:
        """A value is another one now."""
        self.arrange()
        self.changed.emit()

    def _section(self, group: str, title: str) -> FormSection:
        section = FormSection(title, lambda: [self._add_row(entry.path) for entry in self.advanced(group)])
        section.built.connect(self.arrange)
        return section

    def _add_row(self, path: str) -> FieldRow:
        row = self.rows[path] = FieldRow(self.entries[path], self._title_width)
        row.set_value(self.given[path])
        row.set_locked(self._locked)
        row.edited.connect(self.on_edited)
        row.entered.connect(self.entered)
        return row

    def _arrange_basic(self, row: FieldRow, known: Mapping[str, Any]) -> bool:
        """A basic field without effect is hidden, unless it was looked for or the cause is folded away."""
        reason = "" if row.shown_problem() else why_idle(row.entry, known, self.entries)
        is_found = matches(row.entry, self.sought)
        hides = bool(reason) and not self.sought and is_hidden_when_idle(row.entry, self.entries)
        row.set_idle(reason)
        row.setVisible(is_found and not hides)
        return is_found

    def _arrange_section(self, group: str, known: Mapping[str, Any]) -> bool:
        section, entries = self.sections[group], self.advanced(group)
        reasons = {entry.path: why_idle(entry, known, self.entries) for entry in entries}
        all_idle = next(iter(reasons.values())) if len(set(reasons.values())) == 1 else ""
        for row in section.rows:
            row.set_idle("" if row.shown_problem() or all_idle else reasons[row.entry.path])
            rests = all_idle or (self._hides_idle and reasons[row.entry.path])
            row.setVisible(matches(row.entry, self.sought) and (not rests or bool(row.shown_problem())))
        bad = any(row.shown_problem() for row in section.rows)
        section.show_state(sum(known[entry.path] != entry.default for entry in entries), bad, all_idle)
        is_found = any(matches(entry, self.sought) for entry in entries)
        section.setVisible(is_found)
        return is_found
