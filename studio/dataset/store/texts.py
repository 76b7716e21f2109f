"""Columns of texts in Arrow, looked through by their bytes: what is kept of them, and which are odd."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import blake2b
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from studio.dataset.read.flags import PLACEHOLDERS_BEGIN
from studio.dataset.record import TOOL_MARKS
from studio.dataset.store.check import PREVIEW

type Texts = pa.StringArray
type Flags = NDArray[np.bool_]
type Indices = NDArray[np.integer]

_SPACES = [chr(code).encode() for code in range(0x3001) if chr(code).isspace()]
_WIDE = np.array([int.from_bytes(space) for space in _SPACES if len(space) > 1])
_KINDS = bytearray(256)
"""Of each byte: whether it is a plain space (1), or may begin another kind of space (2)."""
for _space in _SPACES:
    _KINDS[_space[0]] = 1 if _space == b" " else 2

_TOOL_MARKS = [mark.encode() for mark in TOOL_MARKS]


def flags(column: pa.BooleanArray) -> Flags:
    """As NumPy has it; null is no."""
    found: Flags = column.fill_null(False).to_numpy(zero_copy_only=False)
    return found


def any_of(several: Iterable[Flags]) -> Flags:
    """Which rows any of them flags."""
    found: Flags = np.logical_or.reduce([*several])
    return found


def lengths(column: Texts) -> NDArray[np.int32]:
    """Characters of each."""
    counted = pc.binary_length(column) if _is_ascii(column) else pc.utf8_length(column)
    found: NDArray[np.int32] = counted.fill_null(0).to_numpy()
    return found


def beginnings(column: Texts) -> Texts:
    """The first characters of each, without the space behind them."""
    return pc.ascii_rtrim_whitespace(first_of(column, PREVIEW))


def first_of(column: Texts, characters: int) -> Texts:
    """So many first characters of each."""
    if _is_ascii(column):  # a third of the time
        return pc.binary_slice(column.view(pa.binary()), 0, characters).view(pa.string())
    return pc.utf8_slice_codeunits(column, 0, characters)


def on_one_line(column: Texts) -> Texts:
    """`check.preview` of each of the beginnings."""
    raw = _data(column)
    kinds = np.frombuffer(raw.translate(_KINDS), np.uint8)
    plain = kinds == 1
    twice = np.flatnonzero(plain[1:] & plain[:-1])
    others = np.flatnonzero(kinds == 2)
    rows = _rows_at(column, np.concatenate([twice, others[_begin_spaces(_padded(raw), others + 3)]]))
    if not len(rows):
        return column
    mask = np.zeros(len(column), bool)
    mask[rows] = True
    found = [" ".join(text.split()) for text in column.filter(mask).fill_null("").to_pylist()]
    return pc.replace_with_mask(column, mask, pa.array(found, pa.string()))


def are_odd(column: Texts, first: str = "", last: str = "") -> Flags:
    """Which texts are null, empty or surrounded by space, or begin or end with one of these characters."""
    data, edges = _padded(_data(column)), _offsets(column) + 3
    begins, ends = edges[:-1], edges[1:]
    odd: Flags = (begins == ends) | _spaces(first)[data[begins]] | _spaces(last)[data[ends - 1]]
    wide = np.flatnonzero((data[begins] > 127) | (data[ends - 1] > 127))
    if len(wide):
        for places in (begins, ends - 2, ends - 3):
            odd[wide] |= _begin_spaces(data, places[wide])
    return odd


def have_marks(column: Texts, *, of_tools: bool) -> Flags:
    """Which texts may hold the mark of a picture or, if those matter, of a tool."""
    data = _data(column)
    found = [match.start() for match in PLACEHOLDERS_BEGIN.finditer(data)]
    for mark in filter(data.__contains__, _TOOL_MARKS if of_tools else []):
        found += [match.start() for match in re.finditer(re.escape(mark), data)]
    odd = np.zeros(len(column), bool)
    odd[_rows_at(column, np.array(found, int))] = True
    return odd


def content_hashes(joined: Texts, edges: Indices | None = None, before: bytes = b"") -> NDArray[np.uint64]:
    """`identity.content_hash` of rows whose parts are joined; `edges` part those that are in pieces."""
    offsets, data = _offsets(joined), _data(joined)
    bounds: Sequence[int] = (offsets if edges is None else offsets[edges]).tolist()
    pieces = [data[start:end] for start, end in pairwise(bounds)]
    if before:
        pieces = [before + piece for piece in pieces]
    return np.frombuffer(b"".join([blake2b(piece, digest_size=8).digest() for piece in pieces]), "<u8")


@cache
def _spaces(others: str) -> Flags:
    """Of each byte: whether it is a space by itself, or one of these characters."""
    found = np.zeros(256, bool)
    found[[space[0] for space in _SPACES if len(space) == 1]] = True
    found[list(others.encode())] = True
    return found


def _begin_spaces(data: NDArray[np.uint8], places: Indices) -> Flags:
    """At which of these bytes a space begins that is no plain one."""
    begins = data[places]
    found: Flags = _spaces("")[begins]
    wide = np.flatnonzero(begins > 127)
    if len(wide):
        first, second, third = (data[places[wide] + n].astype(np.int32) for n in range(3))
        pair = first << 8 | second
        found[wide] = np.isin(pair, _WIDE) | np.isin(pair << 8 | third, _WIDE)
    return found


def _padded(data: bytes) -> NDArray[np.uint8]:
    """The bytes with three more on either side."""
    return np.frombuffer(b"\0\0\0" + data + b"\0\0\0", np.uint8)


def _rows_at(column: Texts, places: Indices) -> Indices:
    """The rows in which these bytes of a column stand."""
    return np.unique(np.searchsorted(_offsets(column), places, side="right") - 1)


def _offsets(column: Texts) -> NDArray[np.int32]:
    """Where each text begins among the bytes of all, and where the last ends."""
    return np.frombuffer(column.buffers()[1], np.int32)[column.offset :][: len(column) + 1]


def _is_ascii(column: Texts) -> bool:
    buffer = column.buffers()[2]
    return buffer is None or bool(np.frombuffer(buffer, np.uint8).max(initial=0) < 128)


def _data(column: Texts) -> bytes:
    buffer = column.buffers()[2]
    return b"" if buffer is None else bytes(buffer.to_pybytes())
