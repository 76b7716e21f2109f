"""Turns of a conversation as Messages, in the shapes and parts that people and services keep them in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as default
from typing import Any

from studio.catalogue import Phrase, phrase
from studio.dataset.read.flags import MEDIA, is_trained
from studio.dataset.read.tools import calls, calls_in
from studio.dataset.record import Call, Message
from studio.dataset.rows import BadRow, Fields, checked, field, is_usual, kind, listed
from studio.files import parsed

_TEXTS = ("text", "value", "content", "refusal")
_THOUGHTS = ("thinking", "reasoning", *_TEXTS)
_THINKS = ("thinking", "reasoning", "reasoning_content")
_HIDDEN = ("redacted_thinking",)  # encrypted: nobody can read them
_SAYS = ("text", "input_text", "output_text", "refusal", "")
_CALLS = ("tool_use", "server_tool_use", "tool_call", "function_call")
_RESULTS = ("tool_result", "tool_response", "function_response")
_MEDIA = (
    *("image", "image_url", "images", "video", "video_url", "audio", "audio_url", "input_image"),
    *("input_audio", "inlinedata", "inline_data", "filedata", "file_data"),
)
_FILES = ("document", "file", "input_file")


@dataclass(frozen=True)
class ToolResult:
    """What a tool gave back, and which one: by its name, or by the id of the call."""

    content: str
    name: str = ""
    call_id: str = ""


@dataclass
class TurnContent:
    """What a turn says. `text` is the content itself where that has no parts, so it may be no text."""

    text: Any = ""
    thoughts: list[str] = default(default_factory=list)
    calls: list[Any] = default(default_factory=list)
    results: list[ToolResult] = default(default_factory=list)


def content_of(content: Any, what: Phrase) -> TurnContent:
    """The content by what its parts are. Raises BadRow for parts that are no text, such as pictures."""
    if isinstance(content, str):
        return TurnContent(content)
    parts = [content] if isinstance(content, dict) else content
    if not (isinstance(parts, list) and parts and all(isinstance(part, dict | str) for part in parts)):
        return TurnContent(content)
    found = TurnContent()
    for part in parts:
        _take(found, {"type": "text", "text": part} if isinstance(part, str) else part, what)
    return found


def _take(found: TurnContent, part: Fields, what: Phrase) -> None:
    given = {str(key).lower(): value for key, value in part.items() if value is not None}
    kind = str(given.get("type", "")).lower()
    if kind in (*_MEDIA, *_FILES) or any(given.get(name) for name in (*_MEDIA, *_FILES)):
        raise BadRow("row.media_part", what=what)
    if kind in _HIDDEN:
        return
    if kind in _THINKS or given.get("thought") is True:
        found.thoughts.append(_first(given, _THOUGHTS, what))
    elif kind in _CALLS or "functioncall" in given or "function_call" in given:
        found.calls += _called(given)
    elif kind in _RESULTS or "functionresponse" in given or "function_response" in given:
        found.results.append(_result(given, what))
    elif kind in _SAYS and any(name in given for name in _TEXTS):
        found.text += _first(given, _TEXTS, what)
    else:
        raise BadRow("row.unknown_part", what=what, fields=_spoken(given))


def _spoken(part: Fields) -> Phrase:
    kind = part.get("type")
    return phrase("quoted", text=kind[:40]) if isinstance(kind, str) else listed(part)


def _first(part: Fields, names: tuple[str, ...], what: Phrase) -> str:
    value = next((part[name] for name in names if name in part), None)
    return checked(value, what, empty=True)


def _called(part: Fields) -> Iterator[Any]:
    """The calls of a part, for `tools.calls_in`; in some, JSON text or an object of their own holds them."""
    inner = next((part[name] for name in ("functioncall", "function_call", "value") if name in part), part)
    inner = _parsed(inner)
    yield from inner if isinstance(inner, list) else [inner]


def _parsed(value: Any) -> Any:
    try:
        return parsed(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value


def _result(part: Fields, what: Phrase) -> ToolResult:
    inner = next((part[name] for name in ("functionresponse", "function_response") if name in part), part)
    if not isinstance(inner, dict):
        raise BadRow("row.unknown_part", what=what, fields=listed(part))
    value = next((inner[name] for name in ("content", "response", "output", "value") if name in inner), "")
    content = content_of(value, what).text if isinstance(value, list) else value
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, default=str)
    call_id = inner.get("tool_use_id") or inner.get("id") or ""
    return ToolResult(checked(text, what, empty=True), str(inner.get("name") or ""), str(call_id))


ROLES = {
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
    "bard": "assistant",
    "chatbot": "assistant",
    "prompter": "user",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
    "tool_response": "tool",
    "ipython": "tool",
    "function_response": "tool",
    "tool_result": "tool",
    "tools": "tool",
    "function_call": "assistant",
    "tool_call": "assistant",
}
"""Who speaks, by the names that ecosystems have for them."""

CALLER_ROLES = ("function_call", "tool_call")  # roles whose text is the call
_SPEAKERS = ("role", "from", "author", "speaker")
_CONTENTS = ("content", "value", "parts", "text", "message")
_THOUGHT = re.compile(r"\s*<think>(.*?)</think>\s*", re.DOTALL)
_REASONING = ("reasoning_content", "reasoning", "thinking")
"""Where datasets keep what a model thinks before it answers, if not in the text itself."""


def turns(value: Any, name: str) -> tuple[Message, ...]:
    """The field's turns, without empty system turns. Raises BadRow when it holds none, or a bad one."""
    if not isinstance(value, list):
        raise BadRow("row.not_turns", what=field(name), kind=kind(value))
    if plain := plain_turns(value):
        return plain
    messages = [message for number, turn in enumerate(value, 1) for message in _messages(turn, number)]
    kept = tuple(m for m in messages if m.role != "system" or m.content.strip())
    if not kept:
        raise BadRow("row.no_turns", what=field(name))
    called = [call for message in kept for call in message.calls]
    without_ids = called and not any(call.id for call in called) and any(_is_sharegpt(t) for t in value)
    return tuple(_with_ids(kept)) if without_ids else kept


