"""A row of filters, one of which is on, each with its count."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QPushButton, QWidget

from studio.ui.plain import keyless


class FilterChips(QWidget):
    """Chips given as (key, label). Emits the key of the one that the person turns on."""

    chosen = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels = dict(choices)
        self._chips: dict[str, QPushButton] = {}
        group = QButtonGroup(self)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(4)
        for key, label in choices:
            chip = QPushButton(keyless(label))
            chip.setProperty("role", "chip")
            chip.setCheckable(True)
            chip.clicked.connect(self._announce)
            group.addButton(chip)
            self._chips[key] = chip
        self._place(len(choices))
        self._chips[choices[0][0]].setChecked(True)

    def width_in_one_row(self) -> int:
        """What all chips beside each other take."""
        widths = [chip.sizeHint().width() for chip in self._chips.values() if not chip.isHidden()]
        return sum(widths) + 4 * (len(widths) - 1)

    def fit(self, width: int) -> None:
        """Use two rows where one does not fit."""
        whole = len(self._chips)
        self._place(whole if self.width_in_one_row() <= width else (whole + 1) // 2)

    def minimumSizeHint(self) -> QSize:
        widest = max(chip.sizeHint().width() for chip in self._chips.values())
        return QSize(2 * widest, super().minimumSizeHint().height())

    def _place(self, columns: int) -> None:
        for index, chip in enumerate(self._chips.values()):
            self._grid.addWidget(chip, index // columns, index % columns)
        self._grid.setColumnStretch(len(self._chips), 1)

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

    def set_offered(self, keys: Collection[str]) -> None:
        """Show only the chips of these keys."""
        for key, chip in self._chips.items():
            chip.setVisible(key in keys)

    def label(self, key: str) -> str:
        return self._chips[key].text()

    def _announce(self) -> None:
        self.chosen.emit(self.current)
