"""Why a value cannot be what its field wants, from pydantic's errors; and several things as one phrase."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any

from studio.catalogue.phrases import Phrase, Unusable, Value, phrase

_BOUNDS = {
    "greater_than_equal": ("value.at_least", "ge"),
    "greater_than": ("value.more_than", "gt"),
    "less_than_equal": ("value.at_most", "le"),
    "less_than": ("value.less_than", "lt"),
    "too_long": ("value.too_many_lines", "max_length"),
}
"""What a value must keep to, by the code of pydantic's error, with the name that this has there."""

_KINDS = {
    "int_parsing": "value.whole_number",
    "int_from_float": "value.whole_number",
    "int_type": "value.whole_number",
    "float_parsing": "value.number",
    "float_type": "value.number",
    "finite_number": "value.number",
    "bool_parsing": "value.true_or_false",
    "bool_type": "value.true_or_false",
    "string_too_short": "value.missing",
    "missing": "value.missing",
}
"""What a value must be, by the code of pydantic's error."""

_WANTED = "Input should be "


def wrong_value(title: str | Phrase, error: Mapping[str, Any], choices: Sequence[str] = ()) -> Phrase:
    """What is wrong with a value, from one of pydantic's errors: "Rank must be at least 1.".

    `choices` are the values that a field of a few choices can have.
    """
    kind, about = error["type"], error.get("ctx", {})
    if kind in _BOUNDS:
        code, name = _BOUNDS[kind]
        return phrase(code, title=title, limit=about[name])
    if kind in _KINDS:
        return phrase(_KINDS[kind], title=title)
    if kind == "literal_error" and choices:
        return phrase("value.choice", title=title, choices=listed(quoted(choices), "list.or"))
    if kind == "template":
        return phrase("value.template", title=title, choices=about["choices"])
    if isinstance(said := about.get("said"), Phrase):
        return phrase("value.told", title=title, sentence=said)
    reason = reason_in(error)
    if isinstance(reason, str) and reason.startswith(_WANTED):
        return phrase("value.wanted", title=title, wanted=reason.removeprefix(_WANTED))
    return phrase("value.reason", title=title, reason=reason)


def reason_in(error: Mapping[str, Any]) -> Phrase | str:
    """Why a rule of ours, or else pydantic, refuses a value: a clause."""
    refused = error.get("ctx", {}).get("error")
    if isinstance(refused, Unusable):
        return refused.phrase
    return str(refused or error["msg"]).rstrip(".")


def quoted(names: Iterable[str]) -> list[Phrase]:
    """The names of choices, each in quotes."""
    return [phrase("choice", name=name) for name in names]


def listed(items: Sequence[Value], last: str = "list.and") -> Value:
    """Several things, at least one, as one: "Rank, Alpha and Layers"."""
    *first, end = items
    if not first:
        return end
    return phrase(last, one=reduce(_more, first), other=end)


def sentences(said: Iterable[Value]) -> Value:
    """Several sentences, at least one, as one text."""
    return reduce(lambda one, other: phrase("sentences", one=one, other=other), said)


def first_of(names: Sequence[str], most: int) -> Value:
    """The first names with commas between, and how many more there are."""
    shown = ", ".join(names[:most])
    return phrase("list.rest", names=shown, more=len(names) - most) if len(names) > most else shown


def _more(one: Value, other: Value) -> Phrase:
    return phrase("list.more", one=one, other=other)
