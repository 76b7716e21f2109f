"""The child process: writes conversations with a template that may run for ever, for `isolated`.

It reads lines of JSON: first the template, then lists of questions, and answers each question by a line.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

from studio.dataset.record import Call, Message
from studio.dataset.render.chat_template import ChatTemplate, Sources
from studio.dataset.render.template import Refused, Written

MEMORY_LIMIT = 2**31
"""Bytes that the process may have; where the system does not hold it to that, its parent does."""

_SECONDS = 1.0
"""How often it looks whether its parent is still there."""


def main() -> int:
    """Answer until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to hear
    threading.Thread(target=_leave_with_parent, args=(os.getppid(),), daemon=True).start()
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    template = _template(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        for question in json.loads(line):
            sys.stdout.write(json.dumps(_answer(template, question)) + "\n")
            sys.stdout.flush()
    return 0


def described(template: ChatTemplate) -> dict[str, Any]:
    """The template as JSON."""
    sources = template.sources
    return {
        "plain": sources.plain,
        "with_tools": sources.with_tools,
        "tokens": dict(sources.tokens),
        "closing": list(template.closing),
        "description": template.description,
        "own": template.own,
    }


def _template(said: dict[str, Any]) -> ChatTemplate:
    sources = Sources(said["plain"], said["with_tools"], said["tokens"])
    return ChatTemplate(sources, said["closing"], said["description"], own=said["own"])


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


def _leave_with_parent(parent: int) -> None:
    for _ in _ticks():
        if os.getppid() != parent:
            os._exit(1)


def _ticks() -> Iterator[None]:
    never = threading.Event()
    while not never.wait(_SECONDS):
        yield


if __name__ == "__main__":
    sys.exit(main())
