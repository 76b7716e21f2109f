"""Filter, search and sort over all rows of a big file: in Arrow and NumPy, which let other threads go on."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from studio.data.store.check import BAD, GOOD, WARNING
from studio.data.store.reader import Part, Store
from studio.events import Progress

Numbers = NDArray[np.uint32]

STATES = {"good": GOOD, "warnings": WARNING, "bad": BAD}


@dataclass(frozen=True)
class Query:
    """What is asked for: rows of one state or "all", holding a text, in the order of the file or another.

    `whole` searches all of each row as the file has it, names and escapes included, rather than the
    beginnings of prompt and answer. `sort` is "", "line", "characters" or "state".
    """

    state: str = "all"
    search: str = ""
    whole: bool = False
    sort: str = ""
    descending: bool = False


def finding(store: Store, query: Query) -> Generator[Progress, None, Numbers]:
    """The numbers of the rows asked for, in order; announces how many rows are looked through."""
    found: list[Numbers] = []
    keys: list[NDArray[Any]] = []
    for part in store.parts:
        yield Progress("rows searched", part.first, store.rows)
        inside = np.flatnonzero(_mask(store, part, query))
        found.append((inside + part.first).astype(np.uint32))
        if query.sort:
            keys.append(_keys(part, query.sort)[inside])
    numbers: Numbers = np.concatenate(found) if found else np.empty(0, np.uint32)
    if not keys:
        return numbers
    key = np.concatenate(keys)
    sorted_numbers: Numbers = numbers[np.argsort(-key if query.descending else key, kind="stable")]
    return sorted_numbers


def _mask(store: Store, part: Part, query: Query) -> NDArray[np.bool_]:
    states = part.columns("state")["state"].to_numpy()
    mask: NDArray[np.bool_] = (
        np.ones(part.rows, bool) if query.state == "all" else states == STATES[query.state]
    )
    if query.search:
        hit = _whole_rows_with if query.whole else _beginnings_with
        mask = mask & hit(store, part, query.search)
    return mask


def _beginnings_with(store: Store, part: Part, text: str) -> NDArray[np.bool_]:
    hit = np.zeros(part.rows, bool)
    for column in part.columns("prompt", "answer", "reason").columns:
        found = pc.fill_null(pc.match_substring(column, text, ignore_case=True), False)
        hit |= found.to_numpy(zero_copy_only=False)
    return hit


def _whole_rows_with(store: Store, part: Part, text: str) -> NDArray[np.bool_]:
    """Searched where the file's bytes lie, without a copy."""
    batch = part.columns("offset", "length")
    offset, length = batch["offset"].to_numpy(), batch["length"].to_numpy()
    start, end = int(offset[0]), int(offset[-1] + length[-1])
    with pa.memory_map(str(store.plain)) as file:
        file.seek(start)
        data = file.read_buffer(end - start)
        edges = pa.array(np.append(offset, end) - start, pa.int64()).buffers()[1]
        rows = pa.LargeBinaryArray.from_buffers(pa.large_binary(), part.rows, [None, edges, data])
        found: NDArray[np.bool_] = pc.match_substring_regex(
            rows, _spellings(text), ignore_case=True
        ).to_numpy(zero_copy_only=False)
        del rows, data
    return found


def _spellings(text: str) -> str:
    """A pattern for the text as it stands, as JSON writes it, and as JSON writes it in ASCII."""
    quoted = {json.dumps(text, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    return "|".join(re.escape(spelling) for spelling in sorted({text, *quoted}))


def _keys(part: Part, sort: str) -> NDArray[Any]:
    if sort == "characters":
        batch = part.columns("prompt_characters", "answer_characters")
        total: NDArray[Any] = batch[0].to_numpy() + batch[1].to_numpy()
        return total
    key: NDArray[Any] = part.columns(sort)[sort].to_numpy()
    return key
