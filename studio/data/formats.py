"""The formats people keep examples in, and how a row of each becomes a Record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from studio.data.chats import CHATS, turns
from studio.data.fields import BadRow, Fields, checked, field, listed, unwrapped
from studio.data.origins import origins_of
from studio.data.records import Message, Record
from studio.data.tools import tools
from studio.data.transcripts import as_turns, asked, transcript

_ANSWERS = ("output", "response", "answer", "completion")
_COMPLETIONS = (
    *("completion", "response", "solution", "answer", "output", "ideal"),
    *("outputs", "target", "targets", "answers"),
)
_PROMPTS = ("prompt", "question", "query", "problem", "input", "inputs")
_DOCUMENTS = ("document", "article", "dialogue", "dialog", "text", "content", "passage")
_SUMMARIES = ("summary", "highlights")
_INPUTS = ("input", "context")
_CONTEXTS = ("context", "passage")
_SYSTEMS = ("system", "system_prompt")
_CHOSEN = ("chosen", "chosen_response", "response_j", "preferred")
_REJECTED = ("rejected", "rejected_response", "response_k", "dispreferred")
_SAMPLES = ("text", "sentence", "review", "tweet", "comment", "headline", "utterance")
_LABELS = ("label", "label_text", "sentiment", "intent", "emotion", "class")
_TEXTS = ("text", "content")
_LISTS = ("data", "turns", "dialog", "dialogue")
"""Fields that are a conversation where they hold a list of turns, but may be something else."""


def recognize(fields: Fields) -> str:
    """The format a row's keys stand for, or an empty string."""
    fields = _lower(fields)
    if "role" in fields and not _chat_field(fields):
        return ""  # one turn, not an example
    return next((shape.format for shape in _SHAPES if shape.fits(fields)), "")


def record(line: int, format: str, fields: Fields) -> Record:
    """The row as a Record of `format`. Raises BadRow with the reason when it is not one."""
    fields = _lower(fields)
    built = replace(_built(line, format, fields), origins=origins_of(fields))
    made = fields.get("made")
    return replace(built, made=made) if isinstance(made, str) and _is_ours(made) else built


def _is_ours(made: str) -> bool:
    """Whether it is how we say that a row was made; other people may have a column of that name."""
    return made.startswith('{"maker": ') and made == made.encode("utf-8", "ignore").decode()


def _built(line: int, format: str, fields: Fields) -> Record:
    shapes = _OF_FORMAT[format]
    for shape in shapes:
        if shape.fits(fields):
            return shape.build(line, fields)
    if not any(name in fields for shape in shapes for names in shape.needs for name in names):
        raise BadRow("row.unknown_fields_for", fields=listed(fields), needs=needs(format))
    return shapes[0].build(line, fields)


def needs(format: str) -> str:
    """The fields a format requires, quoted."""
    shape = next(shape for shape in _SHAPES if shape.format == format)
    return " and ".join(f'"{names[0]}"' for names in shape.needs)


def examples() -> str:
    """Every format with what it requires, for messages."""
    return "; ".join(f"{name}: {needs(name)}" for name in dict.fromkeys(shape.format for shape in _SHAPES))


def _lower(fields: Fields) -> Fields:
    return {str(key).strip().lower(): value for key, value in fields.items()}


def _instruction(line: int, fields: Fields) -> Record:
    user = Message("user", _text(fields, ("instruction",)), _optional(fields, _INPUTS))
    system = _optional(fields, _SYSTEMS)
    answer = Message("assistant", _text(fields, _ANSWERS))
    return Record(line, (*_system(system), user, answer))


def _prompt_completion(line: int, fields: Fields) -> Record:
    if fields.get("label") is False:
        raise BadRow("row.unwanted", what=field("label"))
    answer = Message("assistant", _text(fields, _COMPLETIONS))
    prompt = fields["messages"] if _is_golden(fields) and "messages" in fields else fields.get("prompt")
    if isinstance(prompt, list) and any(isinstance(turn, dict) for turn in prompt):
        return Record(line, (*turns(prompt, "prompt"), answer), tools=tools(fields))
    question = _text(fields, _PROMPTS)
    if before := asked(question):
        return Record(line, (*turns(before, "prompt"), answer))
    user = Message("user", question, _optional(fields, _CONTEXTS))
    return Record(line, (*_system(_optional(fields, _SYSTEMS)), user, answer))


def _is_golden(fields: Fields) -> bool:
    """Whether it is a row of a golden set, whose `messages` are only what comes before its answer."""
    return "prompt" in fields and "ideal" in fields


def _summary(line: int, fields: Fields) -> Record:
    user = Message("user", _text(fields, _DOCUMENTS))
    return Record(line, (user, Message("assistant", _text(fields, _SUMMARIES))))


def _classification(line: int, fields: Fields) -> Record:
    names = ("label_text", *_LABELS)
    name = next((name for name in names if name in fields), "label")
    if isinstance(fields.get(name), bool | int | float):
        fields = {**fields, name: str(fields[name])}
    user = Message("user", _text(fields, _SAMPLES))
    return Record(line, (user, Message("assistant", _text(fields, (name,)))))


