"""What a model can take, as far as its text is concerned."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Token ids are below `vocabulary`, and `context` tokens are read at once; 0 where it is not known.

    `positions`: nothing at all can be read beyond the context, as every position has an embedding.
    """

    vocabulary: int = 0
    context: int = 0
    positions: bool = False
