"""Turns of a conversation, in the shapes people keep them in, as Messages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from studio.catalogue import Phrase, phrase
from studio.data.fields import BadRow, Fields, checked, field, listed
from studio.data.records import Message
from studio.data.rows import kind
from studio.data.tools import calls, calls_in

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
    "observation": "tool",
    "tool_response": "tool",
    "ipython": "tool",
    "function_call": "assistant",
    "tool_call": "assistant",
}
_CALLS = ("function_call", "tool_call")  # roles whose text is the call
_REASONING = ("reasoning_content", "reasoning", "thinking")
"""Where datasets keep what a model thinks before it answers, if not in the text itself."""


def turns(value: Any, name: str) -> tuple[Message, ...]:
    """The field's turns, without empty system turns. Raises BadRow when it holds none, or a bad one."""
    if not isinstance(value, list):
        raise BadRow("row.not_turns", what=field(name), kind=kind(value))
    messages = [_message(turn, number) for number, turn in enumerate(value, 1)]
    kept = tuple(m for m in messages if m.role != "system" or m.content.strip())
    if not kept:
        raise BadRow("row.no_turns", what=field(name))
    called = [call for message in kept for call in message.calls]
    without_ids = called and not any(call.id for call in called) and any("from" in turn for turn in value)
    return tuple(_with_ids(kept)) if without_ids else kept


def _message(turn: Any, number: int) -> Message:
    if not isinstance(turn, dict):
        raise BadRow("row.turn_not_object", what=phrase("turn", number=number), kind=kind(turn))
    role_key, text_key = ("from", "value") if "from" in turn or "value" in turn else ("role", "content")
    given = _role(turn, role_key, number)
    role = _ROLES[given]
    what = phrase("turn.by", number=number, role=phrase(f"role.{role}"))
    made = calls_in(turn.get(text_key), what) if given in _CALLS else calls(turn, what)
    if text_key not in turn and not made:
        raise _without(number, text_key, turn)
    if made and role != "assistant":
        raise BadRow("row.calls_by_other", what=what)
    content = "" if given in _CALLS else _parts(turn.get(text_key))
    may_be_empty = role in ("system", "tool") or bool(made)
    if content is None and (role == "system" or made):
        content = ""
    text = checked(content, what, empty=may_be_empty)
    if role == "assistant":
        text = _reasoned(turn, what) + text
    name, call_id = (_word(turn, key) if role == "tool" else "" for key in ("name", "tool_call_id"))
    return Message(role, text, "", made, name, call_id, role != "assistant" or _is_trained(turn, what))


def _role(turn: Fields, key: str, number: int) -> str:
    if key not in turn:
        raise _without(number, key, turn)
    role = turn[key]
    if not isinstance(role, str) or role.strip().lower() not in _ROLES:
        shown = phrase("quoted", text=role[:40]) if isinstance(role, str) else kind(role)
        raise BadRow("row.unknown_role", what=phrase("turn", number=number), role=shown)
    return role.strip().lower()


def _without(number: int, key: str, turn: Fields) -> BadRow:
    return BadRow("row.turn_without", what=phrase("turn", number=number), name=key, fields=listed(turn))


def _word(turn: Fields, key: str) -> str:
    return checked(turn[key], field(key), empty=True) if turn.get(key) else ""


def _reasoned(turn: Fields, what: Phrase) -> str:
    """The turn's reasoning as the text of thinking models has it, where templates for them look for it.

    Nothing where the content has it already: many files keep both.
    """
    if isinstance(turn.get("content"), str) and "</think>" in turn["content"]:
        return ""
    found = (turn[key] for key in _REASONING if isinstance(turn.get(key), str) and turn[key].strip())
    if not (thoughts := next(found, "")):
        return ""
    return f"<think>\n{checked(thoughts, phrase('reasoning', turn=what)).strip()}\n</think>\n\n"


def _is_trained(turn: Fields, what: Phrase) -> bool:
    """OpenAI's weight of an answer: 0 leaves it in the conversation but does not teach it."""
    weight = turn.get("weight")
    if weight not in (None, 0, 1):
        raise BadRow("row.unknown_weight", what=what, kind=kind(weight))
    return weight != 0


def _with_ids(messages: Sequence[Message]) -> Iterator[Message]:
    """The calls, and what answers them in order, with the ids that Mistral's templates ask for; ShareGPT's
    shape has none.
    """
    waiting: list[str] = []
    made = 0
    for message in messages:
        if message.calls:
            waiting = [f"call{made + i:05d}" for i in range(len(message.calls))]
            made += len(waiting)
            pairs = zip(message.calls, waiting, strict=True)
            yield replace(message, calls=tuple(replace(call, id=id) for call, id in pairs))
        elif message.role == "tool" and waiting:
            yield replace(message, call_id=waiting.pop(0))
        else:
            yield message


def _parts(content: Any) -> Any:
    """Text given as a list of parts, joined; anything else as it is."""
    if isinstance(content, list) and content and all(_is_text_part(part) for part in content):
        return "".join(part["text"] for part in content)
    return content


def _is_text_part(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)
