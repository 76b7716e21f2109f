"""Whether an answer goes round in circles: the same words, lines or characters again and again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from studio.evaluate.scorers.scorer import plain_text, words

_LONGEST_LOOP = 60
"""Words of the longest passage whose repetition at the end is looked for."""

_TIMES, _LOOPED_WORDS = 3, 9
_GRAM, _FEWEST_GRAMS, _SHARE_AGAIN = 4, 16, 0.4
_LINES = 4
_NUMBERING = re.compile(r"^\s*(?:\d{1,4}[.)]|[-*\u2022])\s*")
_CHARACTER = re.compile(r"([^\W\d_]|[!?\u2600-\U0001faff])\1{14,}")
_SYLLABLE = re.compile(r"(\w{2,8}?)\1{6,}")


def repeats(answer: str) -> bool:
    """Whether a passage comes again so often that nobody would write it so.

    That is one at the end three times or more in a row, four tenths of all runs of four words that were there
    before, half of the lines being one line, or one character or syllable in a long row.
    """
    text = plain_text(answer)
    there = words(text)
    return bool(
        _loops(there) or _says_again(there) or _one_line(text) or _CHARACTER.search(text) or _stammers(text)
    )


def _loops(there: Sequence[str]) -> bool:
    """Whether the last words repeat what was right before them, a cut last round included."""
    for period in range(1, min(_LONGEST_LOOP, len(there) // 2) + 1):
        again = 0
        while again < len(there) - period and there[-1 - again] == there[-1 - again - period]:
            again += 1
        looped = again + period
        if looped >= max(_TIMES * period, _LOOPED_WORDS if period > 1 else _LOOPED_WORDS - 3):
            return True
    return False


def _says_again(there: Sequence[str]) -> bool:
    """Whether many runs of four words were there before."""
    grams = Counter(zip(*(there[place:] for place in range(_GRAM)), strict=False))
    total = grams.total()
    return total >= _FEWEST_GRAMS and total - len(grams) >= _SHARE_AGAIN * total


def _one_line(text: str) -> bool:
    """Whether one and the same line makes half of all lines; the numbers of a list are no part of it."""
    lines = [_NUMBERING.sub("", line).strip() for line in text.split("\n") if line.strip()]
    most, times = Counter(lines).most_common(1)[0] if lines else ("", 0)
    several = len(words(most)) > 1
    return times >= (_LINES if several else 2 * _LINES) and 2 * times >= len(lines) and bool(words(most))


def _stammers(text: str) -> bool:
    """Whether a syllable comes seven times in one word; digits may well repeat."""
    return any(not found[1].isdigit() for found in _SYLLABLE.finditer(text))
