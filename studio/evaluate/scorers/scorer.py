"""What a scorer is, and how the texts that it compares are made alike."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import regex

from studio.catalogue import Unusable
from studio.evaluate.scorers.overlap import UNSPACED

type Grade = Callable[[str], float]
"""How good an answer is, from 0 to 1, against what a scorer was prepared with."""

SHARE, SCORE = "share", "score"
"""The units: an answer is right or not, or right to a degree between 0 and 1."""


@dataclass(frozen=True)
class Scorer:
    """One way to score an answer.

    `prepare` takes what is wanted (the value of a check, or else the ideal answer) and the check's options,
    and gives the grade of an answer; it raises Unusable for what this scorer cannot be given. An answer
    passes from `passes` on. `names` are those that others call it by. `needs_value` is whether the ideal
    answer cannot stand for the value.
    """

    key: str
    title: str
    help: str
    unit: str
    prepare: Callable[[Any, Mapping[str, Any]], Grade]
    passes: float = 1.0
    options: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    needs_value: bool = False


def against_texts(
    compare: Callable[[str, str], float],
) -> Callable[[Any, Mapping[str, Any]], Grade]:
    """What prepares a scorer that compares an answer with a text; of several texts the best counts."""

    def prepare(value: Any, options: Mapping[str, Any]) -> Grade:
        wanted = texts_of(value)
        return lambda answer: max(compare(answer, text) for text in wanted)

    return prepare


def texts_of(value: Any) -> Sequence[str]:
    """The texts of a value: one, a number as it is written, or several in a list. Raises Unusable."""
    several = value if isinstance(value, list) else [value]
    texts = [str(one) if _is_number(one) else one for one in several]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise Unusable("scorer.no_text")
    return texts


def plain_text(text: str) -> str:
    """The text with one kind of line end, composed characters, and no white space around it."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def folded(text: str) -> str:
    """The text in one case, with straight quotes and single spaces."""
    return " ".join(plain_text(text).translate(_QUOTES).casefold().split())


def words(text: str) -> list[str]:
    """The words of a text in lower case; each character of a script without spaces is one.

    Of text in ASCII these are what `rouge-score` takes for words: runs of letters and digits.
    """
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    return [str(word) for word in _WORD.findall(unicodedata.normalize("NFC", text).lower())]


_QUOTES = str.maketrans("\u2018\u2019\u201a\u201c\u201d\u201e\u00a0", "'''\"\"\" ")
_ASCII_WORD = re.compile("[a-z0-9]+")  # in a tenth of the time
_WORD = regex.compile(rf"{UNSPACED.pattern}\p{{M}}*|(?:(?!{UNSPACED.pattern})[\p{{L}}\p{{M}}\p{{N}}])+")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
