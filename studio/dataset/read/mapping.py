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
from studio.dataset.read.flags import MEDIA, ROW_MARKS
from studio.dataset.rows import BadRow, Fields, listed, unwrapped
from studio.errors import DataError
from studio.events import ColumnsAsked, ColumnShown
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
            raise DataError("columns.no_mapping", written=written, roles=", ".join(cls.model_fields))
        mapping = cls(**roles)
        if not mapping.format:
            raise DataError("columns.incomplete")
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

    def __init__(self, said: Phrase, columns: Sequence[Column], guess: Mapping) -> None:
        super().__init__(said)
        self.columns = tuple(columns)
        self.guess = guess

    def question(self, path: str) -> ColumnsAsked:
        """What a person is to say of the dataset."""
        return asked(path, self.columns, self.guess)


def asked(path: str, columns: Sequence[Column], guess: Mapping) -> ColumnsAsked:
    """The question what these columns of the dataset are."""
    shown = (ColumnShown(column.name, column.kind, column.examples) for column in columns)
    return ColumnsAsked(path, tuple(shown), guess.written)


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


_NAMES: dict[str, str] = {
    "chosen": "chosen preferred better winner accepted positive good bevorzugt",
    "rejected": "rejected dispreferred worse loser negative bad abgelehnt",
    "system": "system persona role_description",
    "messages": "messages conversation conversations turns dialog chat history",
    "prompt": (
        "prompt instruction question query problem task request user human source src ask q utterance "
        "command frage aufgabe anweisung eingabe pregunta instruccion instrucción consulta domanda "
        "istruzione pergunta instrução consigne requête вопрос запрос "
        "инструкция 问题 指令 提问 質問 指示 질문 سؤال"
    ),
    "answer": (
        "answer response completion output reply solution target tgt assistant bot result summary a gpt "
        "antwort ausgabe lösung loesung zusammenfassung respuesta salida solución resumen risposta resposta "
        "réponse reponse sortie résumé ответ решение 回答 答案 输出 答え 回答文 답변 جواب"
    ),
    "input": "input context passage background reference kontext contexto contexte contesto контекст 上下文",
    "label": "label class category sentiment intent emotion tag rating stars klasse kategorie etiqueta",
    "text": "text content body sentence review document article tweet comment story satz inhalt texto texte",
}
_ABOUT = (
    "id ids idx index uid uuid guid qid key hash sha md5 name names filename file path url uri link href "
    "domain origin dataset split subset model version date time timestamp created updated at author email "
    "phone license lang language locale score rank count length tokens"
)
"""Words of columns that are about a row: nobody learns to write those."""

_OPAQUE = re.compile(r"[^\s]*[\d/_:@\\-][^\s]*|[0-9a-fA-F]{8,}")
"""Values that are no words: ids, addresses, dates, hashes, paths."""

_LABELS = 30
"""Characters up to which a repeated text may be a label."""


def guessed(columns: Sequence[Column]) -> Mapping:
    """The mapping that the columns suggest; its `format` is empty where they suggest none."""
    roles: dict[str, str] = {}
    columns = [column for column in columns if not _is_about(column)]
    for role in _NAMES:
        free = [column for column in columns if column.name not in roles.values() and _suits(role, column)]
        found = [column for column in free if _named(role, column)]
        if found:
            roles[role] = found[0].name
    return _decided(roles, [column for column in columns if column.kind == "text"])


def _is_about(column: Column) -> bool:
    """Whether a column is about its rows rather than of them, by its last word or by what it holds."""
    words = _words(column)
    if words and words[-1] in _ABOUT.split():
        return True
    is_named = any(_named(role, column) for role in _NAMES)
    is_text = column.kind == "text" and bool(column.examples)
    return is_text and not is_named and all(map(_OPAQUE.fullmatch, column.examples))


def _words(column: Column) -> list[str]:
    """The words of a column's name, parted by case or marks."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column.name)
    return [word for word in re.split(r"[\W_\d]+", parted.lower()) if word]


def _suits(role: str, column: Column) -> bool:
    if role == "messages":
        return column.kind == "array"
    return column.kind == "text" or (column.kind in ("number", "mixed") and role in ("answer", "label"))


def _named(role: str, column: Column) -> bool:
    """Whether one of the name's words, parted by case or marks, means the role."""
    return bool(set(_words(column)) & set(_NAMES[role].split()))


def _decided(roles: dict[str, str], texts: list[Column]) -> Mapping:
    """Roles that make a format together, filled up with the longest texts where an answer is missing."""
    for keys in (("messages",), ("chosen", "rejected"), ("prompt", "answer"), ("text", "label")):
        if all(key in roles for key in keys):
            extra = {"messages": (), "chosen": ("prompt",), "prompt": ("input",), "text": ()}[keys[0]]
            wanted = (*keys, *extra, *(() if keys[0] == "text" else ("system",)))
            return Mapping(**{role: roles[role] for role in wanted if role in roles})
    if "text" in roles and "answer" in roles:
        return Mapping(prompt=roles["text"], answer=roles["answer"])
    return _by_content(roles, texts)


def _by_content(roles: dict[str, str], texts: list[Column]) -> Mapping:
    longest = sorted(texts, key=lambda column: -column.length)
    if "label" in roles and longest and longest[0].name != roles["label"]:
        return Mapping(text=longest[0].name, label=roles["label"])
    if "prompt" in roles or "answer" in roles:
        return _paired(roles, longest)
    labels = [column for column in texts if column.length <= _LABELS and column.distinct <= 0.5]
    if labels and longest[0] not in labels:
        return Mapping(text=longest[0].name, label=labels[0].name)
    if len(longest) >= 2 and longest[1].length * 20 > longest[0].length:
        first, second = sorted(longest[:2], key=texts.index)
        return Mapping(prompt=first.name, answer=second.name)
    return Mapping(text=longest[0].name) if longest else Mapping()


def _paired(roles: dict[str, str], longest: list[Column]) -> Mapping:
    """What is asked, or what is answered, with the longest other text as its counterpart.

    A prompt alone makes no example: whoever trains on it learns to ask.
    """
    mine = "prompt" if "prompt" in roles else "answer"
    other = "answer" if mine == "prompt" else "prompt"
    rest = [column.name for column in longest if column.name != roles[mine]]
    if rest:
        return Mapping(**{mine: roles[mine], other: rest[0]})
    return Mapping(text=roles[mine]) if mine == "answer" else Mapping()
