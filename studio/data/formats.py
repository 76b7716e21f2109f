"""The formats people keep examples in, and how a row of each becomes a Record."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from studio.data.chats import CHATS, turns
from studio.data.fields import BadRow, Fields, checked, listed
from studio.data.records import Message, Record

_ANSWERS = ("output", "response", "answer", "completion")
_COMPLETIONS = ("completion", "response", "answer", "output", "ideal")
_PROMPTS = ("prompt", "question", "query", "input")
_INPUTS = ("input", "context")


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
        raise BadRow(f"only unknown fields ({listed(fields)}); this file's rows need {needs(format)}")
    return build(line, fields)


def needs(format: str) -> str:
    """The fields a format requires, quoted."""
    return " and ".join(f'"{names[0]}"' for names in _FORMATS[format][0])


def examples() -> str:
    """Every format with what it requires, for messages."""
    return "; ".join(f"{name}: {needs(name)}" for name in _FORMATS)


def _lower(fields: Fields) -> Fields:
    return {str(key).strip().lower(): value for key, value in fields.items()}


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
    name = next(name for name in CHATS if name in fields)
    messages = turns(fields[name], name)
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
        messages = turns(fields["chosen"], "chosen")
        *asked, last = turns(fields["rejected"], "rejected")
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
        return turns(fields["prompt"], "prompt")
    names = (*_PROMPTS, "instruction")
    return (*_system(_optional(fields, ("system",))), Message("user", _text(fields, names)))


def _system(text: str) -> tuple[Message, ...]:
    return (Message("system", text),) if text else ()


def _text(fields: Fields, names: Sequence[str]) -> str:
    """The text of the first of `names` the row has."""
    present = [name for name in names if name in fields]
    if not present:
        raise BadRow(f'missing "{names[0]}" (it has {listed(fields)})')
    return checked(fields[present[0]], f'"{present[0]}"')


def _optional(fields: Fields, names: Sequence[str]) -> str:
    present = [name for name in names if fields.get(name) is not None]
    text = checked(fields[present[0]], f'"{present[0]}"', empty=True) if present else ""
    return text if text.strip() else ""


_FORMATS: dict[str, tuple[tuple[Sequence[str], ...], Callable[[int, Fields], Record]]] = {
    "chat": ((CHATS,), _chat),
    "preference": ((("chosen",), ("rejected",)), _preference),
    "instruction": ((("instruction",), _ANSWERS), _instruction),
    "prompt/completion": ((_PROMPTS, _COMPLETIONS), _prompt_completion),
    "classification": ((("text",), ("label",)), _classification),
    "text": ((("text",),), _plain),
}
"""Tried in this order. For each format: fields it must have (any name of each group), and its builder."""
