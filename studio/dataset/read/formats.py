"""The formats people keep examples in, and how a row of each becomes a Record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from studio.catalogue import Phrase, joined, phrase
from studio.dataset.groups import origins_of
from studio.dataset.read import names
from studio.dataset.read.chats import turns
from studio.dataset.read.fast_path import plain_record
from studio.dataset.read.flags import check_media, check_placeholders, check_wanted
from studio.dataset.read.names import CHATS, COMPLETIONS, CONTEXTS, PROMPTS
from studio.dataset.read.pairs import history, optional, preference, system, text
from studio.dataset.read.shapes import Taken, is_turn, unified
from studio.dataset.read.tools import calls_in, tools, without_fillings
from studio.dataset.read.transcripts import as_turns, asked, transcript
from studio.dataset.record import Call, Message, Record
from studio.dataset.rows import BadRow, Fields, field, listed
from studio.files import parsed

FAMILIES = {"preference": "pairs", "text": "text"}
"""Formats that train in a way of their own; all others are conversations and may be mixed."""


def recognize(fields: Fields) -> str:
    """The format a row's keys stand for, or an empty string."""
    return _recognized(unified(fields))


def _recognized(fields: Fields) -> str:
    if fields.get("role") is not None and not _chat_field(fields):
        return ""  # one turn, not an example
    return (None in fields.values() and _fitting(_filled(fields))) or _fitting(fields)


def _fitting(fields: Fields) -> str:
    return next((shape.format for shape in _SHAPES if shape.fits(fields)), "")


def _filled(fields: Fields) -> Fields:
    """The row without the nulls that stand where rows of several formats share a table."""
    return {name: value for name, value in fields.items() if value is not None}


def record(line: int, format: str, fields: Fields) -> Record:
    """The row as a Record, in a dataset of `format`. Raises BadRow with the reason when it is not one.

    A row of another format is read as what it is where both are conversations.
    """
    return plain_record(line, format, fields) or _record(line, format, fields)


def _record(line: int, format: str, fields: Fields) -> Record:
    row = Taken(unified(fields))
    shape = _shape(format, row)
    _check(shape.format, row)
    built = _unfilled(shape.build(line, row))
    if origins := origins_of(row):
        built = replace(built, origins=origins)
    check_placeholders(built)
    made = row.get("made")
    if isinstance(made, str) and _is_ours(made):
        built = replace(built, made=made)
    left = names.left_out(row, row.used, built)
    return replace(built, left_out=left) if left else built


def _unfilled(built: Record) -> Record:
    if not built.tools or not any("null" in call.arguments for m in built.messages for call in m.calls):
        return built
    changed = (tuple(without_fillings(call, built.tools) for call in m.calls) for m in built.messages)
    pairs = zip(built.messages, changed, strict=True)
    return replace(built, messages=tuple(replace(message, calls=calls) for message, calls in pairs))


def _check(format: str, row: Fields) -> None:
    """Raise BadRow for what no text can teach, and for what is marked as not to be learned."""
    if format in ("classification", "text"):
        return
    check_media(row)
    if format != "preference":
        check_wanted(row)


def _is_ours(made: str) -> bool:
    """Whether it is how we say that a row was made; other people may have a column of that name."""
    return made.startswith('{"maker": ') and made == made.encode("utf-8", "ignore").decode()


def _shape(format: str, row: Fields) -> _Shape:
    """The way the row is written: one of the format, or else of another one that trains as it does."""
    filled = _filled(row) if None in row.values() else row
    own, other = _OF_FORMAT[format], _fitting(filled)
    if other and FAMILIES.get(other) == FAMILIES.get(format):
        return next(shape for shape in _OF_FORMAT[other] if shape.fits(filled))
    if found := next((shape for shape in own if shape.fits(filled)), None):
        return found
    if found := next((shape for shape in own if shape.fits(row)), None):
        return found
    if other:
        raise BadRow("row.other_format", format=other, common=format)
    if not any(name in row for shape in own for group in shape.needs for name in group):
        raise BadRow("row.unknown_fields_for", fields=listed(row), needs=needs(format))
    return own[0]


def needs(format: str) -> Phrase:
    """The fields a format requires, quoted."""
    shape = next(shape for shape in _SHAPES if shape.format == format)
    return reduce(_and, (field(group[0]) for group in shape.needs))


def _and(one: Phrase, other: Phrase) -> Phrase:
    return phrase("fields.and", one=one, other=other)


def examples() -> Phrase:
    """Every format with what it requires, for messages."""
    formats = dict.fromkeys(shape.format for shape in _SHAPES)
    return joined(phrase("fields.of", format=name, fields=needs(name)) for name in formats)


def _instruction(line: int, fields: Fields) -> Record:
    user = Message("user", text(fields, ("instruction",)), optional(fields, names.INPUTS))
    answer = _answer(fields, names.ANSWERS)
    return Record(line, (*system(fields), *history(fields), user, *answer), tools=tools(fields))


def _prompt_completion(line: int, fields: Fields) -> Record:
    _check_answered(fields)
    answer = _answer(fields, COMPLETIONS)
    return Record(line, (*_before(fields), *answer), tools=tools(fields))


def _check_answered(fields: Fields) -> None:
    """Raise BadRow for a prompt that only has something to compare with, as sets for GRPO have."""
    if fields.get("prompt") is None or any(fields.get(name) is not None for name in _LEARNED):
        return
    if name := next((name for name in names.REFERENCES if fields.get(name) is not None), ""):
        raise BadRow("row.prompt_only", what=field(name))


