"""The tools a row declares and the calls its turns make, in OpenAI's shape whatever shape the row has."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from studio.catalogue import Phrase, phrase, said_by
from studio.dataset.record import Call
from studio.dataset.rows import BadRow, Fields, checked, field, kind, listed
from studio.files import parsed

_DECLARED = ("tools", "functions")
_SCHEMAS = {"input_schema": "parameters", "inputSchema": "parameters"}
"""What others call the schema of a tool's arguments."""

_BESIDE = ("type", "cache_control")
_ARGUMENTS = ("arguments", "parameters", "args", "input")


def tools(fields: Fields) -> str:
    """The row's tools as a JSON array; empty when it has none. Raises BadRow."""
    name = next((name for name in _DECLARED if fields.get(name)), "")
    found = _parsed(fields[name], field(name)) if name else None
    if not found:
        return ""
    several = _declared(found if isinstance(found, list) else [found])
    made = [_tool(tool, phrase("tool", number=i, what=field(name))) for i, tool in enumerate(several, 1)]
    return _written(made, field(name))


def calls(turn: Fields, turn_named: Phrase) -> tuple[Call, ...]:
    """The calls a turn makes beside its content. Raises BadRow."""
    made = turn.get("tool_calls") or turn.get("function_call")
    return calls_in(made, turn_named) if made else ()


def calls_in(value: Any, turn: Phrase) -> tuple[Call, ...]:
    """One call or several, as JSON text or as they are. Raises BadRow."""
    value = _parsed(value, phrase("call.text", turn=turn))
    several = value if isinstance(value, list) else [value] if value else []
    return tuple(_call(item, turn) for item in several)


def _tool(tool: Any, what: Phrase) -> Any:
    """A tool in OpenAI's shape; some keep only the function itself."""
    if not isinstance(tool, dict):
        raise BadRow("row.tool_not_object", what=what, kind=kind(tool))
    tool = {_SCHEMAS.get(key, key): value for key, value in _unfilled(tool).items()}
    if "type" in tool and "parameters" not in tool:
        return tool
    if not (isinstance(tool.get("function"), dict) or tool.get("name")):
        raise BadRow("row.tool_without_name", what=what, fields=listed(tool))
    function = tool.get("function") or {key: value for key, value in tool.items() if key not in _BESIDE}
    return {"type": "function", "function": function}


def without_fillings(call: Call, tools: str) -> Call:
    """The call without nulls for arguments that its tool does not have: Arrow fills them in."""
    if "null" not in call.arguments:
        return call
    functions = [tool.get("function") or {} for tool in parsed(tools) if isinstance(tool, dict)]
    schemas = [each.get("parameters") for each in functions if each.get("name") == call.name]
    properties = schemas[0].get("properties") if schemas and isinstance(schemas[0], dict) else None
    if not isinstance(properties, dict) or not properties:
        return call
    given = parsed(call.arguments).items()
    kept = {name: value for name, value in given if value is not None or name in properties}
    return replace(call, arguments=json.dumps(kept, ensure_ascii=False))


def _declared(tools: list[Any]) -> list[Any]:
    """The tools one by one: Gemini keeps several in one object."""
    found: list[Any] = []
    for tool in tools:
        names = ("functionDeclarations", "function_declarations")
        several = next((tool[name] for name in names if isinstance(tool, dict) and tool.get(name)), None)
        found += several if isinstance(several, list) else [tool]
    return found


def _unfilled(value: Any) -> Any:
    """Without the nulls that Arrow fills in where one object has a field that another one lacks.

    A null that a schema allows, as the default of an optional argument, says something and stays.
    """
    if isinstance(value, list):
        return [_unfilled(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _unfilled(item) for key, item in value.items() if item is not None}
    if value.get("default", "") is None and _allows_null(kept):
        return {key: kept.get(key) for key in value if key in kept or key == "default"}
    return kept


def _allows_null(schema: dict[str, Any]) -> bool:
    kinds = schema.get("type")
    either = [item for name in ("anyOf", "oneOf") for item in schema.get(name) or []]
    types = [*(kinds if isinstance(kinds, list) else [kinds])]
    types += [item.get("type") for item in either if isinstance(item, dict)]
    return "null" in types or schema.get("nullable") is True


def _call(call: Any, turn: Phrase) -> Call:
    if not isinstance(call, dict):
        raise BadRow("row.tool_not_object", what=phrase("call", turn=turn), kind=kind(call))
    function = call["function"] if isinstance(call.get("function"), dict) else call
    if not function.get("name"):
        raise BadRow("row.tool_without_name", what=phrase("call", turn=turn), fields=listed(function))
    name = checked(function["name"], phrase("call.name", turn=turn))
    whose = phrase("call.arguments", name=name[:40], turn=turn)
    arguments = next((function[name] for name in _ARGUMENTS if function.get(name) is not None), None)
    arguments = _parsed(arguments, whose)
    arguments = arguments or {}
    if not isinstance(arguments, dict):
        raise BadRow("row.arguments_not_object", what=whose, kind=kind(arguments))
    given = call.get("id")
    id = checked(given, phrase("call.id", turn=turn)) if given else ""
    return Call(name, _written(arguments, whose), id)


def _parsed(value: Any, what: Phrase) -> Any:
    """JSON given as text, as the value it stands for; anything else as it is."""
    if not isinstance(value, str) or not value.strip():
        return value or None
    try:
        return parsed(value)
    except (ValueError, RecursionError) as error:
        raise BadRow("row.no_json_text", what=what, fault=said_by(error)) from error


def _written(value: Any, what: Phrase) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadRow("row.not_writable", what=what, fault=said_by(error)) from error
    return checked(text, what)
