"""One part of an example and the column that has it, with the column's first values below."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from studio.events import ColumnShown
from studio.ui.plain import tip
from studio.ui.widgets.label import ElidedLabel, PlainLabel, title

_VALUES = 2


class ColumnChoice(QWidget):
    """Emits `changed` when the person picks another column, or none."""

    changed = Signal()

    def __init__(self, name: str, columns: Sequence[ColumnShown], *, optional: bool) -> None:
        super().__init__()
        self._columns = {column.name: column for column in columns}
        self.box = QComboBox()
        self.box.setAccessibleName(f"Column for {name}")
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMaxVisibleItems(14)
        self.box.addItem("None" if optional else "Choose a column…", "")
        for column in columns:
            self.box.addItem(f"{column.name}   ({column.kind})", column.name)
            examples = tip("\n".join(column.examples))
            self.box.setItemData(self.box.count() - 1, examples, Qt.ItemDataRole.ToolTipRole)
        self.box.currentIndexChanged.connect(self._change)
        self.values = [ElidedLabel() for _ in range(_VALUES)]
        head = QHBoxLayout()
        head.addWidget(title(name))
        head.addStretch(1)
        if optional:
            aside = PlainLabel("optional")
            aside.setProperty("role", "note")
            head.addWidget(aside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(4)
        whole.addLayout(head)
        whole.addWidget(self.box)
        for label in self.values:
            label.setProperty("role", "note")
            whole.addWidget(label)
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