_LEARNED = tuple(name for name in COMPLETIONS if name not in names.REFERENCES)


def _before(fields: Fields) -> tuple[Message, ...]:
    """The conversation before the completion; earlier answers in a list of turns are only context."""
    prompt = fields.get("prompt")
    if _is_golden(fields) and "messages" in fields:
        prompt = fields["messages"]
    elif isinstance(prompt, list) and any(isinstance(turn, dict) for turn in prompt):
        prompt = fields["prompt"]
    else:
        return _question(fields)
    before = turns(prompt, "prompt")
    context = (replace(turn, trained=False) if turn.role == "assistant" else turn for turn in before)
    return (*(system(fields) if before[0].role != "system" else ()), *context)


def _question(fields: Fields) -> tuple[Message, ...]:
    there = [name for name in PROMPTS if name in fields]
    name = next((name for name in there if fields.get(name) is not None), next(iter(there), PROMPTS[0]))
    question = text(fields, (name,))
    if before := asked(question):
        return (*system(fields), *turns(before, "prompt"))
    example_set = [other for other in (*CONTEXTS, "input") if other != name]
    user = Message("user", question, optional(fields, example_set))
    return (*system(fields), *history(fields), user)


def _answer(fields: Fields, among: Sequence[str]) -> tuple[Message, ...]:
    """What is to be learned: a text, turns, or the calls of tools where the row declares some."""
    there = [name for name in among if fields.get(name) is not None]
    if there and isinstance(fields.get(there[0]), list) and _are_dicts(fields.get(there[0])):
        answer = turns(fields[there[0]], there[0])
        if not any(turn.role == "assistant" and turn.trained for turn in answer):
            raise BadRow("row.no_answer", what=field(there[0]))
        return answer
    reply = text(fields, there[:1] or among)
    calls = _calls(reply, there[0]) if fields.get("tools") and there else ()
    return (Message("assistant", "" if calls else reply, calls=calls),)


def _are_dicts(value: Any) -> bool:
    return bool(value) and all(isinstance(item, dict) and item.keys() & {"role", "from"} for item in value)


def _calls(reply: str, name: str) -> tuple[Call, ...]:
    """The calls that an answer is nothing but, as JSON text; none where it is any other text."""
    try:
        value = parsed(reply) if reply.lstrip().startswith(("[", "{")) else None
    except (ValueError, RecursionError):
        return ()
    several = value if isinstance(value, list) else [value]
    are_calls = all(isinstance(item, dict) and {"name", "arguments"} <= item.keys() for item in several)
    return calls_in(value, field(name)) if several and are_calls else ()


def _is_golden(fields: Fields) -> bool:
    """Whether it is a row of a golden set, whose `messages` are only what comes before its answer."""
    return "prompt" in fields and "ideal" in fields


def _summary(line: int, fields: Fields) -> Record:
    user = Message("user", text(fields, names.DOCUMENTS))
    return Record(line, (user, Message("assistant", text(fields, names.SUMMARIES))))


def _classification(line: int, fields: Fields) -> Record:
    options = ("label_text", *names.LABELS)
    there = [name for name in options if name in fields]
    name = next((name for name in there if fields.get(name) is not None), next(iter(there), "label"))
    label = fields[name] if there else None
    if isinstance(label, bool | int | float):
        label = str(label)
    user = Message("user", text(fields, names.SAMPLES))
    return Record(line, (user, Message("assistant", text({name: label} if there else fields, (name,)))))


def _plain(line: int, fields: Fields) -> Record:
    return Record(line, text=text(fields, names.TEXTS))


def _chat(line: int, fields: Fields) -> Record:
    name = _chat_field(fields) or next(name for name in CHATS if name in fields)
    messages = turns(as_turns(fields[name]), name)
    if messages[0].role != "system":
        messages = (*system(fields), *messages)
    if not any(message.role == "assistant" for message in messages):
        raise BadRow("row.no_answer", what=field(name))
    if not any(message.role == "assistant" and message.trained for message in messages):
        raise BadRow("row.no_weight")
    return Record(line, messages, tools=tools(fields))


def _chat_field(fields: Fields) -> str:
    """The field that holds a conversation, if any: turns, alternating texts, a transcript, a tree."""
    for name in CHATS:
        if isinstance(fields.get(name), list):
            return name
    for name in names.TURN_LISTS:
        value = fields.get(name)
        if isinstance(value, list) and (name != "data" or all(isinstance(item, str) for item in value)):
            turned = as_turns(value)
            if turned and all(isinstance(turn, dict) and turn.keys() & {"role", "from"} for turn in turned):
                return name
    for name in ("chat", "contents"):
        value = fields.get(name)
        if isinstance(value, list) and value and all(map(is_turn, value)):
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
        return all(any(map(fields.__contains__, group)) for group in self.needs)


_SHAPES = (
    _Shape("preference", (names.CHOSEN, names.REJECTED), preference),
    _Shape("chat", (CHATS,), _chat),
    _Shape("instruction", (("instruction",), names.ANSWERS), _instruction),
    _Shape("prompt/completion", (PROMPTS, COMPLETIONS), _prompt_completion),
    _Shape("prompt/completion", (("prompt",), names.REFERENCES), _prompt_completion),
    _Shape("prompt/completion", (names.DOCUMENTS, names.SUMMARIES), _summary),
    _Shape("classification", (names.SAMPLES, names.LABELS), _classification),
    _Shape("text", (names.TEXTS,), _plain),
)
"""Tried in this order."""

_OF_FORMAT = {
    name: [shape for shape in _SHAPES if shape.format == name] for name in {s.format for s in _SHAPES}
}
