"""Text from data as text, where Qt would read more into it: tooltips are HTML to it, & marks a key."""

from __future__ import annotations

from html import escape

from PySide6.QtGui import Qt


def tip(text: str) -> str:
    """A tooltip that shows this text, whatever is written in it."""
    if not Qt.mightBeRichText(text):
        return text
    return f'<span style="white-space: pre-wrap">{escape(text)}</span>'


def keyless(text: str) -> str:
    """The text of a menu entry or a button, in which & is an &."""
    return text.replace("&", "&&")
