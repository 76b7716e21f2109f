"""Plain rows of JSONL, a block of lines at a time in Arrow: what the index keeps of them, only quicker.

Rows are plain here whose columns are those of the file's first rows and hold texts without surprises.
What Arrow's parser takes is JSON that Python's takes, too, and it refuses names that come twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj
from numpy.typing import NDArray

from studio.dataset.read.chats import CALLER_ROLES, ROLES
from studio.dataset.read.fast_path import PlainColumns, plain_columns
from studio.dataset.rows import ROW_LIMIT, Fields, Row
from studio.dataset.store.check import GOOD, PREVIEW
from studio.dataset.store.index import SCHEMA
from studio.dataset.store.lines import Line
from studio.dataset.store.texts import (
    Flags,
    Indices,
    Texts,
    any_of,
    are_odd,
    beginnings,
    content_hashes,
    first_of,
    flags,
    have_marks,
    lengths,
    on_one_line,
)

_FAR = 4000
"""Bytes from which on a line may hold a number that Python's parser refuses for its digits."""

_FEWEST = 32
"""Lines that are not read in halves: one of them is no row of these columns."""

_LINE_FEED, _RETURN = b"\n\r"
_NUL = b"\\u0000"

_TURNS = (("role", "content"), ("from", "value"))
_ROLE_NAMES = pa.array([role for role in ROLES if role not in CALLER_ROLES])
_ROLES = pa.array([ROLES[role] for role in _ROLE_NAMES.to_pylist()])


class _Kept(NamedTuple):
    """What is kept of rows, and which of them need a closer look; `odd` is of all."""

    prompt: Texts
    answer: Texts
    prompt_characters: NDArray[np.int32]
    answer_characters: NDArray[np.int32]
    hashes: NDArray[np.uint64]
    odd: Flags
    first_prompt: Texts
    rejected: Texts
    turns: NDArray[np.int32]


class PlainBlock(NamedTuple):
    """What the index keeps of the plain rows of a block, and the numbered lines that need a closer look."""

    rows: pa.RecordBatch | None
    others: list[tuple[int, Line]]


class PlainRows:
    """Reads blocks of whole lines as the first rows of their file suggest."""

    def __init__(self, columns: PlainColumns, schema: pa.Schema) -> None:
        self._columns = columns
        self._parsing = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error")
        self._begins = f'{{"{schema.names[0]}": "'.encode()[:8]
        self._has_fractions = "double" in str(schema)

    @classmethod
    def of(cls, format: str, sample: Sequence[Row]) -> PlainRows | None:
        """For a file of this format with such rows; None where they are not plain."""
        counts = Counter(keys for row in sample if _suits(keys := tuple(row.fields), format))
        if not counts:
            return None
        keys = counts.most_common(1)[0][0]
        columns, rows = plain_columns(keys), [row.fields for row in sample if tuple(row.fields) == keys]
        schema = _schema(columns, keys, rows) if columns else None
        return cls(columns, schema) if columns and schema else None

    def read(self, block: bytes, offset: int, line: int) -> PlainBlock | None:
        """What is kept of the plain rows of a block, and the other lines.

        The block, of whole lines, stands at byte `offset` of the file, and on line `line`. None for lines
        that end as old Macs' do.
        """
        lines = _Lines.of(block)
        if lines is None:
            return None
        tables: list[pa.Table] = []
        good = self._parsed(lines, np.flatnonzero(lines.may_suit(self._begins)), tables)
        kept = self._kept(pa.concat_tables(tables).combine_chunks()) if len(good) else None
        if kept is None:
            return PlainBlock(None, lines.numbered(np.arange(len(lines.starts)), offset, line))
        odd = kept.odd | (lines.lengths[good] > _FAR) if self._has_fractions else kept.odd
        rows = _batch(kept, lines.starts[good] + offset, lines.lengths[good], good + line)
        others = np.setdiff1d(np.arange(len(lines.starts)), good[~odd], assume_unique=True)
        return PlainBlock(rows.filter(~odd) if odd.any() else rows, lines.numbered(others, offset, line))

    def _parsed(self, block: _Lines, places: Indices, found: list[pa.Table]) -> Indices:
        """Those of these lines that are read; where that fails, the halves are tried, and theirs."""
        if not len(places):
            return places
        data = block.joined(places)
        try:
            reading = pj.ReadOptions(use_threads=False, block_size=len(data) + 1)
            table = pj.read_json(pa.BufferReader(data), reading, self._parsing)
            for name in self._columns.columns:
                table[name].validate(full=True)  # whether it is UTF-8
        except pa.ArrowInvalid:
            table = None
        if table is not None and len(table) == len(places):  # else there are several on a line
            found.append(table)
            return places
        if len(places) <= _FEWEST:
            return places[:0]
        halves = np.array_split(places, 2)
        return np.concatenate([self._parsed(block, half, found) for half in halves])

    def _kept(self, table: pa.Table) -> _Kept | None:
        columns = [table[name].chunk(0) for name in self._columns.columns]
        return _chats(columns[0]) if self._columns.format == "chat" else _texts(self._columns.format, columns)


