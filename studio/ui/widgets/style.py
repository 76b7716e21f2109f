"""Dynamic properties: how a widget tells the style sheet what it is, without a colour of its own."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFrame, QLayout, QProgressBar, QWidget

from studio.ui.theme import STILL


def show_progress(bar: QProgressBar, done: int, total: int | None) -> None:
    """Let a bar show how far something is; with no total it only moves, or stands where that is asked."""
    application = QApplication.instance()
    if not total and application is not None and application.property(STILL):
        bar.setRange(0, 2)
        bar.setValue(1)
        return
    bar.setRange(0, total or 0)
    bar.setValue(done)


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet selects on, and redraw the widget if it changed."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    if widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        widget.style().unpolish(widget)
        widget.style().polish(widget)
        widget.update()


def hairline() -> QFrame:
    """A horizontal line one pixel high."""
    line = QFrame()
    line.setProperty("role", "hairline")
    return line


def empty_layout(layout: QLayout) -> None:
    """Remove and delete everything in a layout."""
    while (item := layout.takeAt(0)) is not None:
        if widget := item.widget():
            widget.hide()
            widget.deleteLater()
        elif inner := item.layout():
            empty_layout(inner)
