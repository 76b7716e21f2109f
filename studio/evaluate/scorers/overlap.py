"""Whether an answer says what the ideal one says: exact match and word overlap.

Exact match and word overlap are those of SQuAD (Rajpurkar et al., 2016 and 2018): lower case, no ASCII
punctuation, no English articles, white space made one. A pair with a script that writes no spaces between
words is treated as MLQA does (Lewis et al., 2020): no punctuation of any script, articles kept, each
character of such a script a word. They differ from the published scripts in two places, where those take
wrong answers for right ones: answers of which no word is left are compared as text ("+" is not "-"), and
where everything else is equal, so must be the signs at letters and numbers that stand alone ("C++" is not
"C#", "-5" is not "5").
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_ASCII = str.maketrans("", "", string.punctuation)
UNSPACED = re.compile(
    "[\u0e00-\u0eff"  # Thai, Lao
    "\u0f00-\u0fff"  # Tibetan
    "\u1000-\u109f\uaa60-\uaa7f\ua9e0-\ua9ff"  # Myanmar
    "\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf"  # Khmer, Tai Le, New Tai Lue, Tai Tham
    "\u3005-\u3007\u3031-\u3035\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # Kana and its marks
    "\u3100-\u312f\u31a0-\u31bf"  # Bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"  # Han
)
"""A character of a script that writes no spaces between words."""

_SIGNED = re.compile(r"(?<!\w)([+\-<>]*)([^\W\d_]|\d+(?:[.,]\d+)*)([+\-#]*)(?!\w)")
"""A letter or a number that stands alone, with the signs that touch it."""


def exact_match(answer: str, ideal: str) -> bool:
    """Whether two answers are the same but for case, white space, punctuation and articles."""
    given, wanted = _words_of_both(answer, ideal)
    return _same(answer, ideal) if given == wanted else False


def word_overlap(answer: str, ideal: str) -> float:
    """The F1 of shared words, 0 to 1."""
    given, wanted = _words_of_both(answer, ideal)
    if given == wanted:
        if _same(answer, ideal):
            return 1.0
        given, wanted = (_with_signs(text, words) for text, words in ((answer, given), (ideal, wanted)))
    shared = sum((Counter(given) & Counter(wanted)).values())
    return 2 * shared / (len(given) + len(wanted)) if shared else 0.0


def _words_of_both(answer: str, ideal: str) -> tuple[list[str], list[str]]:
    """The words of the two after normalization; the articles only where they hold nothing else."""
    if UNSPACED.search(answer) or UNSPACED.search(ideal):
        return _characters(answer), _characters(ideal)
    given, wanted = _plain(answer), _plain(ideal)
    without = [_ARTICLES.sub(" ", text).split() for text in (given, wanted)]
    return (without[0], without[1]) if any(without) else (given.split(), wanted.split())


def _plain(text: str) -> str:
    return text.lower().translate(_ASCII)


def _characters(text: str) -> list[str]:
    """As MLQA divides Chinese: spaced words whole, each character of a script without spaces a word."""
    kept = "".join(c for c in text.lower() if not unicodedata.category(c).startswith("P"))
    return UNSPACED.sub(lambda found: f" {found[0]} ", kept.translate(_ASCII)).split()


def _same(answer: str, ideal: str) -> bool:
    """Whether two answers of the same words have the same signs, or, without words, the same text."""
    if not _words_of_both(answer, ideal)[0]:
        return answer.lower().split() == ideal.lower().split()
    return _signs(answer) == _signs(ideal)


def _signs(text: str) -> list[str]:
    """What stands alone with its signs: "c++", "-5"; without those that have none."""
    found = (match.groups() for match in _SIGNED.finditer(text.lower()))
    return [before + name + after for before, name, after in found if before or after]


def _with_signs(text: str, words: list[str]) -> list[str]:
    """The words, those with signs as they are written."""
    signed = Counter(_signs(text))
    bare = Counter(_plain(sign) for sign in signed.elements())
    return list(((Counter(words) - bare) + signed).elements())
