"""The tools a row declares and the calls its turns make, in OpenAI's shape whatever shape the row has."""

from __future__ import annotations

import json
from typing import Any

from studio.data.fields import BadRow, Fields, checked, listed
from studio.data.records import Call
from studio.data.rows import kind

_DECLARED = ("tools", "functions")


def tools(fields: Fields) -> str:
    """The row's tools as a JSON array; empty when it has none. Raises BadRow."""
    name = next((name for name in _DECLARED if fields.get(name)), "")
    found = _parsed(fields[name], f'"{name}"') if name else None
    if not found:
        return ""
    several = found if isinstance(found, list) else [found]
    return _written([_tool(tool, f'tool {i} of "{name}"') for i, tool in enumerate(several, 1)], f'"{name}"')


def calls(turn: Fields, what: str) -> tuple[Call, ...]:
    """The calls a turn makes beside its content. Raises BadRow."""
    return calls_in(turn.get("tool_calls") or turn.get("function_call"), what)


def calls_in(value: Any, what: str) -> tuple[Call, ...]:
    """One call or several, as JSON text or as they are. Raises BadRow."""
    value = _parsed(value, f"the call of a tool in {what}")
    several = value if isinstance(value, list) else [value] if value else []
    return tuple(_call(item, what) for item in several)


def _tool(tool: Any, what: str) -> Any:
    """A tool in OpenAI's shape; some keep only the function itself."""
    if not isinstance(tool, dict):
        raise BadRow(f"{what} is {kind(tool)}, not an object")
    if "type" in tool and "parameters" not in tool:
        return tool
    if not (isinstance(tool.get("function"), dict) or tool.get("name")):
        raise BadRow(f'{what} has no "name" (it has {listed(tool)})')
    function = tool.get("function") or {key: value for key, value in tool.items() if key != "type"}
    return {"type": "function", "function": function}


def _call(call: Any, what: str) -> Call:
    if not isinstance(call, dict):
        raise BadRow(f"a call of a tool in {what} is {kind(call)}, not an object")
    function = call["function"] if isinstance(call.get("function"), dict) else call
    if not function.get("name"):
        raise BadRow(f'a call of a tool in {what} has no "name" (it has {listed(function)})')
    name = checked(function["name"], f"the name of a tool in {what}")
    said = f'the arguments of "{name[:40]}" in {what}'
    arguments = _parsed(function.get("arguments", function.get("parameters")), said) or {}
    if not isinstance(arguments, dict):
        raise BadRow(f"{said} are {kind(arguments)}, not an object of named values")
    given = call.get("id")
    return Call(
        name, _written(arguments, said), checked(given, f"the id of a call in {what}") if given else ""
    )


def _parsed(value: Any, what: str) -> Any:
    """JSON given as text, as the value it stands for; anything else as it is."""
    if not isinstance(value, str) or not value.strip():
        return value or None
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise BadRow(f"{what} cannot be read as JSON: {error}") from error


def _written(value: Any, what: str) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadRow(f"{what} cannot be written as JSON: {error}") from error
    return checked(text, what)
