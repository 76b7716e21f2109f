"""What a GGUF file says of itself before its weights: values by name, and where tensors lie. Needs no MLX.

The `gguf` package's own reader makes an array of every token, which takes seconds for a large vocabulary, and
trusts what lengths a file states; a list of models needs neither.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf

from studio.errors import ModelError
from studio.models.weights import refuse_pointer

MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_STRING, _ARRAY = 8, 9
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
"""Numbers of GGUF's types of values, and how `struct` reads each."""
_DEEPEST = 8
_MOST_DIMS = 4


@dataclass(frozen=True)
class GgufTensor:
    """A tensor as it is stored: the number of its kind, its shape (rows first), and where it begins."""

    name: str
    kind: int
    shape: tuple[int, ...]
    start: int  # bytes from the file's beginning
    file: Path

    @property
    def numbers(self) -> int:
        count = 1
        for size in self.shape:
            count *= size
        return count

    @property
    def known(self) -> gguf.GGMLQuantizationType | None:
        """Its kind, where the `gguf` package has a name for it."""
        try:
            return gguf.GGMLQuantizationType(self.kind)
        except ValueError:
            return None

    @property
    def size(self) -> int:
        """Bytes; 0 for a kind that is not known."""
        block, size = gguf.GGML_QUANT_SIZES[self.known] if self.known is not None else (1, 0)
        return self.numbers // block * size


@dataclass(frozen=True)
class GgufHeader:
    """The values and tensors of one file. A list of values is None where lists were not asked for."""

    file: Path
    values: dict[str, Any]
    tensors: tuple[GgufTensor, ...]
    counts: dict[str, int]  # how long each list is

    def text(self, key: str) -> str:
        """A value that is text; nothing where it is absent, or something else."""
        found = self.values.get(key)
        return found if isinstance(found, str) else ""

    def number(self, key: str, default: int = 0) -> int:
        """A value that is a whole number. Of a list (one for each layer) the largest."""
        found = self.values.get(key)
        if isinstance(found, list) and found and all(isinstance(each, int) for each in found):
            found = max(found)
        return found if isinstance(found, int) and not isinstance(found, bool) else default

    def real(self, key: str, default: float = 0.0) -> float:
        """A value that is a number."""
        found = self.values.get(key)
        return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else default


def is_gguf(file: Path) -> bool:
    """Whether a file begins as GGUF does, whatever it is called."""
    try:
        with file.open("rb") as opened:
            return file.is_file() and opened.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def read_gguf_header(file: Path, lists: bool = False) -> GgufHeader:
    """What a file says before its weights; its long `lists` (the vocabulary) where they are asked for.

    Raises ModelError where it is no GGUF file, or damaged, or cut short before or inside its weights.
    """
    refuse_pointer(file)
    try:
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Reading(file, data, lists).header()
    except FileNotFoundError as error:
        raise ModelError("gguf.gone", file=file) from error
    except (OSError, ValueError, struct.error, OverflowError, MemoryError) as error:
        code = "gguf.damaged" if is_gguf(file) else "gguf.not_one"
        raise ModelError(code, file=file) from error


class _Reading:
    """Goes through the bytes of a header once."""

    def __init__(self, file: Path, data: mmap.mmap, lists: bool) -> None:
        self.file, self.data, self.lists = file, data, lists
        self.at = len(MAGIC)
        self.counts: dict[str, int] = {}

    def header(self) -> GgufHeader:
        self._check_version()
        tensors, values = self._take("Q"), self._take("Q")
        found: dict[str, Any] = {}
        for _ in range(values):
            name = self._string()
            found[name] = self._value(name, self._take("I"))
        places = [self._tensor() for _ in range(tensors)]
        alignment = found.get("general.alignment", gguf.GGUF_DEFAULT_ALIGNMENT)
        if not isinstance(alignment, int) or alignment < 1:
            raise ValueError(f"an alignment of {alignment!r}")
        start = -(-self.at // alignment) * alignment
        laid = tuple(
            GgufTensor(name, kind, shape, start + offset, self.file) for name, kind, shape, offset in places
        )
        self._check_whole(laid)
        return GgufHeader(self.file, found, laid, self.counts)

    def _check_version(self) -> None:
        if self.data[: len(MAGIC)] != MAGIC:
            raise ModelError("gguf.not_one", file=self.file)
        version = self._take("I")
        if version & 0xFFFF == 0:
            raise ModelError("gguf.other_order", file=self.file)
        if version not in _VERSIONS:
            raise ModelError("gguf.version", file=self.file, version=version)

    def _check_whole(self, tensors: tuple[GgufTensor, ...]) -> None:
        whole = max((tensor.start + tensor.size for tensor in tensors), default=0)
        if len(self.data) < whole:
            raise ModelError("weights.cut_short", file=self.file, there=len(self.data), whole=whole)

    def _take(self, form: str) -> Any:
        (found,) = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return found

    def _string(self) -> str:
        length = self._take("Q")
        self._move(length)
        return self.data[self.at - length : self.at].decode("utf-8", "replace")

    def _move(self, count: int) -> None:
        self.at += count
        if self.at > len(self.data):
            raise ValueError("beyond the file's end")

    def _value(self, name: str, kind: int, depth: int = 0) -> Any:
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY and depth < _DEEPEST:
            return self._list(name, depth)
        if kind not in _SCALARS:
            raise ValueError(f"no value has the kind {kind}")
        return self._take(_SCALARS[kind])

    def _list(self, name: str, depth: int) -> list[Any] | None:
        kind, count = self._take("I"), self._take("Q")
        if depth == 0:
            self.counts[name] = count
        if count > len(self.data) - self.at:  # each takes a byte at least
            raise ValueError("beyond the file's end")
        wanted = self.lists or count <= _SHORT
        if kind in _SCALARS:
            return self._scalars(kind, count, wanted)
        take: Callable[[], Any] = (
            self._string if kind == _STRING else lambda: self._value(name, kind, depth + 1)
        )
        if not wanted and kind == _STRING:
            self._skip_strings(count)
            return None
        return [take() for _ in range(count)]

    def _scalars(self, kind: int, count: int, wanted: bool) -> list[Any] | None:
        form = f"<{count}{_SCALARS[kind]}"
        start = self.at
        self._move(struct.calcsize(form))
        return list(struct.unpack_from(form, self.data, start)) if wanted else None

    def _skip_strings(self, count: int) -> None:
        data, at, length = self.data, self.at, struct.Struct("<Q").unpack_from
        for _ in range(count):
            at += 8 + length(data, at)[0]
        self.at = at
        self._move(0)

    def _tensor(self) -> tuple[str, int, tuple[int, ...], int]:
        name, dims = self._string(), self._take("I")
        if dims > _MOST_DIMS:
            raise ValueError(f"a tensor has {dims} dimensions")
        shape = tuple(self._take("Q") for _ in range(dims))
        kind, offset = self._take("I"), self._take("Q")
        return name, kind, shape[::-1], offset


_SHORT = 512
"""So many values of a list are read in any case: one for each layer."""