def _plain(line: int, fields: Fields) -> Record:
    return Record(line, text=_text(fields, _TEXTS))


def _chat(line: int, fields: Fields) -> Record:
    name = _chat_field(fields) or next(name for name in CHATS if name in fields)
    messages = turns(as_turns(fields[name]), name)
    system = _optional(fields, _SYSTEMS)
    if system and messages[0].role != "system":
        messages = (*_system(system), *messages)
    if not any(message.role == "assistant" for message in messages):
        raise BadRow("row.no_answer", what=field(name))
    if not any(message.role == "assistant" and message.trained for message in messages):
        raise BadRow("row.no_weight")
    return Record(line, messages, tools=tools(fields))


def _preference(line: int, fields: Fields) -> Record:
    fields = {**fields, "chosen": _either(fields, _CHOSEN), "rejected": _either(fields, _REJECTED)}
    if isinstance(fields["chosen"], list):
        messages = turns(fields["chosen"], "chosen")
        *before, last = turns(fields["rejected"], "rejected")
        if last.role != "assistant":
            raise BadRow("row.side_without_answer", what=field("rejected"))
        if tuple(before) != messages[:-1]:
            raise BadRow("row.sides_differ")
        if last.calls:
            raise BadRow("row.rejected_calls")
        rejected = last.content
    else:
        messages = (Message("assistant", _text(fields, ("chosen",))),)
        rejected = _text(fields, ("rejected",))
    if messages[0].role == "assistant":
        messages = (*_asked(fields), *messages)
    if messages[-1].role != "assistant":
        raise BadRow("row.side_without_answer", what=field("chosen"))
    if messages[-1].calls:
        raise BadRow("row.chosen_calls")
    if rejected == messages[-1].content:
        raise BadRow("row.sides_equal")
    return Record(line, messages, rejected=rejected, tools=tools(fields))


def _either(fields: Fields, names: Sequence[str]) -> Any:
    """The better or worse side of a pair: its text, or its turns where it is a conversation."""
    name = next((name for name in names if name in fields), None)
    if name is None:
        _text(fields, names)
    return as_turns(fields[name]) if name else ""


def _asked(fields: Fields) -> tuple[Message, ...]:
    if isinstance(fields.get("prompt"), list):
        return turns(fields["prompt"], "prompt")
    names = (*_PROMPTS, "instruction")
    if isinstance(fields.get("prompt"), str) and (before := asked(fields["prompt"])):
        return turns(before, "prompt")
    return (*_system(_optional(fields, _SYSTEMS)), Message("user", _text(fields, names)))


def _system(text: str) -> tuple[Message, ...]:
    return (Message("system", text),) if text else ()


def _text(fields: Fields, names: Sequence[str]) -> str:
    """The text of the first of `names` the row has."""
    name = next(filter(fields.__contains__, names), None)
    if name is None:
        raise BadRow("row.missing", what=field(names[0]), fields=listed(fields))
    value = unwrapped(fields[name]) if name in ("answer", "answers") else fields[name]
    return checked(value, field(name))


def _optional(fields: Fields, names: Sequence[str]) -> str:
    present = [name for name in names if fields.get(name) is not None]
    text = checked(fields[present[0]], field(present[0]), empty=True) if present else ""
    return text if text.strip() else ""


def _chat_field(fields: Fields) -> str:
    """The field that holds a conversation, if any: turns, alternating texts, a transcript, a tree."""
    for name in CHATS:
        if isinstance(fields.get(name), list):
            return name
    for name in _LISTS:
        value = fields.get(name)
        if isinstance(value, list) and (name != "data" or all(isinstance(item, str) for item in value)):
            turned = as_turns(value)
            if turned and all(isinstance(turn, dict) and turn.keys() & {"role", "from"} for turn in turned):
                return name
    for name in ("chat", *CHATS):
        if isinstance(fields.get(name), str) and transcript(fields[name]):
            return name
    return "prompt" if isinstance(fields.get("prompt"), dict) and "replies" in fields["prompt"] else ""


@dataclass(frozen=True)
class _Shape:
    """One way to write a format: the fields it must have (any name of each group), and its builder."""

    format: str
    needs: tuple[Sequence[str], ...]
    build: Callable[[int, Fields], Record]

    def fits(self, fields: Fields) -> bool:
        if self.format == "chat":
            if _is_golden(fields):
                return False
            return bool(_chat_field(fields)) or any(name in fields for name in CHATS)
        return all(any(map(fields.__contains__, names)) for names in self.needs)


_SHAPES = (
    _Shape("preference", (_CHOSEN, _REJECTED), _preference),
    _Shape("chat", (CHATS,), _chat),
    _Shape("instruction", (("instruction",), _ANSWERS), _instruction),
    _Shape("prompt/completion", (_PROMPTS, _COMPLETIONS), _prompt_completion),
    _Shape("prompt/completion", (_DOCUMENTS, _SUMMARIES), _summary),
    _Shape("classification", (_SAMPLES, _LABELS), _classification),
    _Shape("text", (_TEXTS,), _plain),
)
"""Tried in this order."""

_OF_FORMAT = {
    name: [shape for shape in _SHAPES if shape.format == name] for name in {s.format for s in _SHAPES}
}
