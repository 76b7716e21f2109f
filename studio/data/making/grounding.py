"""Which sentences of a passage an answer was made from."""

from __future__ import annotations

import re

from studio.data.making.text import plain, words

_BETWEEN = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])|\s*\n\s*")  # noqa: RUF001
_LEAST = 2  # words that a further sentence has to add


def grounds(answer: str, passage: str) -> tuple[tuple[int, int], ...]:
    """Where in the passage the sentences stand that together hold the answer's words, in their order.

    None where it shares no word that matters, and where the answer is the passage itself.
    """
    sought = _weighty(answer)
    if plain(answer) == plain(passage):
        return ()
    places = {place: _weighty(passage[slice(*place)]) & sought for place in _sentences(passage)}
    chosen: list[tuple[int, int]] = []
    covered: set[str] = set()
    while places:
        place = max(places, key=lambda each: (len(places[each] - covered), -each[0]))
        found = places.pop(place)
        if len(found - covered) < (_LEAST if chosen else 1):
            break
        chosen.append(place)
        covered |= found
    return tuple(sorted(chosen))


def _sentences(text: str) -> list[tuple[int, int]]:
    """Where each sentence begins and ends."""
    borders = [0, *(place for found in _BETWEEN.finditer(text) for place in found.span()), len(text)]
    pairs = zip(borders[::2], borders[1::2], strict=True)
    return [(start, end) for start, end in pairs if text[start:end].strip()]


def _weighty(text: str) -> set[str]:
    """The beginnings of the words that say something, not of those of up to three letters between them."""
    said = words(text)
    return {word[:5] for word in said if len(word) > 3 or word.isdigit() or not word.isascii()} or set(said)
