"""Failures are told apart by what the library or the system says: its type, its number, its own words.

What Tuning Studio says itself has a code already and is never looked into.
"""

from __future__ import annotations

from collections.abc import Iterator

from studio.catalogue import Phrase, phrase
from studio.errors import StudioError
from studio.failures.signature import KnownFailure
from studio.failures.signatures_of_mlx import MLX
from studio.failures.signatures_of_models import MODELS
from studio.failures.signatures_of_system import SYSTEM

__all__ = [
    "KNOWN",
    "OVERLOADS",
    "KnownFailure",
    "chain",
    "explained",
    "known",
    "of_metal",
    "said_of",
    "told_as",
]

KNOWN: tuple[KnownFailure, ...] = (*MLX, *MODELS, *SYSTEM)
"""All of them; of several that fit, the first counts."""

OVERLOADS = frozenset(what.code for what in KNOWN if what.smaller_helps)
"""The codes of those that ask too much of the machine at once."""

_MOST = 300
"""So many characters of what a library says are told."""


def known(error: BaseException) -> KnownFailure | None:
    """What the error is, or what it came of; None for what is not known, and for what is told by us."""
    return found[0] if (found := _found(error)) else None


def of_metal(error: BaseException) -> bool:
    """Whether Metal failed, here or below: MLX cannot be used any more in this thread."""
    return any(what.metal and what.fits(each) for each in chain(error) for what in MLX)


def known_by_words(last_words: str) -> KnownFailure | None:
    """What ended a process that left these last words on its standard error; the latest line counts."""
    found = _found_in(last_words)
    return found[0] if found else None


def told_as(last_words: str) -> Phrase | None:
    """The same as a sentence."""
    found = _found_in(last_words)
    return found[0].told(found[1]) if found else None


def explained(error: BaseException) -> Phrase | None:
    """What a library's error means and what to do about it; None where that is not known."""
    if not (found := _found(error)):
        return None
    what, source = found
    return what.told(source)


def said_of(error: BaseException) -> Phrase:
    """What went wrong and what to do: as we say it, as the library is known to mean it, or in its words."""
    if isinstance(error, StudioError):
        return error.said if isinstance(error.said, Phrase) else phrase("failure.said", words=error.said)
    if (said := explained(error)) is not None:
        return said
    words = " ".join(str(error).split())[:_MOST].rstrip(".")
    return phrase("failure.unknown", kind=type(error).__name__, words=words or phrase("failure.silent"))


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error and those that it was raised from."""
    seen: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in seen:
        seen.append(found)
        yield found
        found = found.__cause__ or found.__context__


def _found(error: BaseException) -> tuple[KnownFailure, BaseException] | None:
    for each in chain(error):
        if isinstance(each, StudioError):
            continue
        for what in KNOWN:
            if what.fits(each):
                return what, each
    return None


def _found_in(last_words: str) -> tuple[KnownFailure, str] | None:
    for line in reversed(last_words.splitlines()):
        for what in KNOWN:
            if what.fits_words(line):
                return what, line
    return None
