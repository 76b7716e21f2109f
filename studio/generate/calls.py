"""Calls of tools in what models write, as the families of their templates write them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from studio.catalogue import phrase
from studio.dataset.read.tools import calls_in
from studio.dataset.record import Call
from studio.dataset.rows import BadRow
from studio.files import parsed

_TAGGED = re.compile(r"<tool_call>(.*?)(?:</tool_call>|\Z)", re.DOTALL)
_MISTRAL = "[TOOL_CALLS]"
_LLAMA = "<|python_tag|>"
CALL_MARKS = ("<tool_call>", _MISTRAL, _LLAMA, "<function=")
"""What stands before a call, in an answer that says something else, too."""
_NAMED = re.compile(r"\s*([\w.-]+)\s*(?:\[CALL_ID\]\s*([\w-]+)\s*)?\[ARGS\](.*)", re.DOTALL)
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


def made_calls(answer: str, *, offered: bool) -> tuple[Call, ...]:
    """The calls that an answer makes, and does not only talk about.

    They stand in <tool_call> (Qwen, Hermes), behind [TOOL_CALLS] (Mistral) or <|python_tag|> (Llama 3), or in
    <function=name>. With `offered`, where tools were to be called, an answer that is JSON and nothing else is
    a call, too, as Llama 3 writes it.
    """
    if "<tool_call>" in answer:
        return tuple(call for inside in _TAGGED.findall(answer) for call in calls_of(inside))
    if _MISTRAL in answer:
        return tuple(call for part in answer.split(_MISTRAL)[1:] for call in _behind(part))
    if _LLAMA in answer:
        return calls_of(answer.partition(_LLAMA)[2])
    if "<function=" in answer:
        return calls_of(answer)
    return calls_of(answer) if offered and _is_json(answer) else ()


def _behind(part: str) -> tuple[Call, ...]:
    """The calls behind Mistral's mark: a list, or in newer models a name and its arguments."""
    if found := _NAMED.fullmatch(part):
        return calls_of(json.dumps({"name": found[1], "arguments": _loose(found[3].strip()), "id": found[2]}))
    return calls_of(part)


def _is_json(answer: str) -> bool:
    """Whether it is one value after another of JSON, as Llama 3 divides calls by semicolons."""
    text = answer.strip()
    return text[:1] in ("{", "[") and text[-1:] in ("}", "]") and bool(calls_of(text))
