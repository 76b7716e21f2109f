"""Preference rows: a better and a worse answer to the same conversation, by any of their names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from studio.dataset.read.chats import turns
from studio.dataset.read.names import CHOSEN, CONTEXTS, INPUTS, PROMPTS, REJECTED, SYSTEMS
from studio.dataset.read.tools import tools
from studio.dataset.read.transcripts import as_turns, asked
from studio.dataset.record import Message, Record
from studio.dataset.rows import BadRow, Fields, checked, field, listed, unwrapped


def text(fields: Fields, names: Sequence[str]) -> str:
    """The text of the first of `names` the row has something under. Raises BadRow."""
    there = [name for name in names if name in fields]
    if not there:
        raise BadRow("row.missing", what=field(names[0]), fields=listed(fields))
    name = next((name for name in there if fields.get(name) is not None), there[0])
    value = unwrapped(fields[name]) if name in ("answer", "answers") else fields[name]
    return checked(value, field(name))


def optional(fields: Fields, names: Sequence[str]) -> str:
    """The same, or an empty string where the row has none."""
    present = [name for name in names if fields.get(name) not in (None, "")]
    found = checked(fields[present[0]], field(present[0]), empty=True) if present else ""
    return found if found.strip() else ""


def system(fields: Fields) -> tuple[Message, ...]:
    """The row's system turn, if it has one."""
    system_text = optional(fields, SYSTEMS)
    return (Message("system", system_text),) if system_text else ()


def history(fields: Fields) -> tuple[Message, ...]:
    """The turns before the question that Alpaca's `history` holds, as pairs of question and answer."""
    if not fields.get("history"):
        return ()
    value: Any = fields["history"]
    if isinstance(value, str) and not value.strip():
        return ()
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return turns(value, "history")
    return tuple(_pairs(value))


def _pairs(value: Any) -> Iterator[Message]:
    if not isinstance(value, list):
        raise BadRow("row.history")
    for pair in value:
        if not (isinstance(pair, list | tuple) and len(pair) == 2):
            raise BadRow("row.history")
        yield from (
            Message(role, checked(text, field("history")))
            for role, text in zip(("user", "assistant"), pair, strict=True)
        )


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
    example_set = [other for other in (*INPUTS, *CONTEXTS) if other != name]
    user = Message("user", text(fields, (name,)), optional(fields, example_set))
    return (*system(fields), *history(fields), user)
