"""Answers against texts: the same, the same in other dress, holding it, alike in words or in characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from studio.catalogue import Unusable
from studio.evaluate.scorers.overlap import UNSPACED, exact_match, word_overlap
from studio.evaluate.scorers.scorer import SCORE, SHARE, Grade, Scorer, against_texts, folded, texts_of
from studio.evaluate.scorers.scorer import plain_text as plain
from studio.language import tr


def _contains(value: Any, options: Mapping[str, Any]) -> Grade:
    """Whether one of the texts is in the answer as whole words, in any case unless `case` is true."""
    cased = options.get("case", False)
    if not isinstance(cased, bool):
        raise Unusable("scorer.no_truth", name="case")
    made = (lambda text: " ".join(plain(text).split())) if cased else folded
    wanted = [made(text) for text in texts_of(value)]
    if not all(wanted):
        raise Unusable("scorer.empty_text")
    return lambda answer: float(any(_holds(made(answer), text) for text in wanted))


def _holds(answer: str, text: str) -> bool:
    """Whether the text stands in the answer where no word goes on before or behind it, and no number.

    So that "5" is not in "15", "-5" or "5.3"; scripts without spaces have no ends of words.
    """
    place = answer.find(text)
    while place >= 0:
        end = place + len(text)
        if not (_goes_on(answer, place - 1, text[0], -1) or _goes_on(answer, end, text[-1], 1)):
            return True
        place = answer.find(text, place + 1)
    return False


def _goes_on(answer: str, place: int, edge: str, step: int) -> bool:
    """Whether the word or number, of which `edge` is the last character wanted, goes on at `place`."""
    if not 0 <= place < len(answer) or not edge.isalnum() or UNSPACED.match(edge):
        return False
    beside, beyond = answer[place], answer[place + step] if 0 <= place + step < len(answer) else ""
    if beside.isalnum() or beside == "_" or unicodedata.category(beside).startswith("M"):
        return not UNSPACED.match(beside)
    if not edge.isdigit():
        return False
    if beside in ".,":
        return beyond.isdigit()
    return step < 0 and beside in "-\u2212" and not beyond.isalnum()


def _similarity(answer: str, wanted: str) -> float:
    """The share of characters that two texts have in common, in order (normalized Indel similarity)."""
    from rapidfuzz import fuzz

    return fuzz.ratio(folded(answer), folded(wanted)) / 100


EXACT = Scorer(
    "exact",
    tr("Exact text"),
    tr("The answer is the ideal one, character for character; only white space around it is forgiven."),
    SHARE,
    against_texts(lambda answer, wanted: float(plain(answer) == plain(wanted))),
    names=("equals",),
)
NORMALIZED = Scorer(
    "normalized",
    tr("Exact match"),
    tr("The answer is the ideal one but for case, white space, punctuation and articles."),
    SHARE,
    against_texts(lambda answer, wanted: float(exact_match(answer, wanted))),
    names=("exact_match",),
)
CONTAINS = Scorer(
    "contains",
    tr("Contains"),
    tr("The answer holds the wanted text as whole words, in capitals or not."),
    SHARE,
    _contains,
    options=("case",),
    names=("icontains",),
)
OVERLAP = Scorer(
    "f1",
    tr("Word overlap"),
    tr("How many words the answer shares with the ideal one: the F1 of precision and recall."),
    SCORE,
    against_texts(word_overlap),
    passes=0.5,
    names=("word_overlap",),
)
SIMILARITY = Scorer(
    "similarity",
    tr("Similarity"),
    tr("The share of characters that the answer and the ideal one have in common, in the same order."),
    SCORE,
    against_texts(_similarity),
    passes=0.8,
    names=("levenshtein",),
)
