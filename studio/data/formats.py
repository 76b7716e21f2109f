"""The formats people keep examples in, and how a row of each becomes a Record."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from studio.data.records import Message, Record
from studio.data.rows import kind

_ANSWERS = ("output", "response", "answer", "completion")
_COMPLETIONS = ("completion", "response", "answer", "output", "ideal")
_PROMPTS = ("prompt", "question", "query", "input")
_INPUTS = ("input", "context")
_CHATS = ("messages", "conversations", "conversation")
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
_SURROGATE = re.compile("[\ud800-\udfff]")

type Fields = dict[str, Any]


class BadRow(ValueError):
    """Why a row is not an example; the words are for the person."""


def recognize(fields: Fields) -> str:
    """The format a row's keys stand for, or an empty string."""
    keys = set(_lower(fields))
    for name, (alternatives, _) in _FORMATS.items():
        if all(keys.intersection(names) for names in alternatives):
            return name
    return ""


def record(line: int, format: str, fields: Fields) -> Record:
    """The row as a Record of `format`. Raises BadRow with the reason when it is not one."""
    alternatives, build = _FORMATS[format]
    fields = _lower(fields)
    known = {name for names in alternatives for name in names}
    if not known.intersection(fields):
        raise BadRow(f"only unknown fields ({_listed(fields)}); this file's rows need {needs(format)}")
    return build(line, fields)


def needs(format: str) -> str:
    """The fields a format requires, quoted."""
    return " and ".join(f'"{names[0]}"' for names in _FORMATS[format][0])


def examples() -> str:
    """Every format with what it requires, for messages."""
    return "; ".join(f"{name}: {needs(name)}" for name in _FORMATS)


def _lower(fields: Fields) -> Fields:
    return {str(key).strip().lower(): value for key, value in fields.items()}


def _listed(fields: Fields) -> str:
    shown = ", ".join(f'"{key[:40]}"' for key in list(fields)[:8])
    return shown + (", …" if len(fields) > 8 else "") if fields else "none"


def _instruction(line: int, fields: Fields) -> Record:
    user = Message("user", _text(fields, ("instruction",)), _optional(fields, _INPUTS))
    system = _optional(fields, ("system",))
    answer = Message("assistant", _text(fields, _ANSWERS))
    return Record(line, (*_system(system), user, answer))


def _prompt_completion(line: int, fields: Fields) -> Record:
    user = Message("user", _text(fields, _PROMPTS))
    system = _optional(fields, ("system",))
    return Record(line, (*_system(system), user, Message("assistant", _text(fields, _COMPLETIONS))))


def _classification(line: int, fields: Fields) -> Record:
    label = fields.get("label")
    if isinstance(label, bool | int):
        fields = {**fields, "label": str(label)}
    return Record(
        line, (Message("user", _text(fields, ("text",))), Message("assistant", _text(fields, ("label",))))
    )


def _plain(line: int, fields: Fields) -> Record:
    return Record(line, text=_text(fields, ("text",)))


def _chat(line: int, fields: Fields) -> Record:
    name = next(name for name in _CHATS if name in fields)
    messages = _messages(fields[name], name)
    system = _optional(fields, ("system",))
    if system and messages[0].role != "system":
        messages = (*_system(system), *messages)
    if not any(message.role == "assistant" for message in messages):
        raise BadRow(f'"{name}" has no turn by the assistant, so there is no answer to learn')
    return Record(line, messages)


def _preference(line: int, fields: Fields) -> Record:
    if "chosen" not in fields or "rejected" not in fields:
        _text(fields, ("chosen",) if "chosen" not in fields else ("rejected",))
    if isinstance(fields["chosen"], list):
        messages = _messages(fields["chosen"], "chosen")
        *asked, last = _messages(fields["rejected"], "rejected")
        if last.role != "assistant":
            raise BadRow('"rejected" does not end with a turn by the assistant')
        if tuple(asked) != messages[:-1]:
            raise BadRow('"chosen" and "rejected" differ before their last turn; only that may differ')
        rejected = last.content
    else:
        messages = (Message("assistant", _text(fields, ("chosen",))),)
        rejected = _text(fields, ("rejected",))
    if messages[0].role == "assistant":
        messages = (*_asked(fields), *messages)
    if messages[-1].role != "assistant":
        raise BadRow('"chosen" does not end with a turn by the assistant')
    if rejected == messages[-1].content:
        raise BadRow('"chosen" and "rejected" are the same, so there is nothing to prefer')
    return Record(line, messages, rejected=rejected)


def _asked(fields: Fields) -> tuple[Message, ...]:
    if isinstance(fields.get("prompt"), list):
        return _messages(fields["prompt"], "prompt")
    names = (*_PROMPTS, "instruction")
    return (*_system(_optional(fields, ("system",))), Message("user", _text(fields, names)))


def _system(text: str) -> tuple[Message, ...]:
    return (Message("system", text),) if text else ()


def _messages(value: Any, name: str) -> tuple[Message, ...]:
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
            raise BadRow(f'turn {number} has no "{key}" (it has {_listed(turn)})')
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
    return Message(role, _checked(content, f"turn {number} ({role})", empty=role == "system"))


def _parts(content: Any) -> Any:
    """Text given as a list of parts, joined; anything else as it is."""
    if isinstance(content, list) and content and all(_is_text_part(part) for part in content):
        return "".join(part["text"] for part in content)
    return content


def _is_text_part(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)


def _text(fields: Fields, names: Sequence[str]) -> str:
    """The text of the first of `names` the row has."""
    present = [name for name in names if name in fields]
    if not present:
        raise BadRow(f'missing "{names[0]}" (it has {_listed(fields)})')
    return _checked(fields[present[0]], f'"{present[0]}"')


def _optional(fields: Fields, names: Sequence[str]) -> str:
    present = [name for name in names if fields.get(name) is not None]
    text = _checked(fields[present[0]], f'"{present[0]}"', empty=True) if present else ""
    return text if text.strip() else ""


def _checked(value: Any, what: str, *, empty: bool = False) -> str:
    if value is None:
        raise BadRow(f"{what} is null")
    if not isinstance(value, str):
        raise BadRow(f"{what} is {kind(value)}, not text")
    if not empty and not value.strip():
        raise BadRow(f"{what} is empty")
    if "\0" in value:
        raise BadRow(f"{what} holds a NUL byte; remove it, or save the file as UTF-8 again")
    if not value.isascii() and (found := _SURROGATE.search(value)):
        raise BadRow(_not_text(what, found.group(), found.start()))
    return value


def _not_text(what: str, character: str, position: int) -> str:
    if "\udc80" <= character <= "\udcff":
        byte = ord(character) - 0xDC00
        return f"{what} is not valid UTF-8: byte {byte:02X} at character {position + 1}; save it as UTF-8"
    return f"{what} holds half a character (\\u{ord(character):04x}) at character {position + 1}"


_FORMATS: dict[str, tuple[tuple[Sequence[str], ...], Callable[[int, Fields], Record]]] = {
    "chat": ((_CHATS,), _chat),
    "preference": ((("chosen",), ("rejected",)), _preference),
    "instruction": ((("instruction",), _ANSWERS), _instruction),
    "prompt/completion": ((_PROMPTS, _COMPLETIONS), _prompt_completion),
    "classification": ((("text",), ("label",)), _classification),
    "text": ((("text",),), _plain),
}
"""Tried in this order. For each format: fields it must have (any name of each group), and its builder."""
