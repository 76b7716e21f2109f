"""A number for each of very many rows: a few in memory, most in a file that is mapped.

Mapped pages are the system's own cache: it takes them back where memory gets scarce, so that what is kept
for each row does not bound how many rows there may be.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any
from weakref import finalize

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SORTED = 2**22
"""Keys that are sorted at once."""

_HELD = 2**17
"""Numbers in memory, from which on they go to the file."""


class NumberColumn:
    """Numbers in the order in which they came; `code` is the array module's: b, i, q, Q or d."""

    def __init__(self, code: str, held: int = _HELD) -> None:
        self._held: array[Any] = array(code)
        self._most = held
        self._file: Any = None
        self._written = 0

    def __len__(self) -> int:
        return self._written + len(self._held)

    def append(self, number: float) -> None:
        """Add one number. Raises OSError where the disk is full."""
        self._held.append(number)
        if len(self._held) >= self._most:
            self._write()

    def extend(self, numbers: Iterable[float]) -> None:
        """Add several: much quicker than one by one where they are bytes of the same kind."""
        if isinstance(numbers, bytes):
            self._held.frombytes(numbers)
        else:
            self._held.extend(numbers)
        if len(self._held) >= self._most:
            self._write()

    def numbers(self) -> NDArray[Any]:
        """All of them, to be read; nothing can be added from then on."""
        import numpy as np  # only where rows are gone through

        if self._file is None:
            return np.array(self._held)
        self._write()
        return np.memmap(self._file, np.dtype(self._held.typecode), "r", shape=(self._written,))

    def _write(self) -> None:
        if self._file is None:
            self._file = TemporaryFile()  # noqa: SIM115
            finalize(self, self._file.close)  # what is mapped of it stays
        self._held.tofile(self._file)
        self._file.flush()
        self._written += len(self._held)
        del self._held[:]


class ByLine(Mapping[int, int]):
    """A number for each of these lines, looked up in arrays."""

    def __init__(self, lines: NDArray[Any], numbers: NDArray[Any]) -> None:
        import numpy as np

        order = np.argsort(lines, kind="stable")
        self._lines, self._numbers = lines[order], numbers[order]

    def over(self, limit: int) -> ByLine:
        """By how much the numbers that are over the limit are so."""
        over = self._numbers > limit
        return ByLine(self._lines[over], self._numbers[over] - limit)

    def __getitem__(self, line: int) -> int:
        place = int(self._lines.searchsorted(line))
        if place == len(self._lines) or self._lines[place] != line:
            raise KeyError(line)
        return int(self._numbers[place])

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[int]:
        return iter(self._lines.tolist())


def sorted_places(keys: NDArray[Any]) -> Iterator[NDArray[np.intp]]:
    """The places by their 64-bit keys, equal ones in order: in stretches that no key spans."""
    import numpy as np

    stretches = 1 if len(keys) <= _SORTED else 16
    for stretch in range(stretches):
        inside = np.flatnonzero(((keys >> 60) & (stretches - 1)) == stretch)
        yield inside[np.argsort(keys[inside], kind="stable")]


def first_of_equal(keys: NDArray[Any], preferred: NDArray[np.bool_] | None = None) -> NDArray[np.intp]:
    """For each place that of the first with the same key; a preferred one before any other."""
    import numpy as np

    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    if preferred is not None:
        places = np.flatnonzero(preferred)[::-1]
        first[inverse[places]] = places  # the last to be written is the earliest
    result: NDArray[np.intp] = first[inverse]
    return result
