"""Documents that were chosen, each with a way to leave it out, and a button for more."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.ui.plain import tip
from studio.ui.widgets.button import Button, Icon, IconButton
from studio.ui.widgets.label import ElidedLabel
from studio.ui.widgets.style import empty_layout

_SHOWN = 6


class DocumentList(QWidget):
    """Names of files from top to bottom. Emits that there are others now, and that more are wanted."""

    changed = Signal()
    more_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.paths: tuple[str, ...] = ()
        self.removers: list[IconButton] = []
        self.more = Button("Add documents…", icon="file-plus")
        self.more.clicked.connect(self.more_requested)
        self._names = QVBoxLayout()
        self._names.setSpacing(2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(self._names)
        column.addWidget(self.more)

    def set_paths(self, paths: Iterable[str]) -> None:
        """Show these, each once."""
        self.paths = tuple(dict.fromkeys(paths))
        empty_layout(self._names)
        self.removers = []
        for path in self.paths[:_SHOWN]:
            self._names.addWidget(self._line(path))
        if len(self.paths) > _SHOWN:
            self._names.addWidget(ElidedLabel(f"and {len(self.paths) - _SHOWN:,} more"))

    def add(self, paths: Iterable[str]) -> None:
        """Take in more, as an edit."""
        self.set_paths((*self.paths, *paths))
        self.changed.emit()

    def _line(self, path: str) -> QWidget:
        line, name = QWidget(), ElidedLabel(Path(path).name)
        line.setToolTip(tip(path))
        remove = IconButton("x", f"Leave {Path(path).name} out", size=24)
        remove.clicked.connect(self._remove)
        self.removers.append(remove)
        row = QHBoxLayout(line)
        row.setContentsMargins(2, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(Icon("file-text", 14))
        row.addWidget(name, 1)
        row.addWidget(remove)
        return line

    def _remove(self) -> None:
        place = self.removers.index(self.sender())  # type: ignore[arg-type]
        self.set_paths((*self.paths[:place], *self.paths[place + 1 :]))
        self.changed.emit()
