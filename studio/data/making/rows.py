"""A made row, and how it was made."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from studio.data.making.review import Review
from studio.data.records import Message, Record
from studio.events import built


@dataclass(frozen=True)
class Made:
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
class Row:
    """A made row as JSON keeps it; `messages` are (role, content, input)."""

    number: int
    messages: tuple[tuple[str, str, str], ...]
    rejected: str
    made: Made

    def record(self, line: int) -> Record:
        """The row as an example at this line."""
        messages = tuple(Message(role, content, input) for role, content, input in self.messages)
        made = json.dumps(asdict(self.made), ensure_ascii=False)
        return Record(line, messages, rejected=self.rejected, made=made)

    def edited(self, review: Review) -> Row:
        """The row with the person's own words in place of the model's."""
        if review.state != "edited":
            return self
        turns = list(self.messages)
        answer = max(i for i, turn in enumerate(turns) if turn[0] == "assistant")
        prompt = max(i for i, turn in enumerate(turns[:answer]) if turn[0] == "user")
        turns[prompt] = ("user", review.prompt, "")
        turns[answer] = ("assistant", review.answer, "")
        return replace(self, messages=tuple(turns))


def row_of(number: int, record: Record, made: Made) -> Row:
    """The record as a made row."""
    messages = tuple((message.role, message.content, message.input) for message in record.messages)
    return Row(number, messages, record.rejected, made)


def row_from(fields: dict[str, Any]) -> Row:
    """The row that `asdict` and JSON made of one. Raises ValueError for what is none."""
    try:
        messages = tuple((str(r), str(c), str(i)) for r, c, i in fields["messages"])
        row = Row(int(fields["number"]), messages, str(fields["rejected"]), built(Made, fields["made"]))
    except (TypeError, KeyError, AttributeError, OverflowError) as error:
        raise ValueError(f"not a made row: {error}") from error
    roles = [role for role, _, _ in messages]
    if "assistant" not in roles or "user" not in roles[: _last(roles, "assistant")]:
        raise ValueError("not a made row: it has no request and answer")
    return row


def _last(roles: list[str], role: str) -> int:
    return max(place for place, each in enumerate(roles) if each == role)
