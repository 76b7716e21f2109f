"""The score of a measure that found nothing, with the reason: a missing result is never a pass."""

from __future__ import annotations

from studio.catalogue import Said
from studio.events import FAILED, INCOMPATIBLE, NOT_RUN, Score


def not_run(measure: str, reason: Said, part: str = "") -> Score:
    """It was not measured: what it takes is not there, or was not asked for."""
    return Score(measure, part, NOT_RUN, reason)


def incompatible(measure: str, reason: Said, part: str = "") -> Score:
    """It cannot be measured of such a model."""
    return Score(measure, part, INCOMPATIBLE, reason)


def failed(measure: str, reason: Said, part: str = "") -> Score:
    """It was begun, and something went wrong."""
    return Score(measure, part, FAILED, reason)
