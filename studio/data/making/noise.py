"""Slips of the keyboard: the same seed makes the same ones on every machine."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

_BESIDE = "sq vn xv sf wr dg fh gj uo hk jl k; nk bm ip o[ wa et ad ry yi cb qe zc tu xs"
_NEIGHBOURS = dict(zip("abcdefghijklmnopqrstuvwxyz", _BESIDE.split(), strict=True))


def noisy(text: str, share: float, seed: int) -> str:
    """The text with about `share` of its words mistyped, at least one where a word can be.

    Numbers, addresses and code stay as they are, as a slip there would change the meaning.
    """
    draw = random.Random(f"{seed}\0{text}")
    pieces = re.split(r"(\s+)", text)
    able = [i for i, piece in enumerate(pieces) if re.fullmatch(r"[^\W\d_]{3,}[.,;:!?]*", piece)]
    count = min(len(able), max(1, round(share * len(able)))) if share > 0 else 0
    for place in draw.sample(able, count):
        slip = draw.choice(_SLIPS)(pieces[place], draw)
        pieces[place] = slip if slip != pieces[place] else _doubled(slip, draw)
    return "".join(pieces)


def _swapped(word: str, draw: random.Random) -> str:
    at = draw.randrange(len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _left_out(word: str, draw: random.Random) -> str:
    at = draw.randrange(1, len(word))
    return word[:at] + word[at + 1 :]


def _doubled(word: str, draw: random.Random) -> str:
    at = draw.randrange(len(word))
    return word[:at] + word[at] + word[at:]


def _beside(word: str, draw: random.Random) -> str:
    able = [i for i, letter in enumerate(word) if letter.lower() in _NEIGHBOURS]
    if not able:
        return _doubled(word, draw)
    at = draw.choice(able)
    return word[:at] + draw.choice(_NEIGHBOURS[word[at].lower()]) + word[at + 1 :]


def _other_case(word: str, draw: random.Random) -> str:
    return (
        word.swapcase()
        if draw.random() < 0.3
        else word.lower()
        if word != word.lower()
        else word.capitalize()
    )


def _spaced(word: str, draw: random.Random) -> str:
    at = draw.randrange(1, len(word) - 1)
    return f"{word[:at]} {word[at:]}"


_SLIPS: tuple[Callable[[str, random.Random], str], ...] = (
    _swapped,
    _left_out,
    _doubled,
    _beside,
    _other_case,
    _spaced,
)