def plain_turns(value: list[Any]) -> tuple[Message, ...] | None:
    """Turns of nothing but a known speaker and a text, as most are; None where one needs a closer look."""
    messages = []
    for turn in value:
        if not isinstance(turn, dict) or len(turn) != 2:
            return None
        if "role" in turn:
            role, content = turn["role"], turn.get("content")
        else:
            role, content = turn.get("from"), turn.get("value")
        spoken = ROLES.get(role) if isinstance(role, str) and role not in CALLER_ROLES else None
        if spoken is None or not isinstance(content, str) or not is_usual(content):
            return None
        messages.append(Message(spoken, content))
    return tuple(messages)


def _is_sharegpt(turn: Any) -> bool:
    return turn.get("from") is not None


def _messages(turn: Any, number: int) -> Iterator[Message]:
    """A turn as a message; results of tools that stand among a turn's parts are turns of their own."""
    if not isinstance(turn, dict):
        raise BadRow("row.turn_not_object", what=phrase("turn", number=number), kind=kind(turn))
    role_key, text_key = _keys(turn)
    given = _role(turn, role_key, number)
    role = ROLES[given]
    what = phrase("turn.by", number=number, role=phrase(f"role.{role}"))
    if not MEDIA.isdisjoint(turn) and any(turn.get(name) for name in MEDIA):
        raise BadRow("row.media_part", what=what)
    content = turn.get(text_key)
    if given in CALLER_ROLES:
        found, call = _parted(content)
        made = calls_in(call, what)
    else:
        found = content_of(turn["refusal"] if _refuses(turn, content) else content, what)
        made = (*(calls_in(found.calls, what) if found.calls else ()), *calls(turn, what))
    yield from (Message("tool", each.content, "", (), each.name, each.call_id) for each in found.results)
    if found.results and not made and found.text == "":
        return
    if text_key not in turn and not made:
        raise _without(number, text_key, turn)
    if made and role != "assistant":
        raise BadRow("row.calls_by_other", what=what)
    yield _message(turn, role, found, made, what)


def _message(turn: Fields, role: str, found: TurnContent, made: tuple[Call, ...], what: Phrase) -> Message:
    content, may_be_empty = found.text, role in ("system", "tool") or bool(made)
    if content is None and (role == "system" or made):
        content = ""
    text = checked(content, what, empty=may_be_empty)
    if role != "assistant":
        name, call_id = (_word(turn, key) if role == "tool" else "" for key in ("name", "tool_call_id"))
        return Message(role, text, "", made, name, call_id)
    return Message(role, _reasoned(turn, found, text, what), "", made, trained=is_trained(turn, what))


def _keys(turn: Fields) -> tuple[str, str]:
    """Where the turn keeps who speaks and what is said: the first names of which something is there."""
    if isinstance(turn.get("role"), str) and turn.get("content") is not None:
        return "role", "content"
    there = [name for name in _SPEAKERS if turn.get(name) is not None]
    is_sharegpt = there[:1] == ["from"] or (not there and "value" in turn)
    usual = "value" if is_sharegpt else "content"
    names = (usual,) if is_sharegpt else _CONTENTS
    what_name = next((name for name in names if turn.get(name) is not None), usual)
    return (there[0] if there else "from" if is_sharegpt else "role"), what_name


def _refuses(turn: Fields, content: Any) -> bool:
    return content is None and isinstance(turn.get("refusal"), str) and bool(turn["refusal"].strip())


def _parted(content: Any) -> tuple[TurnContent, Any]:
    """What is thought before a call that is written as JSON text, and the call."""
    found = _THOUGHT.match(content) if isinstance(content, str) else None
    return (
        (TurnContent("", [found.group(1)]), content[found.end() :]) if found else (TurnContent(""), content)
    )


def _role(turn: Fields, key: str, number: int) -> str:
    if key not in turn:
        raise _without(number, key, turn)
    role = turn[key]
    if not isinstance(role, str) or role.strip().lower() not in ROLES:
        shown = phrase("quoted", text=role[:40]) if isinstance(role, str) else kind(role)
        raise BadRow("row.unknown_role", what=phrase("turn", number=number), role=shown)
    return role.strip().lower()


def _without(number: int, key: str, turn: Fields) -> BadRow:
    return BadRow("row.turn_without", what=phrase("turn", number=number), name=key, fields=listed(turn))


def _word(turn: Fields, key: str) -> str:
    return checked(turn[key], field(key), empty=True) if turn.get(key) else ""


def _reasoned(turn: Fields, found: TurnContent, text: str, what: Phrase) -> str:
    """The answer with its reasoning before it, as the text of thinking models has it, where templates for
    them look for it; an answer that has it already, as in files that keep both, stays as it is.
    """
    if "</think>" in text:
        return text
    apart = (turn[key] for key in _REASONING if isinstance(turn.get(key), str) and turn[key].strip())
    thoughts = next(apart, "") or "\n\n".join(thought.strip() for thought in found.thoughts)
    if not thoughts.strip():
        return text
    return f"<think>\n{checked(thoughts, phrase('reasoning', turn=what)).strip()}\n</think>\n\n{text}"


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
