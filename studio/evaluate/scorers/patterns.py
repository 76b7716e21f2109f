"""Answers against a regular expression, which is given a limited time for each answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import regex

from studio.catalogue import Unusable
from studio.evaluate.scorers.scorer import SHARE, Grade, Scorer, plain_text
from studio.language import tr

SECONDS = 1.0
"""How long a pattern may look at one answer: some look for years (`^(a|aa)+$` at a row of a's)."""

_LONGEST = 2000


def searcher(pattern: Any) -> Callable[[str], bool]:
    """Whether a text holds what the pattern describes.

    Raises Unusable for what is no pattern, and when called where a search takes longer than SECONDS.
    """
    if not isinstance(pattern, str):
        raise Unusable("scorer.no_text")
    if not pattern or len(pattern) > _LONGEST:
        raise Unusable("scorer.pattern_length", longest=_LONGEST)
    try:
        compiled = regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError, MemoryError) as error:
        raise Unusable("scorer.no_pattern", pattern=pattern, fault=str(error)) from error

    def search(text: str) -> bool:
        try:
            return compiled.search(text, timeout=SECONDS) is not None
        except (TimeoutError, MemoryError) as error:
            raise Unusable("scorer.slow_pattern", pattern=pattern, seconds=SECONDS) from error

    return search


def _prepare(value: Any, options: Mapping[str, Any]) -> Grade:
    patterns = value if isinstance(value, list) and value else [value]
    searches = [searcher(pattern) for pattern in patterns]

    def grade(answer: str) -> float:
        text = plain_text(answer)
        return float(any(search(text) for search in searches))

    return grade


REGEX = Scorer(
    "regex",
    tr("Pattern"),
    tr("The answer holds what a regular expression describes; ^ and $ are its beginning and its end."),
    SHARE,
    _prepare,
    names=("pattern",),
    needs_value=True,
)
