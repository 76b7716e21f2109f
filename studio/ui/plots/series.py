"""The numbers behind a curve: all of them kept, thinned to the pixels there are only when drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


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

    def append(self, x: float, y: float) -> None:
        """Add a point; the arrays double when they are full."""
        if self._count == self._columns.shape[1]:
            self._columns = np.concatenate([self._columns, np.empty_like(self._columns)], axis=1)
        self._columns[:, self._count] = (x, y, self._smoothed(y))
        self._count += 1

    def extend(self, xs: Sequence[float], ys: Sequence[float]) -> None:
        for x, y in zip(xs, ys, strict=True):
            self.append(x, y)

    def cut(self, x: float) -> None:
        """Forget the points from `x` on."""
        kept = self._columns[:2, : int(np.searchsorted(self.x, x))].tolist()
        self.clear()
        self.extend(*kept)

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
