"""What a card says of the rows of one part, gathered row by row."""

from __future__ import annotations

from array import array
from collections import Counter

import numpy as np

from studio.data.records import Record

MOST_LABELS = 30
"""Beyond so many different answers they are no labels."""


class Statistics:
    """Grows with each row: 12 bytes a row, and the answers while there are few different ones."""

    def __init__(self) -> None:
        self.made = 0
        self._turns, self._prompts, self._answers = array("I"), array("I"), array("I")
        self.labels: Counter[str] | None = Counter()

    @property
    def rows(self) -> int:
        return len(self._turns)

    def add(self, record: Record) -> None:
        """Count one more row."""
        answer = record.answer
        self.made += bool(record.made)
        self._turns.append(len(record.messages))
        self._prompts.append(len(record.prompt))
        self._answers.append(len(answer))
        if self.labels is not None:
            self.labels[answer.strip()] += 1
            self.labels = self.labels if len(self.labels) <= MOST_LABELS else None

    @property
    def turns(self) -> float:
        """The median."""
        return float(np.median(self._turns))

    @property
    def prompts(self) -> tuple[float, int]:
        """The median and the longest, in characters."""
        return float(np.median(self._prompts)), max(self._prompts)

    @property
    def answers(self) -> tuple[float, int]:
        """The median and the longest, in characters."""
        return float(np.median(self._answers)), max(self._answers)


def labels_of(parts: list[Statistics]) -> Counter[str]:
    """How often each label occurs; empty where answers are no labels."""
    if any(part.labels is None for part in parts):
        return Counter()
    labels = sum((part.labels or Counter() for part in parts), Counter[str]())
    rows = sum(part.rows for part in parts)
    return labels if len(labels) <= MOST_LABELS and len(labels) * 2 <= rows else Counter()
