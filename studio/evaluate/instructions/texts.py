"""How a text is divided where it is counted: words, sentences, lines."""

from __future__ import annotations

import re

CLOSING = "\"')]*_\u201d\u2019\u00bb"
"""What may follow the mark that ends a sentence, and belongs to it."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_END = re.compile(
    rf"[.!?…]++[{re.escape(CLOSING)}]*+(?=\s|$)"
    r"|[\u3002\uff01\uff1f]+[\u300d\u300f\u201d\u2019]*"  # of Chinese and Japanese, where no space follows
    r"|\n[^\S\n]*\n\s*"
)
_NEVER_LAST = frozenset(("mr.", "mrs.", "ms.", "dr.", "prof.", "st.", "mt.", "vs.", "e.g.", "i.e.", "cf."))
"""What ends in a full stop that does not end a sentence."""

_BEFORE_FIGURES = frozenset(("no.", "fig.", "p.", "pp.", "approx.", "vol."))
_BEFORE_SMALL = frozenset(("etc.", "sr.", "jr.", "inc.", "ltd.", "a.m.", "p.m."))
"""What ends in a full stop and goes on where a figure, or a small letter, follows."""


def words_in(text: str) -> list[str]:
    """The words as written; "don't" and "well-known" are one each, signs are none."""
    return _WORD.findall(text)


def lines_in(text: str) -> list[str]:
    """The lines that hold something, without the space around them."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def sentences_in(text: str) -> list[str]:
    """The sentences: up to a mark that ends one, an empty line, or the end of the text.

    A title ("Dr."), an initial ("J. Smith"), a decimal ("3.5") and the number of an item in a list ("2.") end
    none; what holds no letter and no figure is none.
    """
    found, start = [], 0
    for end in _END.finditer(text):
        if not _goes_on(text[start : end.end()], text[end.end() : end.end() + 40]):
            found.append(text[start : end.end()].strip())
            start = end.end()
    found.append(text[start:].strip())
    return [sentence for sentence in found if any(map(str.isalnum, sentence))]


def _goes_on(before: str, after: str) -> bool:
    """Whether the full stop at the end of `before` stands inside a sentence."""
    if not before.endswith("."):
        return False
    word = before.rsplit(None, 1)[-1].lstrip("([\"'*_\u201c\u2018")
    follows = after.lstrip()[:1]
    if word.lower() in _BEFORE_FIGURES:
        return follows.isdigit()
    if word.lower() in _BEFORE_SMALL:
        return follows.islower()
    if len(word) == 2 and word[0].isupper() and word[0] != "I":
        return follows.isupper()  # an initial, if a name follows
    return word.lower() in _NEVER_LAST or _numbers_an_item(before, word)


def _numbers_an_item(before: str, word: str) -> bool:
    """Whether the last word is the number of a list's item: it begins its line."""
    return word[:-1].isdigit() and before.rpartition("\n")[2].strip(" \t*_-") == word
