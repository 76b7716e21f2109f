"""What the wrong answers are about: words that mark the questions they were given to."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from studio.evaluate.scorers.overlap import UNSPACED
from studio.evaluate.scorers.scorer import words

FEWEST = 3
"""Wrong answers that make a theme."""

MOST_THEMES = 6
_EVERYWHERE = 0.6
_NAMED_BY = 3
_SHORTEST = 3


@dataclass(frozen=True)
class FailureTheme:
    """Wrong answers to questions that share a word which marks them.

    `words` name it, the shared one first. `rows` are the places of the wrong ones, and `asked` is how many
    rows have the word, those of larger themes left out. `often` is how many times as often such rows are
    wrong as the others; 0 where no other is.
    """

    words: tuple[str, ...]
    rows: tuple[int, ...]
    asked: int
    often: float


def themes(texts: Sequence[str], wrong: Sequence[bool]) -> list[FailureTheme]:
    """Themes of the wrong rows, the largest first; a row is in one theme at most.

    Each is found by the word whose TF-IDF weights add up to most over the wrong rows that are left, where a
    row with the word is wrong more often than one without. It groups by words, so it knows no meanings: what
    is asked in other words stands apart.
    """
    held = [_words(text) for text in texts]
    counts = Counter(word for row in held for word in row)
    rows_of: dict[str, set[int]] = {word: set() for word in counts}
    for place, row in enumerate(held):
        for word in row:
            rows_of[word].add(place)
    failed = {place for place, is_wrong in enumerate(wrong) if is_wrong}
    weights = {word: math.log(len(held) / count) for word, count in counts.items()}
    found: list[FailureTheme] = []
    pool = set(range(len(held)))  # rows that no theme so far is about
    while len(found) < MOST_THEMES:
        word = _most_telling(rows_of, weights, failed, pool)
        if not word:
            break
        found.append(_theme(word, rows_of[word] & pool, pool, weights, failed, held))
        pool -= rows_of[word]
    return sorted(found, key=lambda theme: -len(theme.rows))


def _most_telling(
    rows_of: dict[str, set[int]], weights: dict[str, float], failed: set[int], pool: set[int]
) -> str:
    """The word that marks the wrong rows of the pool; empty where none marks enough of them."""
    best, most = "", 0.0
    for word in sorted(rows_of):
        mine = rows_of[word] & pool
        wrong = len(mine & failed)
        if wrong < FEWEST or len(mine) > _EVERYWHERE * len(pool) or _often(mine, failed, pool) <= 1:
            continue
        if wrong * weights[word] > most:
            best, most = word, wrong * weights[word]
    return best


def _often(rows: set[int], failed: set[int], pool: set[int]) -> float:
    """How many times as often these rows are wrong as the others; infinite where no other is."""
    others = pool - rows
    inside, outside = len(rows & failed) / len(rows), len(others & failed) / max(len(others), 1)
    return inside / outside if outside else math.inf


def _theme(
    word: str,
    rows: set[int],
    pool: set[int],
    weights: dict[str, float],
    failed: set[int],
    held: Sequence[set[str]],
) -> FailureTheme:
    wrong = rows & failed
    shared = Counter(other for place in wrong for other in held[place] if other != word)
    ranked = sorted(shared, key=lambda other: (-shared[other] * weights[other], other))
    beside = islice((other for other in ranked if 2 * shared[other] >= len(wrong)), _NAMED_BY - 1)
    often = _often(rows, failed, pool)
    return FailureTheme((word, *beside), tuple(sorted(wrong)), len(rows), 0.0 if math.isinf(often) else often)


def _words(text: str) -> set[str]:
    """The words that could mark a row; of scripts without spaces, two characters in a row."""
    there = words(text)
    pairs = {one + other for one, other in pairwise(there) if UNSPACED.match(one) and UNSPACED.match(other)}
    return pairs | {word for word in there if len(word) >= _SHORTEST or word.isdigit()}
