"""A row of filters, one of which is on, each with its count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget


class FilterChips(QWidget):
    """Chips given as (key, label). Emits the key of the one that the person turns on."""

    chosen = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels = dict(choices)
        self._chips: dict[str, QPushButton] = {}
        group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for key, label in choices:
            chip = QPushButton(label)
            chip.setProperty("role", "chip")
            chip.setCheckable(True)
            chip.clicked.connect(self._announce)
            group.addButton(chip)
            row.addWidget(chip)
            self._chips[key] = chip
        self._chips[choices[0][0]].setChecked(True)

    @property
    def current(self) -> str:
        return next(key for key, chip in self._chips.items() if chip.isChecked())

    def choose(self, key: str) -> None:
        """Turn a chip on as a click would."""
        self._chips[key].click()

    def set_counts(self, counts: Mapping[str, int]) -> None:
        """Write each count behind its chip's label. Keys that are not named keep theirs."""
        for key, count in counts.items():
            self._chips[key].setText(f"{self._labels[key]} {count:,}")

    def label(self, key: str) -> str:
        return self._chips[key].text()

    def _announce(self) -> None:
        self.chosen.emit(self.current)
