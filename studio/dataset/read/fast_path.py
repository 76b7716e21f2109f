"""Rows written in the plainest way, as most are: what their keys stand for is decided once for each set.

Such a row has no field whose meaning depends on what else the row says. Whatever is odd about one of its
texts leaves it to `formats`, which reads every row, and these the same.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from studio.dataset.groups import origins_of, tells_origin
from studio.dataset.read.chats import plain_turns
from studio.dataset.read.flags import check_placeholders
from studio.dataset.read.names import (
    ANSWERS,
    CHATS,
    CHOSEN,
    COMPLETIONS,
    FIELDS,
    PROMPTS,
    REJECTED,
    TEXTS,
    Becomes,
)
from studio.dataset.read.transcripts import transcript
from studio.dataset.record import Message, Record
from studio.dataset.rows import Fields, is_usual

_MOST_KEYS, _LONGEST_KEYS = 256, 2000
"""Sets of keys that are remembered, and their characters: a file may have other keys in every row."""

_SPECIAL = frozenset(["made", "role"])
_PAIR = "preference"


class PlainColumns(NamedTuple):
    """The columns of a row: of a chat its turns, of a text itself; else what is asked, answered, and the
    material or the worse answer.
    """

    format: str
    columns: tuple[str, ...]
    has_origin: bool


_PLANS: dict[tuple[Any, ...], PlainColumns | None] = {}
_UNSEEN = PlainColumns("", (), False)


def plain_record(line: int, format: str, fields: Fields) -> Record | None:
    """The row as a Record; None where it needs a closer look. Raises BadRow for the place of a picture."""
    keys = tuple(fields)
    plan = plain_columns(keys)
    if plan is None or "text" in (format, plan.format) or (plan.format == _PAIR) != (format == _PAIR):
        return None
    values = [fields[column] for column in plan.columns]
    built = _chat(line, values[0]) if plan.format == "chat" else _texts(line, plan.format, values)
    if built is None:
        return None
    check_placeholders(built)
    if plan.has_origin and (origins := origins_of({key.strip().lower(): fields[key] for key in keys})):
        return Record(line, built.messages, rejected=built.rejected, origins=origins)
    return built


def plain_columns(keys: tuple[Any, ...]) -> PlainColumns | None:
    """What such keys stand for; None where that depends on the values of the row."""
    plan = _PLANS.get(keys, _UNSEEN)  # in one go: several threads read, and one may clear
    return _planned(keys) if plan is _UNSEEN else plan


def _planned(keys: tuple[Any, ...]) -> PlainColumns | None:
    are_texts = all(isinstance(key, str) for key in keys)
    if not are_texts or sum(map(len, keys)) > _LONGEST_KEYS:
        return None
    if len(_PLANS) >= _MOST_KEYS:
        _PLANS.clear()
    _PLANS[keys] = found = _plan(keys)
    return found


def _plan(keys: tuple[str, ...]) -> PlainColumns | None:
    plain = {key.strip().lower(): key for key in keys}
    meaning = {name for name in plain if FIELDS.get(name, Becomes.ABOUT) != Becomes.ABOUT}
    if len(plain) < len(keys) or not _SPECIAL.isdisjoint(plain):
        return None
    for format, groups in _PLAIN:
        found = [meaning.intersection(group) for group in groups]
        is_whole = all(len(names) == 1 for names in found) and len(meaning) == len(groups)
        if is_whole and set().union(*found) == meaning:
            columns = tuple(plain[name] for names in found for name in names)
            return PlainColumns(format, columns, any(map(tells_origin, keys)))
    return None


_PLAIN: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
    ("preference", (PROMPTS, CHOSEN, REJECTED)),
    ("chat", (CHATS,)),
    ("instruction", (("instruction",), ANSWERS)),
    ("instruction", (("instruction",), ANSWERS, ("input",))),
    ("prompt/completion", (PROMPTS, tuple(name for name in COMPLETIONS if name != "solution"))),
    ("text", (TEXTS,)),
)


def _chat(line: int, value: Any) -> Record | None:
    messages = plain_turns(value) if isinstance(value, list) else None
    if not messages or not any(message.role == "assistant" for message in messages):
        return None
    return Record(line, messages)


def _texts(line: int, format: str, values: list[Any]) -> Record | None:
    asked, answer, *more = values
    if not (is_usual(asked) and is_usual(answer)) or _may_be_turns(asked) or _may_be_turns(answer):
        return None
    if format == _PAIR:
        return _pair(line, asked, answer, more[0])
    given = more[0] if more else ""
    if given and (not is_usual(given) or _may_be_turns(given)):
        return None
    if not isinstance(given, str) or asked.rstrip().endswith(":"):
        return None
    return Record(line, (Message("user", asked, given), Message("assistant", answer)))


def _pair(line: int, asked: str, better: str, worse: Any) -> Record | None:
    if not is_usual(worse) or better == worse or asked.rstrip().endswith(":") or _may_be_turns(worse):
        return None
    if transcript(better) or transcript(worse):
        return None
    return Record(line, (Message("user", asked), Message("assistant", better)), rejected=worse)


def _may_be_turns(text: str) -> bool:
    return text[0] in "[{" or (text[0].isspace() and text.lstrip()[:1] in "[{")
