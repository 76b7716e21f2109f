"""Documents that were chosen, and a passage of one with the sentences an answer was made from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QResizeEvent, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QTextEdit, QWidget

from studio.language import tr
from studio.ui.plain import tip
from studio.ui.theme import Theme
from studio.ui.widgets.button import Button, Icon, IconButton
from studio.ui.widgets.label import ElidedLabel
from studio.ui.widgets.layout import column, row
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
        self.more = Button(tr("Add documents…"), icon="file-plus")
        self.more.clicked.connect(self.more_requested)
        self._names = column(gap=2)
        column(self._names, self.more, on=self, gap=6)

    def set_paths(self, paths: Iterable[str]) -> None:
        """Show these, each once."""
        self.paths = tuple(dict.fromkeys(paths))
        empty_layout(self._names)
        self.removers = []
        for path in self.paths[:_SHOWN]:
            self._names.addWidget(self._line(path))
        if len(self.paths) > _SHOWN:
            self._names.addWidget(ElidedLabel(tr("and {value:,} more", value=len(self.paths) - _SHOWN)))

    def add(self, paths: Iterable[str]) -> None:
        """Take in more, as an edit."""
        self.set_paths((*self.paths, *paths))
        self.changed.emit()

    def _line(self, path: str) -> QWidget:
        line, name = QWidget(), ElidedLabel(Path(path).name)
        line.setToolTip(tip(path))
        remove = IconButton("x", tr("Leave {name} out", name=Path(path).name), size=24)
        remove.clicked.connect(self._remove)
        self.removers.append(remove)
        row(Icon("file-text", 14), (name, 1), remove, on=line, inside=(2, 0, 0, 0), gap=8)
        return line

    def _remove(self) -> None:
        place = self.removers.index(self.sender())  # type: ignore[arg-type]
        self.set_paths((*self.paths[:place], *self.paths[place + 1 :]))
        self.changed.emit()


_LINE_PERCENT = 130


class PassageView(QTextEdit):
    """Shows the text dimmed, and what grounds the answer in full colour on a tint, scrolled into sight."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._text = ""
        self._marks: tuple[tuple[int, int], ...] = ()
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.document().setDocumentMargin(0)
        self.setAccessibleName(tr("The passage that the row was made from"))
        theme.changed.connect(self._draw)

    def marked(self) -> list[str]:
        """The pieces of the passage that are marked."""
        return [self._text[start:end] for start, end in self._marks]

    def show_passage(self, text: str, marks: Sequence[tuple[int, int]]) -> None:
        """Show a passage with these parts of it marked, as (start, end)."""
        self._text, self._marks = text, tuple(marks)
        self._draw()
        QTimer.singleShot(0, self, self._scroll)  # when there is a layout to scroll in

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._scroll()

    def _draw(self) -> None:
        plain, marked = QTextCharFormat(), QTextCharFormat()
        plain.setForeground(QColor(self._theme.tokens.dim if self._marks else self._theme.tokens.text))
        marked.setForeground(QColor(self._theme.tokens.text))
        marked.setBackground(QColor(self._theme.tokens.tint("good", 0.22)))
        self.clear()
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        place = 0
        for start, end in self._marks:
            cursor.insertText(self._text[place:start], plain)
            cursor.insertText(self._text[start:end], marked)
            place = end
        cursor.insertText(self._text[place:], plain)
        spaced = QTextBlockFormat()
        spaced.setLineHeight(_LINE_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(spaced)
        cursor.endEditBlock()

    def _scroll(self) -> None:
        """Bring the marks into sight, with as much of what stands before them as there is room for."""
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setValue(0)
        if not self._marks or self._rectangle(self._marks[-1][1]).bottom() <= height:
            return
        bar.setValue(self._rectangle(self._marks[0][0]).top() - height // 5)
        cut = self.cursorRect(self.cursorForPosition(QPoint(0, 0))).top()
        bar.setValue(bar.value() + cut)  # no line is cut at the top

    def _rectangle(self, place: int) -> QRect:
        """Where the cursor would stand before a character of the passage."""
        cursor = QTextCursor(self.document())
        counted = len(self._text[:place].encode("utf-16-le")) // 2  # as Qt counts
        cursor.setPosition(min(counted, self.document().characterCount() - 1))
        return self.cursorRect(cursor)
