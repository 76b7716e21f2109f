"""Answers that are to call tools: whether they make the wanted calls."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from studio.catalogue import Unusable, phrase, said_by
from studio.dataset.read.tools import calls_in
from studio.dataset.record import Call
from studio.dataset.rows import BadRow
from studio.evaluate.scorers.scorer import SHARE, Grade, Scorer
from studio.files import parsed

_OPENING = re.compile(r'(?:\[\s*)?\{(?=\s*")')
_FAILURES = 500
"""Braces at which no JSON begins, behind which no more is looked for: each costs a look at all the text."""

_ARGUMENTS = {"arguments", "parameters", "args", "input"}


def calls_of(answer: str) -> tuple[Call, ...]:
    """The calls of tools that an answer makes, in order.

    They are read as models write them: JSON objects with a name and arguments, alone, in lists, in tags such
    as <tool_call> or behind [TOOL_CALLS]; or <function=name> with <parameter=name> in it.
    """
    written = [_xml_call(name, body) for name, body in _elements(answer, "function")]
    return tuple(written) or tuple(call for value in _values(answer) for call in _calls(value))


def _values(text: str) -> Iterator[Any]:
    """The JSON objects and lists of objects in a text, those inside others left out."""
    decoder, place, failures = json.JSONDecoder(), 0, 0
    while failures < _FAILURES and (found := _OPENING.search(text, place)):
        try:
            value, place = decoder.raw_decode(text, found.start())
        except ValueError:
            place, failures = found.start() + 1, failures + 1
        except RecursionError:
            return  # nested so deep, it is no call, and each place inside would take as long
        else:
            yield value


def _calls(value: Any) -> Iterator[Call]:
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, dict):
            continue
        if isinstance(item.get("tool_calls"), list):
            yield from _calls(item["tool_calls"])
        elif isinstance(item.get("function"), dict) or ("name" in item and _ARGUMENTS & item.keys()):
            try:
                yield from calls_in(item, phrase("call.answer"))
            except BadRow:
                continue


def _elements(text: str, kind: str) -> Iterator[tuple[str, str]]:
    """The name and the content of each <kind=name>…</kind>."""
    *closed, _ = text.split(f"</{kind}>")
    for part in closed:
        name, opened, content = part.rpartition(f"<{kind}=")[2].partition(">")
        if opened and f"<{kind}=" in part and name.strip():
            yield name.strip(), content


def _xml_call(name: str, body: str) -> Call:
    arguments = {key: _loose(value.strip("\n")) for key, value in _elements(body, "parameter")}
    return Call(name, json.dumps(arguments, ensure_ascii=False))


def _loose(text: str) -> Any:
    """A value that is written without quotes: JSON where it is that, else the text."""
    try:
        return parsed(text)
    except ValueError:
        return text


def same_calls(given: tuple[Call, ...], wanted: tuple[Call, ...], *, ordered: bool = False) -> bool:
    """Whether both make the same calls; the order of arguments, and unless `ordered` of calls, is free.

    Arguments are of the same type: 5 is 5.0, and neither "5" nor true.
    """
    one, other = (
        [(call.name, _canonical(parsed(call.arguments))) for call in calls] for calls in (given, wanted)
    )
    return one == other if ordered else Counter(one) == Counter(other)


def _canonical(value: Any) -> Hashable:
    """Equal for values that are the same in JSON."""
    match value:
        case bool():
            return ("truth", value)
        case dict():
            return frozenset((key, _canonical(item)) for key, item in value.items())
        case list():
            return tuple(map(_canonical, value))
    return value  # type: ignore[no-any-return]


def _prepare(value: Any, options: Mapping[str, Any]) -> Grade:
    ordered = options.get("ordered", False)
    if not isinstance(ordered, bool):
        raise Unusable("scorer.no_truth", name="ordered")
    wanted = _wanted(value)
    return lambda answer: float(same_calls(calls_of(answer), wanted, ordered=ordered))


def _wanted(value: Any) -> tuple[Call, ...]:
    """The calls of a value: objects, or the text of an answer. Raises Unusable where it makes none."""
    if isinstance(value, str):
        calls = calls_of(value)
    else:
        try:
            calls = calls_in(value, phrase("call.wanted"))
        except BadRow as error:
            raise Unusable("scorer.no_call", reason=said_by(error)) from error
    if not calls:
        raise Unusable("scorer.no_calls")
    return calls


TOOL_CALL = Scorer(
    "tool_call",
    "Tool calls",
    "The answer calls the wanted tools with the same arguments, of the same types, in any order.",
    SHARE,
    _prepare,
    options=("ordered",),
    names=("tool_calls",),
)
