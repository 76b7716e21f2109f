"""The numbers behind a curve: all of them kept, thinned to the pixels there are only when drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.runs.history import Numbers

Points = Sequence[float] | Numbers
_PRECISE = 18.0
"""An average is taken in blocks over which what it remembers shrinks to exp(-18), as far as a float goes."""


class Series:
    """Points in order of x, with their exponential average beside them when `smoothing` is above 0.

    The average is corrected for its start at zero (Kingma & Ba 2015, section 3), so the first
    smoothed value equals the first value.
    """

    def __init__(self, smoothing: float = 0.0) -> None:
        self._smoothing = smoothing
        self.clear()

    def __len__(self) -> int:
        return self._count

    def clear(self) -> None:
        self._count = 0
        self._sum, self._weight = 0.0, 0.0
        self._columns: Numbers = np.empty((3, 256))

    def smooth_by(self, smoothing: float) -> None:
        """Smooth so strongly from now on, and also what is there already."""
        if smoothing != self._smoothing:
            self._smoothing = smoothing
            self.cut(np.inf)

    def append(self, x: float, y: float) -> None:
        """Add a point; the arrays double when they are full."""
        self._make_room(1)
        self._columns[:, self._count] = (x, y, self._smoothed(y))
        self._count += 1

    def extend(self, xs: Points, ys: Points) -> None:
        """Add many points."""
        x, y = np.asarray(xs, np.float64), np.asarray(ys, np.float64)
        self._make_room(len(x))
        self._columns[:, self._count : self._count + len(x)] = x, y, self._all_smoothed(y)
        self._count += len(x)

    def cut(self, x: float) -> None:
        """Forget the points from `x` on."""
        kept = self._columns[:2, : int(np.searchsorted(self.x, x))]
        self.clear()
        self.extend(*kept)

    def _make_room(self, points: int) -> None:
        missing = self._count + points - self._columns.shape[1]
        if missing > 0:
            more = np.empty((3, max(missing, self._columns.shape[1])))
            self._columns = np.concatenate([self._columns, more], axis=1)

    @property
    def x(self) -> Numbers:
        return self._columns[0, : self._count]

    @property
    def y(self) -> Numbers:
        return self._columns[1, : self._count]

    @property
    def smooth(self) -> Numbers:
        return self._columns[2, : self._count]

    def nearest(self, x: float) -> int:
        """The index of the point nearest to `x`; the series must not be empty."""
        right = int(np.searchsorted(self.x, x))
        left = max(right - 1, 0)
        right = min(right, self._count - 1)
        return left if abs(self.x[left] - x) <= abs(self.x[right] - x) else right

    def window(self, low: float, high: float) -> slice:
        """The points from `low` to `high`, and one more on each side so that lines reach the border."""
        start = int(np.searchsorted(self.x, low))
        stop = int(np.searchsorted(self.x, high, side="right"))
        return slice(max(start - 1, 0), min(stop + 1, self._count))

    def _smoothed(self, y: float) -> float:
        if not np.isfinite(y):
            return float(self._columns[2, self._count - 1]) if self._count else y
        self._sum = self._smoothing * self._sum + (1 - self._smoothing) * y
        self._weight = self._smoothing * self._weight + (1 - self._smoothing)
        return self._sum / self._weight

    def _all_smoothed(self, y: Numbers) -> Numbers:
        """The same for many points, as quickly as it can be said in blocks."""
        finite = np.isfinite(y)
        averages = self._averages(y[finite])
        before = self._columns[2, self._count - 1] if self._count else y[0] if len(y) else 0.0
        filled: Numbers = np.concatenate([[before], averages])[np.cumsum(finite)]
        return filled

    def _averages(self, y: Numbers) -> Numbers:
        decay = self._smoothing
        if not decay:
            self._sum, self._weight = (float(y[-1]), 1.0) if len(y) else (self._sum, self._weight)
            return y
        size = max(1, int(-_PRECISE / np.log(decay)))
        powers = decay ** np.arange(1, size + 1)
        found = np.empty_like(y)
        for start in range(0, len(y), size):
            block = y[start : start + size]
            shrunk = powers[: len(block)]
            sums = shrunk * (self._sum + (1 - decay) * np.cumsum(block / shrunk))
            weights = 1 - (1 - self._weight) * shrunk
            found[start : start + size] = sums / weights
            self._sum, self._weight = float(sums[-1]), float(weights[-1])
        return found


def smoothing_for(points: int) -> float:
    """How strongly to smooth a curve of so many points: less where it is short, so that it does not lag."""
    return min(0.9, 1 - 10 / max(points, 12))


def thinned(x: Numbers, y: Numbers, pixels: int) -> tuple[Numbers, Numbers]:
    """At most two points per pixel, the lowest and the highest, so that no spike is lost."""
    size = len(x) // max(pixels, 1)
    if size < 3:
        return x, y
    bins = len(x) // size
    body = y[: bins * size].reshape(bins, size)
    starts = np.arange(bins) * size
    picks = np.sort(np.stack([starts + body.argmin(1), starts + body.argmax(1)], axis=1), axis=1).ravel()
    picks = np.concatenate([picks, np.arange(bins * size, len(x))])
    return x[picks], y[picks]
