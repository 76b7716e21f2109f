"""The columns of a file are mapped: each role gets one, and the first row shows how it would be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QStackedWidget, QWidget

from studio.dataset.read.mapping import Mapping
from studio.errors import DataError
from studio.events import ColumnsAsked, ColumnShown, ColumnsTried
from studio.language import plural, tr
from studio.ui.chat.turns import TurnView
from studio.ui.dialogs.dialog import Dialog
from studio.ui.plain import tip
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import ElidedLabel, PlainLabel, WrapLabel, title
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.popup import Combo
from studio.ui.widgets.style import empty_layout
from studio.ui.widgets.tabs import Tabs

_VALUES = 2


class ColumnChoice(QWidget):
    """Emits `changed` when the person picks another column, or none."""

    changed = Signal()

    def __init__(self, name: str, columns: Sequence[ColumnShown], *, optional: bool) -> None:
        super().__init__()
        self._columns = {column.name: column for column in columns}
        self.box = Combo()
        self.box.setAccessibleName(tr("Column for {name}", name=name))
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMaxVisibleItems(14)
        self.box.addItem(tr("None") if optional else tr("Choose a column…"), "")
        for shown in columns:
            self.box.addItem(f"{shown.name}   ({shown.kind})", shown.name)
            examples = tip("\n".join(shown.examples))
            self.box.setItemData(self.box.count() - 1, examples, Qt.ItemDataRole.ToolTipRole)
        self.box.currentIndexChanged.connect(self._change)
        self.values = [ElidedLabel() for _ in range(_VALUES)]
        for label in self.values:
            label.setProperty("role", "note")
        hint = PlainLabel("optional" if optional else "")
        hint.setProperty("role", "note")
        column(row(title(name), ..., hint), self.box, *self.values, on=self, gap=4)
        self._show_values()

    def column(self) -> str:
        """The column's name, or nothing."""
        return str(self.box.currentData())

    def choose(self, column: str) -> None:
        self.box.setCurrentIndex(max(self.box.findData(column), 0))

    def _change(self) -> None:
        self._show_values()
        self.changed.emit()

    def _show_values(self) -> None:
        column = self._columns.get(self.column())
        values = [" ".join(value.split()) for value in column.examples] if column else []
        for place, label in enumerate(self.values):
            label.setText(values[place] if place < len(values) else "")
            label.setVisible(place < len(values))


_LEFT = 344


@dataclass(frozen=True)
class Kind:
    """A kind of example: the roles it needs, and those it may have."""

    title: str
    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()


KINDS = {
    "answers": Kind(tr("Prompt and answer"), ("prompt", "answer"), ("input", "system")),
    "chat": Kind(tr("Chat"), ("messages",), ("system",)),
    "text": Kind(tr("Text"), ("text",)),
    "classification": Kind(tr("Classification"), ("text", "label")),
    "preference": Kind(tr("Preference"), ("chosen", "rejected"), ("prompt", "system")),
}
TITLES = {
    "prompt": tr("Prompt"),
    "answer": tr("Answer"),
    "input": tr("Context"),
    "system": tr("System prompt"),
    "messages": tr("Conversation"),
    "text": tr("Text"),
    "label": tr("Label"),
    "chosen": tr("Better answer"),
    "rejected": tr("Worse answer"),
}
_ALIKE = (("prompt", "text"), ("answer", "label", "chosen"))
"""Roles of different kinds that the same column probably plays."""


