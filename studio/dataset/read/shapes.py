"""Rows in the shapes of other ecosystems, put into the few that `formats` builds examples of."""

from __future__ import annotations

import ast
from typing import Any

from studio.dataset.read.chats import ROLES, content_of
from studio.dataset.read.names import ANSWERS, CHATS, CHOSEN, REJECTED, SYSTEMS
from studio.dataset.rows import BadRow, Fields, field
from studio.files import parsed

_OPENED = frozenset(
    (*(*CHATS, "chat", "prompt", "completion", "history", "input", "contents", *CHOSEN, *REJECTED, *SYSTEMS),)
)
"""Where turns may stand as JSON text, as columns of their own, or as one object."""

_SYSTEM_NAMES = frozenset(SYSTEMS)
_WORSE = frozenset(REJECTED)
_ROLES = ("role", "from", "author", "speaker", "parts")
_SAYS = ("parts", "content", "value", "text")
_LONGEST = 2**20
"""Characters of a text that is read as Python's own spelling of a list."""


class Taken(dict[str, Any]):
    """A row whose fields are used by `fields[name]`, and only looked at by `fields.get(name)`."""

    def __init__(self, fields: Fields) -> None:
        super().__init__(fields)
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.used.add(name)
        return super().__getitem__(name)


def unified(fields: Fields) -> Fields:
    """The row with names in lower case, and with shapes that only one ecosystem has put into common ones."""
    row = {str(name).strip().lower(): value for name, value in fields.items()}
    for name in _OPENED.intersection(row):
        value = row[name]
        if isinstance(value, dict) or (isinstance(value, str) and value.lstrip()[:1] in ("[", "{")):
            row[name] = _opened(name, value)
    _of_openai(row)
    _pair(row)
    for name in _SYSTEM_NAMES.intersection(row):
        if isinstance(row.get(name), list | dict):
            row[name] = _system(row[name])
    return row


def _opened(name: str, value: Any) -> Any:
    """The turns that a value stands for, where it does."""
    found = _parsed(value) if isinstance(value, str) else value
    if isinstance(found, dict) and (columns := _by_columns(found)):
        return columns
    if found is value:
        is_one = is_turn(found) and name not in SYSTEMS and "replies" not in found
        return [found] if is_one else found
    if name in (*CHATS, "contents", "history") or (name == "input" and isinstance(found, dict)):
        return found if isinstance(found, list | dict) else value
    turns = found if isinstance(found, list) else [found]
    return turns if turns and all(is_turn(turn) and _is_spoken(turn) for turn in turns) else value


def _is_spoken(turn: dict[str, Any]) -> bool:
    """Whether a known speaker says something: other texts that are JSON may have a role, too."""
    roles = [str(turn[name]).strip().lower() for name in _ROLES[:4] if turn.get(name) is not None]
    return bool(turn.keys() & {"content", "value", "parts"}) and roles[0] in ROLES


def is_turn(value: Any) -> bool:
    """Whether it is one turn of a conversation."""
    return isinstance(value, dict) and any(isinstance(value.get(name), str) for name in _ROLES[:4])


def _are_turns(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(is_turn, value))


def _parsed(text: str) -> Any:
    """Text as the JSON it is, or as Python writes lists into tables; else as it stands."""
    try:
        return parsed(text)
    except (ValueError, RecursionError):
        pass
    if len(text) > _LONGEST or text.rstrip()[-1:] not in ("]", "}"):
        return text
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return text


def _by_columns(value: dict[str, Any]) -> list[dict[str, Any]]:
    """`{"from": [...], "value": [...]}`, as Arrow keeps a list of objects, as that list; else nothing."""
    lists = [item for item in value.values() if item is not None]
    is_table = bool(lists) and all(isinstance(item, list) for item in lists)
    if not is_table or not value.keys() & set(_ROLES) or len({len(item) for item in lists}) != 1:
        return []
    names = [name for name, item in value.items() if item is not None]
    return [dict(zip(names, items, strict=True)) for items in zip(*lists, strict=True)]


def _of_openai(row: Fields) -> None:
    """OpenAI's preferences: `input` holds the conversation and its tools."""
    asked = row.get("input")
    if not (isinstance(asked, dict) and isinstance(asked.get("messages"), list)):
        return
    row.update({name: value for name, value in asked.items() if name not in row and name != "messages"})
    del row["input"]
    name = "prompt" if any(row.get(name) is not None for name in (*CHOSEN, *REJECTED)) else "messages"
    row[name] = asked["messages"]


def _system(value: Any) -> Any:
    """The text of a system instruction that is given in parts; what has no text stays as it is."""
    content = value
    if isinstance(value, dict):
        content = next((value[name] for name in _SAYS if name in value), value)
    try:
        return content_of(content, field("system")).text
    except BadRow:
        return value


def _pair(row: Fields) -> None:
    """A pair's better answer where only the worse one is named, and the conversation before both."""
    if _WORSE.isdisjoint(row):
        return
    worse = next((name for name in REJECTED if row.get(name) is not None), "")
    if not worse:
        return
    chat = next((name for name in CHATS if _are_turns(row.get(name))), "")
    better = next((name for name in CHOSEN if row.get(name) is not None), "")
    if better and chat and row.get("prompt") is None and not _is_answered(row[chat]):
        row["prompt"] = row.pop(chat)
    elif not better and chat and _is_answered(row[chat]):
        row["chosen"] = row.pop(chat)
        if not _has_question(row[worse]):
            last = {"role": "assistant", "content": row[worse]} if isinstance(row[worse], str) else None
            turns = [last] if last else row[worse]
            row[worse] = [*row["chosen"][:-1], *turns] if isinstance(turns, list) else turns
    elif not better:
        answer = next((name for name in ANSWERS if isinstance(row.get(name), str)), "")
        if answer:
            row["chosen"] = row.pop(answer)


def _is_answered(turns: list[Any]) -> bool:
    last = turns[-1]
    role = last.get("role") or last.get("from") or last.get("author")
    return str(role).lower() in ("assistant", "gpt", "model", "bot", "chatbot", "chatgpt", "function_call")


def _has_question(turns: Any) -> bool:
    """Whether it is a whole conversation rather than one answer."""
    return _are_turns(turns) and not all(_is_answered([turn]) for turn in turns)
