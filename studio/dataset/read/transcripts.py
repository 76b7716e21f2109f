"""Conversations that are no list of turns with roles: transcripts, alternating texts, pairs, reply trees."""

from __future__ import annotations

import re
from typing import Any

from studio.files import parsed

_TOOLS = r"(?:function|tool)[ _](?:response|result|output)s?|observation"
_WHO = rf"(?:#{{2,3}} ?)?(human|user|assistant|gpt|bot|chatbot|system|prompter|{_TOOLS})"
_SPEAKER = re.compile(rf"(?:\A\s*|\n[ \t]*){_WHO} ?:", re.IGNORECASE)
_ASKS = ("input", "user", "human", "question", "prompt", "instruction", "query")
_ANSWERS = ("output", "assistant", "bot", "answer", "response", "completion", "gpt")
_ROLES = {"human": "user", "prompter": "user", "gpt": "assistant", "bot": "assistant", "chatbot": "assistant"}

_CALL = re.compile(r"(.*?)<functioncall>\s*(\{.*\})\s*\Z", re.DOTALL)
_QUOTED = re.compile(r"""\{\s*"name":\s*"([^"]+)",\s*"arguments":\s*'(.*)'\s*\}\Z""", re.DOTALL)
"""A call whose arguments stand between single quotes, as Glaive's sets have it."""

type Turns = list[dict[str, Any]]


def as_turns(value: Any) -> Any:
    """The value as a list of turns with role and content, where it is a shape known here; else as it is."""
    if isinstance(value, str):
        return transcript(value) or value
    if isinstance(value, dict) and isinstance(value.get("replies"), list):
        return _best_path(value)
    if isinstance(value, list) and value:
        if all(isinstance(item, str) for item in value):
            return [_turn(("user", "assistant")[number % 2], text) for number, text in enumerate(value)]
        if all(isinstance(item, dict) and "role" not in item and "from" not in item for item in value):
            return _pairs(value)
    return value


def transcript(text: str) -> Turns:
    """The turns of a text such as `Human: … Assistant: …`, each speaker on a new line; else none.

    Where blank lines stand before the speakers, a name without one is part of what is said.
    """
    if not _SPEAKER.match(text):
        return []
    found = list(_SPEAKER.finditer(text))
    if len(found) < 2:
        return []
    apart = [match for match in found if match.start() == 0 or _is_apart(text, match.start())]
    found = apart if len(apart) > 1 else found
    ends = [*(match.start() for match in found[1:]), len(text)]
    return [_turn_of(match.group(1), text[match.end() : end]) for match, end in zip(found, ends, strict=True)]


def _is_apart(text: str, start: int) -> bool:
    return text[max(start - 80, 0) : start].rstrip(" \t\r").endswith("\n")


def asked(prompt: str) -> Turns:
    """The turns of a prompt that begins with a speaker and ends where the assistant speaks; else none."""
    turns = transcript(prompt) if prompt.rstrip().endswith(":") else []
    is_open = len(turns) >= 2 and turns[-1]["role"] == "assistant" and not turns[-1]["content"]
    return turns[:-1] if is_open else []


def _turn_of(who: str, text: str) -> dict[str, Any]:
    words = text.strip().removesuffix("<|endoftext|>").removesuffix("</s>").strip()
    if re.fullmatch(_TOOLS, who, re.IGNORECASE):
        return _turn("tool", words)
    role = _ROLES.get(who.lower(), who.lower())
    found = _CALL.match(words) if role == "assistant" else None
    call = _call(found.group(2)) if found else None
    return (
        {**_turn(role, found.group(1).strip()), "tool_calls": [call]}
        if found and call
        else _turn(role, words)
    )


def _call(written: str) -> dict[str, Any] | None:
    """The call of a tool that a text writes down; None where it cannot be read, and stays text."""
    if found := _QUOTED.match(written):
        call: Any = {"name": found.group(1), "arguments": found.group(2)}
    else:
        call = _json(written)
    arguments = call.get("arguments", {}) if isinstance(call, dict) else None
    is_call = isinstance(call, dict) and bool(call.get("name"))
    is_read = isinstance(_json(arguments) if isinstance(arguments, str) else arguments, dict)
    return call if is_call and is_read else None


def _json(text: str) -> Any:
    try:
        return parsed(text)
    except (ValueError, RecursionError):
        return None


def _turn(role: str, content: Any) -> dict[str, Any]:
    return {"role": role, "content": content}


def _pairs(items: list[dict[str, Any]]) -> Any:
    """`[{"input": …, "output": …}]` as turns; the items as they are when one is no such pair."""
    turns = []
    for item in items:
        ask = next((item[name] for name in _ASKS if name in item), None)
        answer = next((item[name] for name in _ANSWERS if name in item), None)
        if ask is None or answer is None:
            return items
        turns += [_turn("user", ask), _turn("assistant", answer)]
    return turns


def _best_path(message: dict[str, Any]) -> list[dict[str, Any]]:
    """A tree of replies along the best ranked ones, up to the last answer by the assistant."""
    turns: list[dict[str, Any]] = []
    node: Any = message
    while isinstance(node, dict):
        turns.append(_turn(node.get("role", ""), node.get("text")))
        replies = [reply for reply in node.get("replies") or [] if isinstance(reply, dict)]
        node = min(replies, key=_rank, default=None)
    while len(turns) > 1 and turns[-1]["role"] == "prompter":
        turns.pop()
    return [{**turn, "role": "user"} if turn["role"] == "prompter" else turn for turn in turns]


def _rank(reply: dict[str, Any]) -> float:
    rank = reply.get("rank")
    return rank if isinstance(rank, int | float) else 1e9
