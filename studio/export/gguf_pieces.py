"""SentencePiece vocabularies in GGUF's form, and text as llama.cpp reads it with one.

llama.cpp joins the two neighbours whose joint piece has the highest score, as SentencePiece does, and knows
no merges; a tokenizer.json has merges and no scores. As merges are sorted by what their piece scores, the
place of a piece's first one gives its score. Whether that, and the space that is put before a text, lead to
the tokens that the model's own tokenizer gives is for the caller to try out.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from studio.models.gguf.vocabulary import BYTE, CONTROL, NORMAL, OWN, SPACE, UNKNOWN, UNUSED

_BYTES = tuple(f"<0x{number:02X}>" for number in range(256))


def named_tokens(described: Mapping[str, Any], rows: int) -> tuple[list[str], list[int]]:
    """The tokens of a tokenizer.json by number, with their kinds; of `rows`, those without one are named so.

    Raises ValueError where there are more, or where two have one text, which no reader could tell apart.
    """
    vocabulary: dict[str, int] = described["model"]["vocab"]
    added = described.get("added_tokens") or []
    tokens, kinds = [f"[PAD{number}]" for number in range(rows)], [UNUSED] * rows
    if max((*vocabulary.values(), *(each["id"] for each in added)), default=0) >= rows:
        raise ValueError("more tokens than the model has")
    for text, number in vocabulary.items():
        tokens[number], kinds[number] = text, NORMAL
    for each in added:
        tokens[each["id"]], kinds[each["id"]] = each["content"], CONTROL if each["special"] else OWN
    if len(set(tokens)) != len(tokens):
        raise ValueError("two tokens with one text")
    return tokens, kinds


def merges_of(described: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The pairs that a tokenizer.json joins, the first ones first."""
    for each in described["model"]["merges"]:
        left, right = each.split(" ", 1) if isinstance(each, str) else each
        yield left, right


@dataclass(frozen=True)
class PieceTable:
    """The pieces by number, each with its kind and its score."""

    tokens: tuple[str, ...]
    kinds: tuple[int, ...]
    scores: tuple[float, ...]

    @classmethod
    def of(cls, described: Mapping[str, Any], rows: int) -> PieceTable:
        """What a tokenizer.json says. Raises ValueError where it has not a piece for every byte."""
        tokens, kinds = named_tokens(described, rows)
        vocabulary: dict[str, int] = described["model"]["vocab"]
        if not vocabulary.keys() >= set(_BYTES):
            raise ValueError("BPE without bytes")
        for text in _BYTES:
            kinds[vocabulary[text]] = BYTE
        if (unknown := vocabulary.get(described["model"].get("unk_token") or "")) is not None:
            kinds[unknown] = UNKNOWN
        places: dict[str, int] = {}
        for place, (left, right) in enumerate(merges_of(described)):
            places.setdefault(left + right, place)
        scores = [_score(text, kind, places) for text, kind in zip(tokens, kinds, strict=True)]
        spaced = (
            text.replace(SPACE, " ") if kind == OWN else text
            for text, kind in zip(tokens, kinds, strict=True)
        )  # those are looked for before spaces are replaced
        return cls(tuple(spaced), tuple(kinds), tuple(scores))


def _score(text: str, kind: int, places: Mapping[str, int]) -> float:
    if kind == NORMAL:
        return -float(places.get(text, len(places)))
    return -1000.0 if kind == OWN else 0.0


class PieceReader:
    """Reads text as llama.cpp does with a table of pieces.

    `spaced` puts a space before the text, and after each token that is found whole in it; `stripping` are
    those tokens after which spaces and line ends are left out.
    """

    def __init__(self, table: PieceTable, spaced: bool, stripping: Iterable[str] = ()) -> None:
        self.numbers = {text: number for number, text in enumerate(table.tokens)}
        self.scores, self.spaced, self.stripping = table.scores, spaced, frozenset(stripping)
        named = zip(table.tokens, table.kinds, strict=True)
        whole = (text for text, kind in named if kind in (CONTROL, OWN, UNKNOWN))
        self.whole = sorted(whole, key=lambda text: -len(text.encode()))

    def ids(self, text: str) -> list[int]:
        """The tokens of a text, without one that is put before every text."""
        found: list[int] = []
        after_whole = True
        for part, is_whole in self._parts(text):
            if is_whole:
                found.append(self.numbers[part])
            else:
                before = " " if self.spaced and after_whole else ""
                found += self._joined((before + part).replace(" ", SPACE))
            after_whole = is_whole
        return found

    def _parts(self, text: str) -> list[tuple[str, bool]]:
        """A text in parts, with whether each is a token that was found whole: the longest ones first."""
        parts = [(text, False)] if text else []
        for token in self.whole:
            if token in text:
                parts = [each for part in parts for each in self._cut(part, token)]
        return parts

    def _cut(self, part: tuple[str, bool], token: str) -> Iterator[tuple[str, bool]]:
        text, is_whole = part
        if is_whole:
            yield part
            return
        before, there, after = text.partition(token)
        while there:
            if before:
                yield before, False
            yield token, True
            after = after.lstrip(" \t\n\v\f\r") if token in self.stripping else after
            before, there, after = after.partition(token)
        if before:
            yield before, False

    def _joined(self, text: str) -> Iterator[int]:
        """The pieces of a text: the best pair of neighbours is joined, and so on."""
        symbols = list(text)
        before = [*range(-1, len(symbols) - 1)]
        after = [*range(1, len(symbols)), -1]
        waiting: list[tuple[float, int, int, str]] = []

        def consider(left: int, right: int) -> None:
            if left >= 0 and right >= 0:
                joint = symbols[left] + symbols[right]
                if (number := self.numbers.get(joint)) is not None:
                    heapq.heappush(waiting, (-self.scores[number], left, right, joint))

        for right in range(1, len(symbols)):
            consider(right - 1, right)
        while waiting:
            _, left, right, joint = heapq.heappop(waiting)
            if not symbols[left] or not symbols[right] or symbols[left] + symbols[right] != joint:
                continue
            symbols[left], symbols[right] = joint, ""
            after[left] = after[right]
            if after[right] >= 0:
                before[after[right]] = left
            consider(before[left], left)
            consider(left, after[left])
        for symbol in filter(None, symbols):
            yield from self._numbers_of(symbol)

    def _numbers_of(self, symbol: str) -> Iterator[int]:
        """The number of a piece, or of each byte of a character that is none."""
        if (number := self.numbers.get(symbol)) is not None:
            yield number
        else:
            yield from (self.numbers[_BYTES[byte]] for byte in symbol.encode())
