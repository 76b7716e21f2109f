"""What becomes of texts that are longer than the maximum length, or than the model can take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from studio.catalogue import Unusable


@dataclass(frozen=True)
class Limits:
    """Token ids are below `vocabulary`, and `context` tokens are read at once; 0 where it is not known.

    `positions`: nothing at all can be read beyond the context, as every position has an embedding.
    """

    vocabulary: int = 0
    context: int = 0
    positions: bool = False


class DoesNotFit(Unusable):
    """Why an example is left out: a clause, without the line."""


class TokenRange(NamedTuple):
    """Which tokens of a text make an example: its first `lead`, and those from `start` up to `stop`."""

    lead: int
    start: int
    stop: int

    def of[T](self, items: Sequence[T]) -> tuple[T, ...]:
        """These of the text's items, one per token."""
        rest = items[self.start : self.stop]
        return (*items[: self.lead], *rest) if self.lead else tuple(rest)


def windows(length: int, maximum: int) -> list[TokenRange]:
    """Consecutive parts of a plain text, each at most `maximum` (2 or more) tokens long.

    Each begins with the last token of the one before, which predicts its second: so every token but the
    text's first is a target in exactly one part.
    """
    return [
        TokenRange(0, start, min(length, start + maximum))
        for start in range(0, max(0, length - 1), maximum - 1)
    ]


def shorten(lengths: Sequence[int], prompt: int, lead: int, maximum: int, policy: str) -> list[TokenRange]:
    """What is kept of a conversation, or of both sides of a pair, which then lose the same of their prompt.

    `lengths` are those of the sides, `prompt` counts the tokens before the answer, `lead` those at the
    beginning that stay in any case. Raises DoesNotFit when the policy leaves the example out.
    """
    length = max(lengths)
    over = length - maximum
    if over <= 0:
        return [TokenRange(0, 0, each) for each in lengths]
    match policy:
        case "cut_prompt":
            if prompt - over < max(1, lead):
                raise DoesNotFit("row.answer_too_long", answer=length - prompt, tokens=length, limit=maximum)
            return [TokenRange(lead, lead + over, each) for each in lengths]
        case "cut_end":
            if prompt >= maximum:
                raise DoesNotFit("row.prompt_too_long", tokens=length, limit=maximum)
            return [TokenRange(0, 0, min(each, maximum)) for each in lengths]
    raise DoesNotFit("row.too_long", tokens=length, limit=maximum)
