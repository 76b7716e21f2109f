"""What a person says of made rows: the last word counts, the earlier ones are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from studio.data.making.journal import Journal
from studio.errors import DataError
from studio.events import built

STATES = ("pending", "accepted", "edited", "rejected")


@dataclass(frozen=True)
class Review:
    """One judgement. `prompt` and `answer` are the person's own words, where the state is edited."""

    state: str
    prompt: str = ""
    answer: str = ""

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise DataError(f"A made row is {', '.join(STATES)}; not {self.state!r}.")
        if self.state == "edited" and not (self.prompt.strip() and self.answer.strip()):
            raise DataError("An edited row needs a prompt and an answer. Reject it if there is none.")

    @property
    def counts(self) -> bool:
        """Whether the row belongs to the dataset."""
        return self.state in ("accepted", "edited")


@dataclass(frozen=True)
class Reviews:
    """All judgements in a folder."""

    journal: Journal

    def append(self, row: int, review: Review) -> None:
        """Add one; undoing is adding the one before."""
        self.extend({row: review})

    def extend(self, reviews: Mapping[int, Review]) -> None:
        """Add several at once, by row."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.journal.append(*({"row": row, **asdict(each), "time": now} for row, each in reviews.items()))

    def latest(self) -> dict[int, Review]:
        """The last judgement of each row that has one; damaged lines are left out."""
        return dict(judged for _, line in self.journal.numbered() if (judged := _judged(line)))

    def damaged(self) -> list[int]:
        """The numbers of the lines that are no judgements."""
        return [number for number, line in self.journal.numbered() if _judged(line) is None]


def _judged(line: dict[str, Any] | None) -> tuple[int, Review] | None:
    try:
        review = built(Review, line or {})
        return int((line or {})["row"]), review
    except (DataError, ValueError, TypeError, KeyError, OverflowError):
        return None
