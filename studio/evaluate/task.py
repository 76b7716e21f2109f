"""The rows of a task: what is asked, and what one would like to read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from studio.dataset.record import Message


@dataclass(frozen=True)
class TaskItem:
    """One question: the turns up to the answer, the ideal answer, and the tools that it may call.

    `id` tells it from the others of its task, in this evaluation and in others. Items of one `cluster` come
    from one document or conversation, so they count as one witness together. `extras` is what a scorer wants
    of the row it was read from.
    """

    turns: tuple[Message, ...]
    ideal: str = ""
    tools: str = ""
    id: str = ""
    category: str = ""
    cluster: str = ""
    extras: Mapping[str, Any] = field(default_factory=dict)

    @property
    def prompt(self) -> str:
        """The last thing asked, as a table shows it."""
        return self.turns[-1].whole


def identified(items: Iterable[TaskItem]) -> tuple[TaskItem, ...]:
    """The items, those without an id named by what they ask; equal ones are numbered."""
    known: dict[str, int] = {}
    named = []
    for item in items:
        base = item.id or _digest(item)
        known[base] = known.get(base, 0) + 1
        named.append(replace(item, id=base if known[base] == 1 else f"{base}-{known[base]}"))
    return tuple(named)


def _digest(item: TaskItem) -> str:
    asked = [[turn.role, turn.whole] for turn in item.turns]
    text = json.dumps([asked, item.ideal, item.tools], ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
