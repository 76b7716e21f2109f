"""Columns with names of their own, mapped to what we need of an example; and a guess of that mapping."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from studio.catalogue import Phrase
from studio.data.fields import BadRow, Fields, listed, unwrapped
from studio.data.flags import MEDIA, ROW_MARKS
from studio.errors import DataError
from studio.files import parsed
from studio.words import printable

_SHOWN = 3
_PARTS = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"|")+')
"""What lies between commas that no quotes hold."""
_LENGTH = 200

_NEEDS: dict[str, dict[str, str]] = {
    "chat": {"messages": "messages"},
    "preference": {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"},
    "classification": {"text": "text", "label": "label"},
    "instruction": {"prompt": "instruction", "input": "input", "answer": "output"},
    "prompt/completion": {"prompt": "prompt", "answer": "completion"},
    "text": {"text": "text"},
}
"""For each format the roles it takes, and the field each becomes. Tried in this order."""


_DECISIVE = frozenset((*MEDIA, *ROW_MARKS, "tools", "functions"))

INCOMPLETE = (
    "These columns make no example. Map prompt and answer; or text, alone or with label; or chosen and "
    "rejected; or messages."
)


class Mapping(BaseModel):
    """Which column plays which role; empty where none does. `a.b` is the field b inside the column a."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: str = ""
    input: str = ""
    answer: str = ""
    system: str = ""
    text: str = ""
    label: str = ""
    chosen: str = ""
    rejected: str = ""
    messages: str = ""

    @classmethod
    def parse(cls, written: str) -> Mapping:
        """The mapping written as `prompt=Frage, answer=Antwort`. Raises DataError for anything else."""
        pairs = [part.partition("=") for part in _PARTS.findall(written)]
        roles = {role.strip(): _unquoted(column.strip()) for role, _, column in pairs}
        if not all(roles.values()) or not roles.keys() <= cls.model_fields.keys() or len(roles) < len(pairs):
            raise DataError(
                f'"{written}" maps no columns. Write role=column for each, with commas between them; the '
                f"roles are {', '.join(cls.model_fields)}."
            )
        mapping = cls(**roles)
        if not mapping.format:
            raise DataError(INCOMPLETE)
        return mapping

    @property
    def written(self) -> str:
        """What `parse` reads; names that could be mistaken are quoted as in JSON."""
        return ", ".join(f"{role}={_quoted(column)}" for role, column in self if column)

    @property
    def format(self) -> str:
        """The format the roles make together, or an empty string when something is missing."""
        given = {role for role, column in self if column} - {"system"}
        for format, roles in _NEEDS.items():
            if given == set(roles) or (format == "preference" and given == {"chosen", "rejected"}):
                return format
        return ""

    def fields(self, row: Fields) -> Fields:
        """The row with our names for its columns. Raises BadRow when it has none of them."""
        names = {**_NEEDS[self.format], "system": "system"}
        values = {names[role]: _value(row, column) for role, column in self if column}
        present = {name: _plain(value) for name, value in values.items() if value is not _MISSING}
        if not present:
            raise BadRow("row.unknown_fields", fields=listed(row))
        return {**self._decisive(row), **present}

    def _decisive(self, row: Fields) -> Fields:
        """What decides whether the row is learned, and the tools it declares: columns that need no role."""
        if self.format in ("text", "classification"):
            return {}
        mapped = {column.partition(".")[0] for _, column in self if column}
        names = {str(name): str(name).strip().lower() for name in row if name not in mapped}
        return {lower: row[name] for name, lower in names.items() if lower in _DECISIVE}

    def words(self, what: Phrase) -> Phrase:
        """What is said of our names, said of those of the columns."""
        names = {**_NEEDS[self.format], "system": "system"}
        return what.with_fields({names[role]: column for role, column in self if column})


def _quoted(column: str) -> str:
    is_plain = column == column.strip() and not set(column) & set(',"\\')
    return column if is_plain else json.dumps(column, ensure_ascii=False)


def _unquoted(column: str) -> str:
    if len(column) < 2 or not (column[0] == column[-1] == '"'):
        return column
    try:
        return str(parsed(column))
    except ValueError:
        return column


_MISSING = object()


def _value(row: AbstractMapping[str, Any], column: str) -> Any:
    if column in row:
        return row[column]
    name, _, rest = column.partition(".")
    inside = row.get(name)
    return _value(inside, rest) if rest and isinstance(inside, dict) else _MISSING


def _plain(value: Any) -> Any:
    """Whoever maps a column of numbers means them as text."""
    value = unwrapped(value)
    return str(value) if isinstance(value, bool | int | float) else value


@dataclass(frozen=True)
class Column:
    """A column of a file: its name, what kind of values it has (text, number, list, …), and the first few."""

    name: str
    kind: str
    examples: tuple[str, ...]
    length: float
    distinct: float


class UnknownColumns(DataError):
    """Columns that make none of our formats: what they hold, and which roles they probably play."""

    def __init__(self, message: str, columns: Sequence[Column], guess: Mapping) -> None:
        super().__init__(message)
        self.columns = tuple(columns)
        self.guess = guess


def columns_of(rows: Sequence[Fields]) -> tuple[Column, ...]:
    """The columns of some rows in order; those inside an object are named `outer.inner`."""
    flat = [_flattened(row) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    return tuple(_column(name, [row[name] for row in flat if row.get(name) is not None]) for name in names)


def _flattened(row: Fields) -> Fields:
    flat: Fields = {}
    for name, value in row.items():
        if isinstance(value, dict) and 0 < len(value) <= 20:
            flat.update({f"{name}.{inner}": item for inner, item in value.items()})
        else:
            flat[str(name)] = value
    return flat


def _column(name: str, values: Sequence[Any]) -> Column:
    texts = [printable(str(value)) for value in values]
    return Column(
        name=name,
        kind=_kind(values),
        examples=tuple(text[:_LENGTH] for text in dict.fromkeys(texts))[:_SHOWN],
        length=sum(map(len, texts)) / max(len(texts), 1),
        distinct=len(set(texts)) / max(len(texts), 1),
    )


def _kind(values: Sequence[Any]) -> str:
    if not values:
        return "empty"
    kinds = {_kind_of(value) for value in values}
    return kinds.pop() if len(kinds) == 1 else "mixed"


def _kind_of(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list():
            return "array"
        case dict():
            return "object"
        case bytes():
            return "data"
    return type(value).__name__
