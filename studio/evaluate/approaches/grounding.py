"""Whether answers say what their passages say, and whether the right passages were found.

The definitions are those of RAGAS (Es et al., 2024). There a model decides whether a statement is supported
and a passage relevant; here words decide, so that it costs nothing and anybody can follow it: a statement is
supported where the passages have nearly all of its words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from studio.dataset.documents.passages import words

SUPPORTED = 0.8
"""The share of a statement's words that the passages must have."""
_COMMON = frozenset(
    words(
        "a an and are as at be been but by can do does for from had has have he her his i if in is it its me "
        "my of on or our she so that the their them there they this to us was we were what which who will "
        "with you your"
    )
)
"""Words that say nothing about what is said; without them a statement in another language loses nothing."""
_CITED = re.compile(r"\[(\d{1,3})\]")
_ENDS = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])|\n+")  # noqa: RUF001


def statements(answer: str) -> list[str]:
    """The sentences of an answer that say something."""
    return [part for part in _ENDS.split(_CITED.sub("", answer)) if part and _telling(part)]


def faithfulness(answer: str, passages: Sequence[str]) -> float | None:
    """Statements that the passages support, of all statements; None for an answer that states nothing."""
    told = statements(answer)
    if not told:
        return None
    known = {word for passage in passages for word in words(passage)}
    return sum(_share(_telling(each), known) >= SUPPORTED for each in told) / len(told)


def context_precision(ideal: str, passages: Sequence[str]) -> float | None:
    """The mean, over the relevant passages, of the share of relevant ones down to that rank; 0 without any.

    A passage is relevant where it has nearly all the words of the ideal answer. None where that says nothing.
    """
    wanted = _telling(ideal)
    if not wanted:
        return None
    relevant = [_share(wanted, set(words(passage))) >= SUPPORTED for passage in passages]
    shares = [sum(relevant[: rank + 1]) / (rank + 1) for rank, is_so in enumerate(relevant) if is_so]
    return sum(shares) / len(shares) if shares else 0.0


def cited(answer: str, count: int) -> tuple[int, ...]:
    """The numbers of passages that an answer names, of those that there are, each once, in their order."""
    return tuple(dict.fromkeys(n for n in map(int, _CITED.findall(answer)) if 1 <= n <= count))


def _telling(text: str) -> list[str]:
    return [word for word in words(text) if word not in _COMMON]


def _share(wanted: Sequence[str], known: set[str]) -> float:
    return sum(word in known for word in wanted) / len(wanted)