def _suits(keys: tuple[str, ...], format: str) -> bool:
    """Whether rows of a file of this format may have these columns."""
    columns, alone = plain_columns(keys), {"preference", "text"}
    return columns is not None and (columns.format == format or not {columns.format, format} & alone)


def _schema(columns: PlainColumns, keys: Sequence[str], rows: Sequence[Fields]) -> pa.Schema | None:
    """Arrow's types of rows with these keys; None where the values of a column have several."""
    type = _turns([row[columns.columns[0]] for row in rows]) if columns.format == "chat" else pa.string()
    try:
        others = {key: pa.infer_type([row[key] for row in rows]) for key in {*keys} - {*columns.columns}}
    except (pa.ArrowException, OverflowError, UnicodeError):
        return None
    return pa.schema([(key, others.get(key, type)) for key in keys])


def _turns(chats: Sequence[Any]) -> pa.DataType:
    turns = [turn for chat in chats if isinstance(chat, list) for turn in chat if isinstance(turn, dict)]
    names = max(_TURNS, key=lambda names: sum(tuple(turn) == names for turn in turns))
    return pa.list_(pa.struct([(name, pa.string()) for name in names]))


class _Lines(NamedTuple):
    """A block of lines: where each begins, its bytes with its end, and where the last before the end is."""

    block: bytes
    starts: Indices
    lengths: Indices
    last: Indices

    @classmethod
    def of(cls, block: bytes) -> _Lines | None:
        """The lines of a block; None where one ends as old Macs' do."""
        raw = np.frombuffer(block, np.uint8)
        ends = np.flatnonzero(raw == _LINE_FEED)
        if not block.endswith(b"\n"):
            ends = np.append(ends, len(block))
        starts = np.concatenate(([0], ends[:-1] + 1))
        returns = raw[np.maximum(ends - 1, 0)] == _RETURN
        if block.count(b"\r") != np.count_nonzero(returns):
            return None
        lengths = np.minimum(ends + 1, len(block)) - starts
        return cls(block, starts, lengths, np.maximum(ends - 1 - returns, starts))

    def may_suit(self, begins: bytes) -> Flags:
        """Which lines may hold one object each, without what only Python's parser judges.

        Where most begin with these eight bytes, only they: Arrow refuses all rows that it reads with another.
        """
        raw = np.frombuffer(self.block + bytes(8), np.uint8)
        found: Flags = (raw[self.starts] == ord("{")) & (raw[self.last] == ord("}"))
        found &= self.lengths <= ROW_LIMIT
        if b"\\" in self.block and _NUL in self.block:
            places = [match.start() for match in re.finditer(re.escape(_NUL), self.block)]
            found[np.searchsorted(self.starts, places, side="right") - 1] = False
        heads = np.ndarray((len(raw) - 7,), "<u8", raw, strides=(1,))[self.starts]
        usual = found & (heads == heads.dtype.type(int.from_bytes(begins, "little")))
        return usual if 2 * np.count_nonzero(usual) > np.count_nonzero(found) else found

    def joined(self, places: Indices) -> bytes:
        """These lines alone."""
        starts, ends = self.starts[places], self.starts[places] + self.lengths[places]
        cuts = np.flatnonzero(np.diff(places) > 1) + 1
        spans = zip(starts[[0, *cuts]].tolist(), ends[[*(cuts - 1), -1]].tolist(), strict=True)
        return b"".join([self.block[start:end] for start, end in spans])

    def numbered(self, places: Indices, offset: int, line: int) -> list[tuple[int, Line]]:
        """These lines as the file has them, whose block stands at byte `offset` and on line `line`."""
        spans = zip(places.tolist(), self.starts[places].tolist(), self.lengths[places].tolist(), strict=True)
        return [
            (line + place, Line(offset + start, length, self.block[start : start + length]))
            for place, start, length in spans
        ]


def _texts(format: str, columns: Sequence[Texts]) -> _Kept:
    """Of rows that hold a text, or a question with its answer and the material, or the worse answer."""
    if format == "text":
        return _alone(columns[0])
    asked, answer, *more = columns
    odd = [are_odd(asked, "[{", ":"), are_odd(answer, "[{"), have_marks(asked, of_tools=False)]
    odd.append(have_marks(answer, of_tools=True))
    given = worse = ""
    prompt, characters = beginnings(asked), lengths(asked)
    if format == "preference":
        worse = more[0]
        odd += [are_odd(worse, "[{"), have_marks(worse, of_tools=False), flags(pc.equal(answer, worse))]
        odd += [_may_be_transcript(answer), _may_be_transcript(worse)]
    elif more:
        given = more[0]
        there = flags(pc.not_equal(given, ""))
        odd += [are_odd(given, "[{") & there, have_marks(given, of_tools=False), flags(pc.is_null(given))]
        prompt = _with_material(asked, given, there)
        characters = characters + np.where(there, lengths(given) + 2, 0).astype(np.int32)
    joined = pc.binary_join_element_wise("", worse, "", "user", asked, given, "assistant", answer, "", "\0")
    prompt, begun = on_one_line(prompt), on_one_line(beginnings(answer))
    odd.append(flags(pc.equal(prompt, begun)))
    hashes, none = content_hashes(joined), _empty(len(asked))
    rejected = on_one_line(beginnings(worse)) if format == "preference" else none
    turns = np.full(len(asked), 2, np.int32)
    return _Kept(prompt, begun, characters, lengths(answer), hashes, any_of(odd), none, rejected, turns)


