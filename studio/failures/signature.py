"""One known failure: how it is recognised, and what is said of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from re import Match, Pattern

from studio.catalogue import Phrase, Value, phrase

type Filled = dict[str, Value]
type Fill = Callable[[BaseException | None, Match[str] | None], Filled]
"""Makes the values of the sentence, of the error and of what its words matched."""


def named(_: BaseException | None, match: Match[str] | None) -> Filled:
    """The named groups of what matched, each on one line."""
    groups = match.groupdict() if match is not None else {}
    return {name: " ".join((value or "").split())[:200] for name, value in groups.items()}


@dataclass(frozen=True)
class KnownFailure:
    """A failure of a library or of the system that is understood here.

    `kinds` are names of classes, of which the error is one or a descendant; `numbers` errnos; `sign` stands
    in the words. What is left out does not matter. `source` says where the words come from.
    """

    code: str  # of the catalogue
    source: str
    sign: Pattern[str] | None = None
    kinds: frozenset[str] = frozenset()
    numbers: frozenset[int] = frozenset()
    fill: Fill = field(default=named, compare=False)
    metal: bool = False  # MLX cannot be used any more in the thread that met it
    kills: bool = False  # a process may end by it, with these words as its last
    smaller_helps: bool = False  # the same work in smaller portions may go through

    def fits(self, error: BaseException) -> bool:
        """Whether the error is this."""
        if self.kinds and not self.kinds & {kind.__name__ for kind in type(error).__mro__}:
            return False
        if self.numbers and not (isinstance(error, OSError) and error.errno in self.numbers):
            return False
        return self.sign is None or self.sign.search(str(error)) is not None

    def fits_words(self, line: str) -> bool:
        """Whether a process that ended with this line ended by this."""
        return self.kills and self.sign is not None and self.sign.search(line) is not None

    def told(self, source: BaseException | str) -> Phrase:
        """What is said of it, of an error or of a line that fits."""
        match = self.sign.search(str(source)) if self.sign is not None else None
        return phrase(self.code, **self.fill(None if isinstance(source, str) else source, match))


def sign(pattern: str) -> Pattern[str]:
    """A piece of what a library says, in either case."""
    return re.compile(pattern, re.IGNORECASE)


def kinds(*names: str) -> frozenset[str]:
    """Names of classes."""
    return frozenset(names)
