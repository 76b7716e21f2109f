"""Where the tokens of a text stand in it, and which of them hold a part of it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple, Protocol

type Span = tuple[int, int]


class PlacedTokens(Protocol):
    """The tokens of a text, each of which stands somewhere in it."""

    @property
    def ids(self) -> Sequence[int]: ...

    def trained(self, spans: Sequence[Span]) -> list[bool]:
        """Which tokens hold a character of a span; these ascend.

        The first token is never trained: nothing stands before it to predict it from.
        """
        ...


class ByOffsets(NamedTuple):
    """Tokens whose places (start, end in characters) the tokenizer tells."""

    ids: Sequence[int]
    offsets: Sequence[Span]

    def trained(self, spans: Sequence[Span]) -> list[bool]:
        """An empty token belongs to the span it stands in."""
        position, count = 0, len(self.offsets)
        trained = [False] * count
        for begin, end in spans:
            start = position
            for start in range(position, count):
                first, after = self.offsets[start]
                if after > begin or first >= begin:
                    break
            else:
                start = count
            position = next((place for place in range(start, count) if self.offsets[place][0] >= end), count)
            trained[start:position] = [True] * (position - start)
        if trained:
            trained[0] = False
        return trained


class ByBytes(NamedTuple):
    """Tokens that are the text's bytes one after the other, each up to where it ends."""

    ids: Sequence[int]
    ends: Sequence[int]
    text: str

    def trained(self, spans: Sequence[Span]) -> list[bool]:
        trained = [False] * len(self.ids)
        for begin, end in spans if self.text.isascii() else map(self._in_bytes, spans):
            start, stop = bisect_right(self.ends, begin), bisect_left(self.ends, end) + 1
            trained[start:stop] = [True] * len(trained[start:stop])
        if trained:
            trained[0] = False
        return trained

    def _in_bytes(self, span: Span) -> Span:
        begin, end = (len(self.text[:place].encode()) for place in span)
        return begin, end


class TokenBytes:
    """The bytes of each token, of a tokenizer that parts a text into its bytes (that of GPT-2 and later).

    `vocabulary` gives each token as such a tokenizer writes it, `added` those that stand for themselves.
    """

    def __init__(self, vocabulary: Mapping[str, int], added: Mapping[str, int]) -> None:
        self._texts = [""] * (1 + max([*vocabulary.values(), *added.values()]))
        for token, number in vocabulary.items():
            self._texts[number] = token.translate(_BYTES)
        for token, number in added.items():
            self._texts[number] = token.encode().decode("latin-1")

    def placed(self, ids: Sequence[int], text: str) -> ByBytes | None:
        """Where the tokens stand; None where their bytes are not those of the text, which was changed."""
        parts = [self._texts[token] for token in ids]
        if "".join(parts) != text.encode().decode("latin-1"):
            return None
        return ByBytes(ids, [*accumulate(map(len, parts))], text)


def token_texts(text: str, offsets: Sequence[Span]) -> list[str]:
    """Each token's part of the text. A character made of several tokens is given to the last of them."""
    texts: list[str] = []
    done = 0
    for index, (_, end) in enumerate(offsets):
        following = offsets[index + 1][0] if index + 1 < len(offsets) else len(text)
        stop = max(done, min(end, following)) if index + 1 < len(offsets) else len(text)
        texts.append(text[done:stop])
        done = stop
    return texts


def _letters() -> dict[int, int]:
    """For each letter by which the tokenizer of GPT-2 writes a byte, that byte: most stand for themselves."""
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in visible]
    return {0x100 + place: byte for place, byte in enumerate(others)}


_BYTES = _letters()
