"""The child process: writes conversations with a template that may run for ever, for `isolated`.

It reads lines of JSON: first the template, then lists of questions, and answers each question by a line.
"""

from __future__ import annotations

import json
import resource
import sys
from queue import SimpleQueue
from typing import Any, NoReturn

from studio.catalogue import from_plain
from studio.child_process import Parent
from studio.dataset.record import Call, Message
from studio.dataset.render.chat_template import ChatTemplate, Sources
from studio.dataset.render.template import Refused, Written

MEMORY_LIMIT = 2**31
"""Bytes that the process may have; where the system does not hold it to that, its parent does."""


def main() -> NoReturn:
    """Answer until nobody asks any more, which ends the process."""
    asked: SimpleQueue[Any] = SimpleQueue()
    parent = Parent(asked.put)
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    template = _template(asked.get())
    while True:
        for question in asked.get():
            parent.report(json.dumps(_answer(template, question)))


def described(template: ChatTemplate) -> dict[str, Any]:
    """The template as JSON."""
    sources = template.sources
    return {
        "plain": sources.plain,
        "with_tools": sources.with_tools,
        "tokens": dict(sources.tokens),
        "closing": list(template.closing),
        "description": template.description.plain(),
        "own": template.own,
    }


def _template(values: dict[str, Any]) -> ChatTemplate:
    sources = Sources(values["plain"], values["with_tools"], values["tokens"])
    return ChatTemplate(sources, values["closing"], from_plain(values["description"]), own=values["own"])


def question(what: str, messages: tuple[Message, ...], tools: str, last: bool) -> dict[str, Any]:
    """What is asked of a template, as JSON: its rows, the whole, or the prompt."""
    return {"what": what, "messages": [_plain(turn) for turn in messages], "tools": tools, "last": last}


def _plain(turn: Message) -> dict[str, Any]:
    return {**vars(turn), "calls": [vars(call) for call in turn.calls]}


def _answer(template: ChatTemplate, asked: dict[str, Any]) -> dict[str, Any]:
    turns = tuple(
        Message(**{**turn, "calls": tuple(Call(**call) for call in turn["calls"])})
        for turn in asked["messages"]
    )
    try:
        match asked["what"]:
            case "prompt":
                return {"text": template.prompt(turns, asked["tools"])}
            case "whole":
                return {"rows": [vars(template.whole(turns, asked["tools"]))]}
        return {"rows": [vars(row) for row in template.rows(turns, asked["tools"], last=asked["last"])]}
    except Refused as error:
        return {"refused": error.phrase.plain()}
    except MemoryError:
        return {"beyond": True}


def written(rows: list[dict[str, Any]]) -> tuple[Written, ...]:
    """The rows of an answer."""
    return tuple(
        Written(row["text"], tuple((start, end) for start, end in row["spans"]), row["further"])
        for row in rows
    )
