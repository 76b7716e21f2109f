"""Events as lines of JSON, and back."""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from studio.events.event import Event


def to_json(event: Event) -> str:
    """One line of JSON, without a newline, that `from_json` turns back into an equal event."""
    return json.dumps({"kind": event.kind, **asdict(event)}, ensure_ascii=False)


def from_json(line: str) -> Event:
    """The event a line of JSON describes. Raises ValueError for a line that is not one of ours."""
    fields = json.loads(line)
    if not isinstance(fields, dict) or fields.get("kind") not in Event.kinds:
        raise ValueError(f"not an event: {line[:80]}")
    kind = fields.pop("kind")
    try:
        event: Event = _built(Event.kinds[kind], fields)
    except TypeError as error:
        raise ValueError(f"not a {kind} event: {error}") from error
    return event


def _built(kind: type, fields: dict[str, Any]) -> Any:
    """A dataclass from what JSON keeps of it: tuples became lists, and dataclasses objects."""
    parts = _parts(kind)
    for name, value in fields.items():
        if isinstance(value, list):
            part = parts.get(name)
            fields[name] = tuple(_built(part, item) for item in value) if part else tuple(value)
    return kind(**fields)


@cache
def _parts(kind: type) -> dict[str, type]:
    """The fields that are tuples of dataclasses, with what they hold."""
    hints = get_type_hints(kind)
    tuples = {name: get_args(hint)[0] for name, hint in hints.items() if get_origin(hint) is tuple}
    return {name: part for name, part in tuples.items() if isinstance(part, type) and is_dataclass(part)}
