"""Every sentence about a row, a file or a failure, by its code: what is told apart by code is worded here."""

from studio.catalogue.phrases import (
    CLAUSES,
    EMPTY,
    LANGUAGES,
    TOO_LONG,
    Phrase,
    Unusable,
    Value,
    common,
    from_plain,
    joined,
    phrase,
    sentence,
    spoken,
)

__all__ = [
    "CLAUSES",
    "EMPTY",
    "LANGUAGES",
    "TOO_LONG",
    "Phrase",
    "Unusable",
    "Value",
    "common",
    "from_plain",
    "joined",
    "phrase",
    "sentence",
    "spoken",
]
