"""Preference rows: a better and a worse answer to the same conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from studio.data.chats import turns
from studio.data.fields import BadRow, Fields, field
from studio.data.names import CHOSEN, CONTEXTS, INPUTS, PROMPTS, REJECTED
from studio.data.records import Message, Record
from studio.data.tools import tools
from studio.data.transcripts import as_turns, asked
from studio.data.values import history, optional, system, text


def preference(line: int, fields: Fields) -> Record:
    """The pair of a row. Raises BadRow where its sides are no two answers to one conversation."""
    sides = {"chosen": _either(fields, CHOSEN), "rejected": _either(fields, REJECTED)}
    if isinstance(sides["chosen"], list):
        messages = turns(sides["chosen"], "chosen")
        rejected = _worse(sides["rejected"], messages)
    else:
        messages = (Message("assistant", text(sides, ("chosen",))),)
        rejected = text(sides, ("rejected",))
    if messages[0].role == "assistant":
        messages = (*_asked(fields), *messages)
    elif messages[0].role != "system":
        messages = (*system(fields), *messages)
    if messages[-1].role != "assistant":
        raise BadRow("row.side_without_answer", what=field("chosen"))
    if messages[-1].calls:
        raise BadRow("row.chosen_calls")
    if rejected == messages[-1].content:
        raise BadRow("row.sides_equal")
    return Record(line, messages, rejected=rejected, tools=tools(fields))


def _worse(side: Any, chosen: Sequence[Message]) -> str:
    """The last answer of the worse side, whose other turns are those of the better one."""
    if isinstance(side, str) and len(chosen) == 1:
        return text({"rejected": side}, ("rejected",))
    *before, last = turns(side, "rejected")
    if last.role != "assistant":
        raise BadRow("row.side_without_answer", what=field("rejected"))
    if tuple(before) != tuple(chosen[:-1]):
        raise BadRow("row.sides_differ")
    if last.calls:
        raise BadRow("row.rejected_calls")
    return last.content


def _either(fields: Fields, names: Sequence[str]) -> Any:
    """The better or worse side of a pair: its text, or its turns where it is a conversation."""
    there = [name for name in names if name in fields]
    name = next((name for name in there if fields.get(name) is not None), next(iter(there), None))
    if name is None:
        text(fields, names)
    return as_turns(fields[name]) if name else ""


def _asked(fields: Fields) -> tuple[Message, ...]:
    if isinstance(fields.get("prompt"), list):
        before = turns(fields["prompt"], "prompt")
        return before if before[0].role == "system" else (*system(fields), *before)
    if isinstance(fields.get("prompt"), str) and (transcript := asked(fields["prompt"])):
        return (*system(fields), *turns(transcript, "prompt"))
    names = [name for name in ("instruction", *PROMPTS) if fields.get(name) is not None] or list(PROMPTS)
    name = "prompt" if "prompt" in names else names[0]
    material = [other for other in (*INPUTS, *CONTEXTS) if other != name]
    user = Message("user", text(fields, (name,)), optional(fields, material))
    return (*system(fields), *history(fields), user)
