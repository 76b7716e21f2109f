"""The verdict: what the primary measure says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.catalogue import Phrase, phrase
from studio.events import MEASURED, TOO_FEW, Score

_HEADLINES = {"better": "verdict.better", "worse": "verdict.worse", "unclear": "verdict.unclear"}


def judge(
    scores: Sequence[Score], measures: Mapping[str, Any], primary: str, contestants: Sequence[str]
) -> tuple[Phrase, tuple[Phrase, ...]]:
    """The headline, and the sentences under it."""
    found = next((score for score in scores if (score.measure, score.part) == (primary, "")), None)
    if found is None or found.state not in (MEASURED, TOO_FEW) or not found.differences:
        return phrase("verdict.not_measured", measure=measures[primary].title), ()
    if found.state == TOO_FEW:
        return phrase("verdict.too_few"), ()
    return phrase(_HEADLINES[found.direction(found.differences[0])]), ()
