"""A generated row, how it was made, and what a person says of it: the last word counts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from studio.dataset.record import Message, Record
from studio.errors import DataError
from studio.events import built
from studio.files.journal import Journal

STATES = ("pending", "accepted", "edited", "rejected")


@dataclass(frozen=True)
class Review:
    """One judgement. `prompt` and `answer` are the person's own words, where the state is edited."""

    state: str
    prompt: str = ""
    answer: str = ""

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise DataError("synth.no_state", states=", ".join(STATES), state=repr(self.state))
        if self.state == "edited" and not (self.prompt.strip() and self.answer.strip()):
            raise DataError("synth.edited_empty")

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


@dataclass(frozen=True)
class Provenance:
    """How a row was made: by which maker and model, when (UTC), and from where and what passage.

    `kin` is that of the example it was made from, which it may never be divided from.
    """

    maker: str
    model: str
    source: str
    passage: str
    time: str
    kin: str = ""


@dataclass(frozen=True)
class SyntheticRow:
    """A made row as JSON keeps it; `messages` are (role, content, input)."""

    number: int
    messages: tuple[tuple[str, str, str], ...]
    rejected: str
    made: Provenance

    def record(self, line: int) -> Record:
        """The row as an example at this line."""
        messages = tuple(Message(role, content, input) for role, content, input in self.messages)
        made = json.dumps(asdict(self.made), ensure_ascii=False)
        return Record(line, messages, rejected=self.rejected, made=made)

    def edited(self, review: Review) -> SyntheticRow:
        """The row with the person's own words in place of the model's."""
        if review.state != "edited":
            return self
        turns = list(self.messages)
        answer = max(i for i, turn in enumerate(turns) if turn[0] == "assistant")
        prompt = max(i for i, turn in enumerate(turns[:answer]) if turn[0] == "user")
        turns[prompt] = ("user", review.prompt, "")
        turns[answer] = ("assistant", review.answer, "")
        return replace(self, messages=tuple(turns))


def row_of(number: int, record: Record, made: Provenance) -> SyntheticRow:
    """The record as a made row."""
    messages = tuple((message.role, message.content, message.input) for message in record.messages)
    return SyntheticRow(number, messages, record.rejected, made)


def row_from(fields: dict[str, Any]) -> SyntheticRow:
    """The row that `asdict` and JSON made of one. Raises ValueError for what is none."""
    try:
        messages = tuple((str(r), str(c), str(i)) for r, c, i in fields["messages"])
        row = SyntheticRow(
            int(fields["number"]), messages, str(fields["rejected"]), built(Provenance, fields["made"])
        )
    except (TypeError, KeyError, AttributeError, OverflowError) as error:
        raise ValueError(f"not a made row: {error}") from error
    roles = [role for role, _, _ in messages]
    if "assistant" not in roles or "user" not in roles[: _last(roles, "assistant")]:
        raise ValueError("not a made row: it has no request and answer")
    return row


def _last(roles: list[str], role: str) -> int:
    return max(place for place, each in enumerate(roles) if each == role)
