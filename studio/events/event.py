"""The base of every event, the few that any job may announce, and events as lines of JSON.

A later release may add fields and kinds, and give up others: what is not known is left aside, and what is
missing is as the field's default, or else empty. Only a value of another type than its field is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import MISSING, Field, asdict, dataclass, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, ClassVar, TypeAliasType, Union, cast, get_args, get_origin, get_type_hints

from studio.catalogue import Said
from studio.files import as_json


@dataclass(frozen=True)
class Event:
    """The base of all events: `class Step(Event, kind="Step")`.

    The kind is what an event is called in files. It stays when the class gets another name, or the files
    of earlier releases cannot be read.
    """

    kind: ClassVar[str] = ""
    kinds: ClassVar[dict[str, type[Event]]] = {}

    def __init_subclass__(cls, *, kind: str, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if kind in Event.kinds:
            raise TypeError(f"there are two kinds of events called {kind}")
        cls.kind = kind
        Event.kinds[kind] = cls


@dataclass(frozen=True)
class Log(Event, kind="Log"):
    """A line for the log that a person reads."""

    text: str
    level: str = "info"  # info | warning


@dataclass(frozen=True)
class Progress(Event, kind="Progress"):
    """How far a job has come: `done` of `total` (None when the total is unknown) of `what`."""

    what: str
    done: int
    total: int | None = None


@dataclass(frozen=True)
class Ended(Event, kind="Ended"):
    """The last event of a run: `outcome` is done, stopped or failed; `summary` says how, in a sentence."""

    outcome: str
    summary: Said = ""


def to_json(event: Event) -> str:
    """One line of JSON, without a newline, that `from_json` turns back into an equal event."""
    return as_json({"kind": event.kind, **asdict(event)})


def from_json(line: str) -> Event:
    """The event a line of JSON describes. Raises ValueError for one that is none, or of an unknown kind."""
    try:
        found = json.loads(line)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    kind = found.get("kind") if isinstance(found, dict) else None
    if not isinstance(kind, str) or kind not in Event.kinds:
        raise ValueError(f"not an event: {line[:80]}")
    return built(Event.kinds[kind], found)


def built[T](kind: type[T], found: Mapping[str, Any]) -> T:
    """A dataclass from what JSON keeps of it. Raises ValueError for a value that its field cannot have."""
    values = {}
    for name, plain, field, hint in _plan(cast("Any", kind)):
        value = found.get(name)
        values[name] = value if type(value) is plain else _field(field, hint, found)
    return kind(**values)


@cache
def _plan(kind: Any) -> tuple[tuple[str, Any, Field[Any], Any], ...]:
    """Of each field its name, and what it holds: a plain type where that is all there is to check."""
    hints = get_type_hints(kind)
    plain = (str, int, float, bool)
    return tuple(
        (each.name, hint if hint in plain else MISSING, each, hint)
        for each in fields(kind)
        if each.init
        for hint in (hints[each.name],)
    )


def _field(field: Field[Any], hint: Any, found: Mapping[str, Any]) -> Any:
    if field.name in found:
        try:
            return _value(hint, found[field.name])
        except TypeError as error:
            raise ValueError(f"{field.name} cannot be {str(found[field.name])[:80]}") from error
    if field.default is not MISSING:
        return field.default
    return field.default_factory() if field.default_factory is not MISSING else _empty(hint)


def _value(hint: Any, value: Any) -> Any:
    """The value as its field wants it: tuples were lists, and dataclasses objects. Raises TypeError."""
    if isinstance(hint, TypeAliasType):
        return _value(hint.__value__, value)
    if get_origin(hint) in (Union, UnionType):
        return _one_of(get_args(hint), value)
    if get_origin(hint) is tuple and isinstance(value, list):
        inner = get_args(hint)
        if inner[-1] is Ellipsis:
            return tuple(_value(inner[0], item) for item in value)
        return tuple(_value(part, item) for part, item in zip(inner, value, strict=False))
    if is_dataclass(hint) and isinstance(hint, type) and isinstance(value, dict):
        return built(hint, value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    plain = get_origin(hint) or hint
    if plain is not Any and (not isinstance(value, plain) or (plain is int and isinstance(value, bool))):
        raise TypeError
    return value


def _one_of(hints: tuple[Any, ...], value: Any) -> Any:
    for hint in hints:
        try:
            return _value(hint, value)
        except (TypeError, ValueError):
            continue
    raise TypeError


def _empty(hint: Any) -> Any:
    """What stands for a field that an earlier release did not write: nothing, of the field's type."""
    if isinstance(hint, TypeAliasType):
        return _empty(hint.__value__)
    if NoneType in get_args(hint):
        return None
    if get_origin(hint) in (Union, UnionType):
        return _empty(get_args(hint)[-1])
    if is_dataclass(hint) and isinstance(hint, type):
        return built(hint, {})
    return (get_origin(hint) or hint)()


def finished[T](steps: Generator[Any, None, T]) -> T:
    """What the steps come to, when nobody needs to see or stop them."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return cast("T", end.value)


def retold[Step, Announced, T](
    steps: Generator[Step, None, T], announce: Callable[[Step], Announced]
) -> Generator[Announced, None, T]:
    """The steps, with what is told of each in its place; they can be stopped there."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            return cast("T", end.value)
        yield announce(step)
