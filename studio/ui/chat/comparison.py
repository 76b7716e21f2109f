"""Two answers compared: which words are in one of them only, and a text that marks them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from PySide6.QtGui import QColor, QTextCharFormat

from studio.ui.chat.text import GrowingText
from studio.ui.theme import Theme

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_MOST_WORDS = 1500
"""Of longer texts the words are not compared: it takes the square of their number."""

type WordRun = tuple[str, bool]
"""A part of a text, and whether the other text lacks it."""


def word_difference(one: str, other: str) -> tuple[list[WordRun], list[WordRun]]:
    """Both texts in stretches that spell them, each with whether it is in that text only.

    Words are compared as `difflib.SequenceMatcher` does; a space between two changed ones is changed, too.
    """
    words, others = _WORDS.findall(one), _WORDS.findall(other)
    if max(len(words), len(others)) > _MOST_WORDS:
        return [(one, one != other)] if one else [], [(other, one != other)] if other else []
    matcher = SequenceMatcher(None, words, others, autojunk=False)
    left: list[WordRun] = []
    right: list[WordRun] = []
    for tag, low, high, from_, to in matcher.get_opcodes():
        changed = tag != "equal"
        left.append(("".join(words[low:high]), changed))
        right.append(("".join(others[from_:to]), changed))
    return list(_merged(left)), list(_merged(right))


def _merged(stretches: list[WordRun]) -> Iterator[WordRun]:
    """Stretches with equal neighbours put together; a space between two changed ones is changed."""
    filled = [each for each in stretches if each[0]]
    text, changed = "", False
    for place, (piece, is_changed) in enumerate(filled):
        around = [each[1] for each in (*filled[max(place - 1, 0) : place], *filled[place + 1 : place + 2])]
        if piece.isspace() and len(around) == 2 and all(around):
            is_changed = True
        if text and is_changed != changed:
            yield text, changed
            text = ""
        text, changed = text + piece, is_changed
    if text:
        yield text, changed


class ComparedText(GrowingText):
    """An answer whose words are marked where the other one lacks them."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__("answerText")
        self._theme, self._tone = theme, "accent"
        self._stretches: Sequence[WordRun] = ()
        self.setAccessibleName(name)
        theme.changed.connect(self._draw)

    def show_text(self, stretches: Sequence[WordRun], tone: str) -> None:
        """Show these, those that are changed underlined and tinted."""
        self._stretches, self._tone = stretches, tone
        self._draw()

    def marked(self) -> list[str]:
        """The stretches that the other answer lacks."""
        return [text for text, changed in self._stretches if changed]

    def _draw(self) -> None:
        self.clear()
        for text, changed in self._stretches:
            look = QTextCharFormat()
            if changed and text.strip():
                look.setBackground(QColor(self._theme.tokens.tint(self._tone, 0.16)))
                look.setFontUnderline(True)
                look.setUnderlineColor(QColor(self._theme.tokens.tint(self._tone, 0.7)))
            self.append_text(text, look)
