"""What a model remembers of conversations, so that the next turn of one reads only what is new.

A conversation's attention keys and values (or a recurrent model's state) are kept where an answer ended. The
next prompt takes up the longest beginning that it has in common with one of them. They are kept with the
model's weights and go when these go; all together have a size, and the one used longest ago goes first.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import mlx.core as mx
from mlx_lm.models.cache import can_trim_prompt_cache, trim_prompt_cache

if TYPE_CHECKING:
    from studio.generate.contestant import OpenContestant

MOST_BYTES = 512 * 2**20
"""Of all conversations with one model: those of an 8B model with 4,000 tokens in 16 bits."""
_NAME = "conversations"


@dataclass(eq=False)
class _Read:
    """A text that was read, by whom, and what its layers remember of it."""

    who: str
    tokens: tuple[int, ...]
    layers: list[Any]

    @property
    def size(self) -> int:
        return sum(layer.nbytes for layer in self.layers)


@dataclass(eq=False)
class ReadConversations:
    """The conversations that were read with one model's weights, the one used last at the end."""

    most: int = MOST_BYTES
    _read: list[_Read] = field(default_factory=list)

    @property
    def size(self) -> int:
        """The bytes of all."""
        return sum(each.size for each in self._read)

    def __len__(self) -> int:
        return len(self._read)

    def recall(self, who: str, prompt: Sequence[int]) -> tuple[list[Any], int]:
        """Layers of one's own that have read the beginning of a prompt, and how much of it; never its last
        token. Nothing, and 0, where nobody with these weights has.
        """
        shared = [(_shared(each.tokens, prompt), each) for each in self._read if each.who == who]
        for count, each in sorted(shared, key=lambda found: -found[0]):
            surplus = len(each.tokens) - count
            if count > 0 and (surplus == 0 or can_trim_prompt_cache(each.layers)):
                self._read.remove(each)
                self._read.append(each)
                layers = copy.deepcopy(each.layers)
                if surplus:
                    trim_prompt_cache(layers, surplus)
                return layers, count
        return [], 0

    def keep(self, who: str, tokens: Sequence[int], layers: list[Any]) -> None:
        """Remember what was read; what it goes on from is forgotten for it."""
        read = _Read(who, tuple(tokens), layers)
        mx.eval([layer.state for layer in layers])
        self._read = [each for each in self._read if not _begins(each, read)]
        self._read.append(read)
        while self._read and self.size > self.most:
            self._read.pop(0)


@dataclass(frozen=True, eq=False)
class OwnMemory:
    """The conversations of one who answers: weights with all that is put on them, by their fingerprint."""

    who: str
    read: ReadConversations

    def recall(self, prompt: Sequence[int]) -> tuple[list[Any], int]:
        """See `ReadConversations`."""
        return self.read.recall(self.who, prompt)

    def keep(self, tokens: Sequence[int], layers: list[Any]) -> None:
        """See `ReadConversations`."""
        self.read.keep(self.who, tokens, layers)


def memory_of(contestant: OpenContestant) -> OwnMemory:
    """The contestant's conversations, kept as long as its model's weights."""
    read = contestant.weights.kept.setdefault(_NAME, ReadConversations())
    return OwnMemory(contestant.fingerprint, read)


def _begins(one: _Read, other: _Read) -> bool:
    return one.who == other.who and other.tokens[: len(one.tokens)] == one.tokens


def _shared(read: Sequence[int], prompt: Sequence[int]) -> int:
    """How many tokens both begin with, short of the prompt's last."""
    most = min(len(read), len(prompt) - 1)
    return next((place for place in range(most) if read[place] != prompt[place]), most)
