"""Every sentence about a row, a file or a failure, by its code: what is told apart by code is worded here."""

from studio.catalogue.phrases import (
    CLAUSES,
    EMPTY,
    TOO_LONG,
    Phrase,
    Said,
    Unusable,
    Value,
    common,
    from_plain,
    joined,
    phrase,
    said_by,
    sentence,
    worded,
)
from studio.catalogue.values import first_of, listed, quoted, reason_in, sentences, wrong_value

__all__ = [
    "CLAUSES",
    "EMPTY",
    "TOO_LONG",
    "Phrase",
    "Said",
    "Unusable",
    "Value",
    "common",
    "first_of",
    "from_plain",
    "joined",
    "listed",
    "phrase",
    "quoted",
    "reason_in",
    "said_by",
    "sentence",
    "sentences",
    "worded",
    "wrong_value",
]
