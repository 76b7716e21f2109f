"""What a fix would do, row by row, before it is done."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QGridLayout, QScrollArea, QWidget

from studio.events import Change, Finding
from studio.language import tr
from studio.ui.dialogs.dialog import Dialog
from studio.ui.widgets.finding_row import fix_words
from studio.ui.widgets.label import PlainLabel, WrapLabel, note
from studio.ui.widgets.layout import scrolled
from studio.ui.widgets.style import hairline

_MOST_CHARACTERS = 600
_KEPT = tr("The file itself stays as it is: the fix becomes a step of the dataset, which can be undone.")


class FixDialog(Dialog):
    """Accepted when the person agrees to the fix."""

    def __init__(self, finding: Finding, changes: Sequence[Change], parent: QWidget | None = None) -> None:
        words = fix_words(finding)
        super().__init__(f"{words}: {finding.title}", _KEPT, words, parent)
        self.finding = finding
        self.setWindowTitle(words)
        self.setMinimumSize(QSize(560, 280))
        self.resize(760, min(560, 200 + 70 * len(changes)))
        shown = (
            tr("The first {count:,} of {count2:,}.", count=len(changes), count2=finding.count)
            if len(changes) < finding.count
            else ""
        )
        self.fill((self._rows(changes), 1), foot=((note(shown), 1),))

    def _rows(self, changes: Sequence[Change]) -> QScrollArea:
        inside = QWidget()
        inside.setProperty("role", "clear")
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 4, 10, 4)
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        mends = any(change.after for change in changes)
        grid.setColumnStretch(2, 1 if mends else 0)
        for head, column in ((tr("Line"), 0), (tr("Before"), 1), (tr("After"), 2)):
            if column < 2 or mends:
                label = PlainLabel(head)
                label.setProperty("role", "section")
                grid.addWidget(label, 0, column)
        top = Qt.AlignmentFlag.AlignTop
        for place, change in enumerate(changes):
            number = PlainLabel(f"{change.line:,}")
            number.setProperty("tone", "faint")
            grid.addWidget(hairline(), 2 * place + 1, 0, 1, 3)
            grid.addWidget(number, 2 * place + 2, 0, top | Qt.AlignmentFlag.AlignRight)
            grid.addWidget(_words(change.before, struck=not change.after), 2 * place + 2, 1, top)
            if change.after:
                grid.addWidget(_words(change.after), 2 * place + 2, 2, top)
        grid.setRowStretch(2 * len(changes) + 3, 1)
        area = scrolled(inside)
        area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the arrow keys scroll
        return area


def _words(text: str, *, struck: bool = False) -> WrapLabel:
    label = WrapLabel(text[:_MOST_CHARACTERS] + ("…" if len(text) > _MOST_CHARACTERS else ""))
    if struck:
        label.setProperty("tone", "faint")
        font = label.font()
        font.setStrikeOut(True)
        label.setFont(font)
    return label
