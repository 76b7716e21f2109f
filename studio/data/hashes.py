"""Eight bytes for what a record holds, and rows drawn at random by them: for millions of rows."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from studio.data.records import Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def content_hash(record: Record) -> bytes:
    """8 bytes of a record's content, wherever it stands: what rows are drawn by."""
    parts = [record.text, record.rejected, record.tools]
    for message in record.messages:
        parts += message.role, message.content, message.input
        if message.calls or message.name or message.call_id or not message.trained:
            parts.append(repr(message))
    return blake2b("\0".join(parts).encode(), digest_size=8).digest()


def drawn(hashes: NDArray[np.uint64], count: int, seed: int) -> NDArray[np.intp]:
    """The places of at most `count` rows, in order: only the seed and the rows' content decide which.

    Rows are ranked by the last steps of splitmix64 (Steele, Lea and Flood, 2014); of equal
    rows the first are taken.
    """
    import numpy as np

    mixed = hashes.astype(np.uint64) + np.uint64((seed + 1) * 0x9E3779B97F4A7C15 % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return np.sort(np.argsort(mixed, kind="stable")[:count])
