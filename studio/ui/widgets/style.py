"""Dynamic properties: how a widget tells the style sheet what it is, without a colour of its own."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLayout, QWidget


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
