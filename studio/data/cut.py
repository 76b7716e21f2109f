"""What becomes of texts that are longer than the maximum length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class DoesNotFit(ValueError):
    """Why an example is left out: a clause, without the line."""


@dataclass(frozen=True)
class Part:
    """Which tokens of a text make an example: its first `lead`, and those from `start` up to `stop`."""

    lead: int
    start: int
    stop: int

    def of[T](self, items: Sequence[T]) -> tuple[T, ...]:
        """These of the text's items, one per token."""
        return (*items[: self.lead], *items[self.start : self.stop])


def windows(length: int, maximum: int) -> list[Part]:
    """Consecutive parts of a plain text, each at most `maximum` (2 or more) tokens long.

    Each begins with the last token of the one before, which predicts its second: so every token but the
    text's first is a target in exactly one part.
    """
    return [
        Part(0, start, min(length, start + maximum)) for start in range(0, max(0, length - 1), maximum - 1)
    ]


def shorten(lengths: Sequence[int], prompt: int, lead: int, maximum: int, policy: str) -> list[Part]:
    """What is kept of a conversation, or of both sides of a pair, which then lose the same of their prompt.

    `lengths` are those of the sides, `prompt` counts the tokens before the answer, `lead` those at the
    beginning that stay in any case. Raises DoesNotFit when the policy leaves the example out.
    """
    length = max(lengths)
    over = length - maximum
    if over <= 0:
        return [Part(0, 0, each) for each in lengths]
    match policy:
        case "cut_prompt":
            if prompt - over < max(1, lead):
                raise DoesNotFit(_answer_too_long(length, prompt, maximum))
            return [Part(lead, lead + over, each) for each in lengths]
        case "cut_end":
            if prompt >= maximum:
                raise DoesNotFit(_prompt_too_long(length, maximum))
            return [Part(0, 0, min(each, maximum)) for each in lengths]
    raise DoesNotFit(
        f"left out, because its {length:,} tokens are more than the maximum length of {maximum:,}; raise the "
        "maximum, or set Too long to cut the prompt or the end"
    )


def _answer_too_long(length: int, prompt: int, maximum: int) -> str:
    return (
        f"left out, because its answer ({length - prompt:,} of {length:,} tokens) does not fit into the "
        f"maximum length of {maximum:,} even without the prompt; raise the maximum, or set Too long to "
        "cut_end. (Of several answers, all from the first count; Train on last_answer makes room)"
    )


def _prompt_too_long(length: int, maximum: int) -> str:
    return (
        f"the prompt alone fills the maximum length of {maximum:,} tokens (the example has {length:,}), so "
        "nothing of the answer is left; raise the maximum length or shorten the prompt"
    )
