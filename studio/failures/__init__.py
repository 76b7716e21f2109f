"""What libraries and the system say when they fail: told apart, in plain words, with what helps."""

from studio.failures.known import (
    KNOWN,
    OVERLOADS,
    KnownFailure,
    chain,
    explained,
    known,
    of_metal,
    said_of,
    told_as,
)
from studio.failures.remedies import Remedy, hints_for, remedies_for

__all__ = [
    "KNOWN",
    "OVERLOADS",
    "KnownFailure",
    "Remedy",
    "chain",
    "explained",
    "hints_for",
    "known",
    "of_metal",
    "remedies_for",
    "said_of",
    "told_as",
]