class ColumnsDialog(Dialog):
    """Accepted when the person uses the columns; `columns` is then what to write in the recipe."""

    trial_wanted = Signal(str)  # columns that make an example, as the recipe writes them

    def __init__(self, asked: ColumnsAsked, parent: QWidget | None = None) -> None:
        what = tr("{name} has {count:,} columns.", name=Path(asked.path).name, count=len(asked.columns))
        why = tr("{what} Say what the examples are, and which column has each part of one.", what=what)
        super().__init__(tr("Map columns"), why, tr("Use these columns"), parent)
        self.path = asked.path
        self._columns = asked.columns
        self.setMinimumSize(QSize(760, 480))
        self.resize(920, 600)
        self.kinds = Tabs([(key, kind.title) for key, kind in KINDS.items()], "segment")
        self.kinds.chosen.connect(self._turn)
        self.choices: dict[str, ColumnChoice] = {}
        self.preview, self.status = TurnView(), WrapLabel()
        self._lay_out()
        self._begin(_mapping(asked.guess))

    def columns(self) -> str:
        """The choice as the recipe's `data.columns`; empty while something is missing."""
        mapping = self._chosen()
        return mapping.written if mapping.format and not self._missing() else ""

    def show_trial(self, trial: ColumnsTried) -> None:
        """How the first rows read, unless something else was chosen meanwhile."""
        if trial.columns != self.columns():
            return
        self.preview.set_turns(trial.turns)
        self._card.set_value(tr("line {line:,}", line=trial.line) if trial.turns else "")
        self._stack.setCurrentIndex(0 if trial.turns else 1)
        self._empty.setText(tr("None of the first rows can be read so."))
        if trial.read == trial.rows:
            self._say(
                plural(
                    trial.rows, "The first row can be read.", "All of the first {count:,} rows can be read."
                ),
                "dim",
            )
        else:
            self._say(
                plural(
                    trial.rows,
                    "{read:,} of the first row can be read. {reason}",
                    "{read:,} of the first {count:,} rows can be read. {reason}",
                    read=trial.read,
                    reason=trial.reason,
                ),
                "warn",
            )
        self.agree.setEnabled(trial.read > 0)

    def show_problem(self, sentence: str) -> None:
        """Say why the columns cannot be used so."""
        self.preview.set_turns(())
        self._stack.setCurrentIndex(1)
        self._say(sentence, "warn")
        self.agree.setEnabled(False)

    def _lay_out(self) -> None:
        left, page = QWidget(), QWidget()
        left.setFixedWidth(_LEFT)
        self._roles = column(on=left, gap=12)
        self._empty = WrapLabel(tone="dim")
        column(self._empty, ..., on=page)
        self._stack = QStackedWidget()
        for widget in (self.preview, page):
            self._stack.addWidget(widget)
        self._card = Card(tr("The first row, as it would be read"))
        self._card.body.addWidget(self._stack)
        self.fill(row(self.kinds, ...), (row(left, (self._card, 1), gap=20), 1), foot=((self.status, 1),))

    def _begin(self, guess: Mapping) -> None:
        self._known = {role: column for role, column in guess if column}
        given = set(self._known) - {"system"}
        fitting = (key for key, kind in KINDS.items() if given and given <= {*kind.needed, *kind.optional})
        self.kinds.choose(next(fitting, "answers"))

    def _turn(self, key: str) -> None:
        """Show the roles of a kind of example; what was chosen for one like them stays chosen."""
        kind = KINDS[key]
        empty_layout(self._roles)
        self.choices = {}
        for role in (*kind.needed, *kind.optional):
            choice = ColumnChoice(TITLES[role], self._columns, optional=role in kind.optional)
            choice.choose(self._probable(role, kind))
            choice.changed.connect(self._change)
            self.choices[role] = choice
            self._roles.addWidget(choice)
        self._roles.addStretch(1)
        self.choices[kind.needed[0]].box.setFocus()
        self._change()

    def _probable(self, role: str, kind: Kind) -> str:
        alike = next((group for group in _ALIKE if role in group), ()) if role in kind.needed else ()
        known = [self._known[each] for each in (role, *alike) if each in self._known]
        if not known and role == "messages":
            known = [column.name for column in self._columns if column.kind == "array"]
        return known[0] if known else ""

    def _change(self) -> None:
        self._known |= {role: choice.column() for role, choice in self.choices.items() if choice.column()}
        for role, choice in self.choices.items():
            if not choice.column():
                self._known.pop(role, None)
        if missing := self._missing():
            self._empty.setText(tr("It is shown here once every part has its column."))
            self._card.set_value("")
            self.show_problem(missing)
        else:
            self.agree.setEnabled(False)
            self.trial_wanted.emit(self.columns())

    def _missing(self) -> str:
        """What is still to be chosen, as a sentence."""
        kind = KINDS[self.kinds.current]
        for role in kind.needed:
            if not self.choices[role].column():
                return tr("Choose the column for {TITLES}.", TITLES=TITLES[role])
        names = [choice.column() for choice in self.choices.values() if choice.column()]
        twice = next((name for name in names if names.count(name) > 1), "")
        return (
            tr("“{twice}” is chosen twice. Each part needs a column of its own.", twice=twice)
            if twice
            else ""
        )

    def _chosen(self) -> Mapping:
        return Mapping(**{role: choice.column() for role, choice in self.choices.items()})

    def _say(self, sentence: str, tone: str) -> None:
        self.status.set_tone(tone)
        self.status.setText(sentence)


def _mapping(written: str) -> Mapping:
    try:
        return Mapping.parse(written)
    except DataError:
        return Mapping()