def _alone(text: Texts) -> _Kept:
    none = _empty(len(text))
    odd = are_odd(text, "[{") | have_marks(text, of_tools=False)
    hashes = content_hashes(pc.binary_join_element_wise(text, "", "", "\0"))
    begun, turns = on_one_line(beginnings(text)), np.zeros(len(text), np.int32)
    return _Kept(none, begun, lengths(none), lengths(text), hashes, odd, none, none, turns)


def _empty(count: int) -> Texts:
    return pa.repeat(pa.scalar(""), count)


def _with_material(asked: Texts, given: Texts, there: Flags) -> Texts:
    """The beginnings of what is asked, with the material behind it where there is some and room for it."""
    room = there & (lengths(asked) < PREVIEW - 1)  # an empty line takes two characters, a space but one
    both = pc.binary_join_element_wise(asked.filter(room), given.filter(room), " ")
    begun = beginnings(first_of(both, PREVIEW - 1))
    return pc.replace_with_mask(beginnings(asked), room, begun)


def _may_be_transcript(answer: Texts) -> Flags:
    """Which answers may begin with the name of a speaker."""
    return flags(pc.match_substring(first_of(answer, 40), ":"))


def _chats(chats: pa.ListArray) -> _Kept | None:
    """Of conversations that end with a question and its answer."""
    turns, edges = chats.values, chats.offsets.to_numpy()
    if not len(turns):
        return None
    names = next(names for names in _TURNS if turns.type.get_field_index(names[0]) >= 0)
    named, texts = (turns.field(name) for name in names)
    roles = _ROLES.take(pc.index_in(named, _ROLE_NAMES))
    unsound = [flags(pc.is_null(turns)), flags(pc.is_null(roles)), are_odd(texts)]
    unsound.append(have_marks(texts, of_tools=True))
    counts = np.diff(edges)
    odd = counts < 2
    odd[np.repeat(np.arange(len(chats)), counts)[any_of(unsound)]] = True
    last, before = np.maximum(edges[1:] - 1, 0), np.maximum(edges[1:] - 2, 0)
    odd |= ~flags(pc.equal(roles.take(last), "assistant")) | flags(pc.equal(roles.take(before), "system"))
    begun, characters = on_one_line(beginnings(texts)), lengths(texts)
    prompt, answer = begun.take(before), begun.take(last)
    odd |= flags(pc.equal(prompt, answer))
    joined = pc.binary_join_element_wise("", roles, texts, "", "\0")
    hashes = content_hashes(joined, edges, b"\0\0")
    first, turns, unclear = _beginning(flags(pc.equal(roles, "system")), edges)
    opening = pc.if_else(pa.array(first < before), begun.take(first), "")
    shown = opening, _empty(len(chats)), turns
    return _Kept(prompt, answer, characters[before], characters[last], hashes, odd | unclear, *shown)


def _beginning(system: Flags, edges: Indices) -> tuple[Indices, NDArray[np.int32], Flags]:
    """Of each conversation: its first turn behind the system's, how many are none, where it is unclear."""
    starts = np.minimum(edges[:-1], len(system) - 1)
    first = np.minimum(starts + system[starts], len(system) - 1)
    before = np.concatenate(([0], np.cumsum(system)))
    of_system = before[edges[1:]] - before[edges[:-1]]
    return first, (np.diff(edges) - of_system).astype(np.int32), system[first]


def _batch(kept: _Kept, offsets: Indices, lengths: Indices, lines: Indices) -> pa.RecordBatch:
    rows = len(lines)
    known = {
        "offset": offsets,
        "length": lengths,
        "line": lines,
        "state": np.full(rows, GOOD),
        "prompt": kept.prompt,
        "answer": kept.answer,
        "prompt_characters": kept.prompt_characters,
        "answer_characters": kept.answer_characters,
        "hash": kept.hashes,
        "equal": kept.hashes,
        "first_prompt": kept.first_prompt,
        "rejected": kept.rejected,
        "turns": kept.turns,
    }
    none = {"first": np.zeros(rows, int), "column": np.zeros(rows, int)}
    values = known | none
    arrays = [
        pa.array(values[field.name], field.type) if field.name in values else pa.nulls(rows, field.type)
        for field in SCHEMA
    ]
    return pa.record_batch(arrays, SCHEMA)
