"""Numbers gathered into bars of a round width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MOST_BARS = 40
_FAR = 4


@dataclass(frozen=True)
class Bins:
    """Counts of numbers in bins of `width` from `start`; the last bin may hold everything larger."""

    start: int
    width: int
    counts: tuple[int, ...]
    open_ended: bool = False

    @property
    def end(self) -> int:
        return self.start + self.width * len(self.counts)

    def label(self, bin_index: int, unit: str = "tokens") -> str:
        low = self.start + bin_index * self.width
        if self.open_ended and bin_index == len(self.counts) - 1:
            return f"{low:,} {unit} and more"
        return f"{low:,} {unit}" if self.width == 1 else f"{low:,} to {low + self.width - 1:,} {unit}"


def nice_step(span: float, parts: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50, … that divides `span` into at most `parts` steps."""
    wanted = max(span / max(parts, 1), 1.0)
    magnitude = 10 ** math.floor(math.log10(wanted))
    return int(next(magnitude * factor for factor in (1, 2, 5, 10) if magnitude * factor >= wanted))


def bin_lengths(lengths: Sequence[int], limit: int = 0, most: int = MOST_BARS) -> Bins:
    """Lengths in at most `most` bins of a round width; a long tail is gathered in the last bin.

    The tail keeps room for the limit where that is not far from what is usual.
    """
    if not lengths:
        return Bins(0, 1, ())
    ordered = sorted(lengths)
    usual = ordered[int(0.98 * (len(ordered) - 1))]
    open_ended = ordered[-1] > 2 * usual
    longest = ordered[-1]
    if open_ended:
        longest = max(int(1.25 * usual), int(1.1 * limit) if usual < limit < _FAR * usual else 0)
        longest = min(longest, ordered[-1])
    start = ordered[0] if longest - ordered[0] < ordered[0] else 0
    width = nice_step(longest - start + 1, most)
    start -= start % width
    counts = [0] * ((longest - start) // width + 1)
    for length in ordered:
        counts[min((length - start) // width, len(counts) - 1)] += 1
    return Bins(start, width, tuple(counts), open_ended)


def bin_shares(shares: Sequence[float], width: int = 5) -> Bins:
    """Shares from 0 to 1 in bins of `width` hundredths; all of them are there, also empty ones."""
    counts = [0] * (100 // width)
    for share in shares:
        counts[min(int(100 * share / width), len(counts) - 1)] += 1
    return Bins(0, width, tuple(counts))
