"""Passages that fit a question: by BM25, over a person's documents or over what was trained on."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.dataset.documents.passages import Passage, reading_passages, words
from studio.dataset.record import Record
from studio.events import Log, Progress

if TYPE_CHECKING:
    from studio.dataset.dataset import Dataset


@dataclass(frozen=True)
class FoundPassage:
    """A passage with its rank among those found, from 1 on, and its BM25 score."""

    passage: Passage
    rank: int
    score: float


class PassageIndex:
    """Finds passages by the words that they share with a question (BM25 as Lucene counts it, k1 1.5, b 0.75).

    Words that nearly every passage has count for little, rare ones for much (Robertson and Zaragoza, 2009).
    """

    def __init__(self, passages: Sequence[Passage]) -> None:
        import bm25s

        self.passages = tuple(passages)
        self._index = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
        self._index.index([words(each.text) or [""] for each in self.passages], show_progress=False)

    def find(self, question: str, count: int) -> tuple[FoundPassage, ...]:
        """The passages that fit best, at most so many; none that shares no word with the question."""
        scores = np.asarray(self._index.get_scores(words(question) or [""]))
        best = np.argsort(-scores, kind="stable")[:count]
        kept = [int(place) for place in best if scores[place] > 0]
        return tuple(
            FoundPassage(self.passages[place], rank, float(scores[place]))
            for rank, place in enumerate(kept, 1)
        )


def passages_of_rows(records: Sequence[Record], name: str) -> tuple[Passage, ...]:
    """Trained rows as passages: a question with its answer, or a text."""
    found: list[Passage] = []
    for record in records:
        told = [turn.shown for turn in record.messages if turn.role != "system"]
        text = "\n".join(told) if record.messages else record.text
        if text.strip():
            found.append(Passage(name, f"line {record.line}", text))
    return tuple(found)


_ROWS = 5000
"""Rows that examples and passages are taken from, at most."""


def trained_records(data: Dataset | None) -> list[Record]:
    """The rows that were trained on, each once: the first of them where they are many."""
    rows = data.train[: 2 * _ROWS] if data else ()
    return list({id(example.record): example.record for example in rows}.values())[:_ROWS]


def reading_index(
    documents: Sequence[Path], records: Sequence[Record], name: str
) -> Generator[Progress | Log, None, PassageIndex]:
    """The index over the documents, or without any over the trained rows. Raises DataError when none can be
    read."""
    if not documents:
        return PassageIndex(passages_of_rows(records, name))
    return PassageIndex((yield from reading_passages(documents)))
