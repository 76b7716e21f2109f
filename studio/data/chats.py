"""Turns of a conversation, in the shapes people keep them in, as Messages."""

from __future__ import annotations

from typing import Any

from studio.data.fields import BadRow, checked, listed
from studio.data.records import Message
from studio.data.rows import kind

CHATS = ("messages", "conversations", "conversation")
_ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "tool": "tool",
    "function": "tool",
}


def turns(value: Any, name: str) -> tuple[Message, ...]:
    """The field's turns, without empty system turns. Raises BadRow when it holds none, or a bad one."""
    if not isinstance(value, list):
        raise BadRow(f'"{name}" is {kind(value)}, not an array of turns')
    messages = [_message(turn, number) for number, turn in enumerate(value, 1)]
    kept = tuple(m for m in messages if m.role != "system" or m.content.strip())
    if not kept:
        raise BadRow(f'"{name}" is empty')
    return kept


def _message(turn: Any, number: int) -> Message:
    if not isinstance(turn, dict):
        raise BadRow(f"turn {number} is {kind(turn)}, not an object with role and content")
    role_key, text_key = ("from", "value") if "from" in turn or "value" in turn else ("role", "content")
    for key in (role_key, text_key):
        if key not in turn:
            raise BadRow(f'turn {number} has no "{key}" (it has {listed(turn)})')
    role = turn[role_key]
    if not isinstance(role, str) or role.strip().lower() not in _ROLES:
        shown = f'"{role[:40]}"' if isinstance(role, str) else kind(role)
        raise BadRow(f"turn {number} is by {shown}; use system, user or assistant")
    if turn.get("tool_calls") or turn.get("function_call"):
        raise BadRow(f"turn {number} calls a tool, which cannot be trained on yet")
    role = _ROLES[role.strip().lower()]
    content = _parts(turn[text_key])
    if role == "system" and content is None:
        content = ""
    return Message(role, checked(content, f"turn {number} ({role})", empty=role == "system"))


def _parts(content: Any) -> Any:
    """Text given as a list of parts, joined; anything else as it is."""
    if isinstance(content, list) and content and all(_is_text_part(part) for part in content):
        return "".join(part["text"] for part in content)
    return content


def _is_text_part(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)
