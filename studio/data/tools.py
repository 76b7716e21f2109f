"""The tools a row declares and the calls its turns make, in OpenAI's shape whatever shape the row has."""

from __future__ import annotations

import json
from typing import Any

from studio.catalogue import Phrase, phrase
from studio.data.fields import BadRow, Fields, checked, field, listed
from studio.data.records import Call
from studio.data.rows import kind

_DECLARED = ("tools", "functions")


def tools(fields: Fields) -> str:
    """The row's tools as a JSON array; empty when it has none. Raises BadRow."""
    name = next((name for name in _DECLARED if fields.get(name)), "")
    found = _parsed(fields[name], field(name)) if name else None
    if not found:
        return ""
    several = found if isinstance(found, list) else [found]
    made = [_tool(tool, phrase("tool", number=i, what=field(name))) for i, tool in enumerate(several, 1)]
    return _written(made, field(name))


def calls(turn: Fields, turn_named: Phrase) -> tuple[Call, ...]:
    """The calls a turn makes beside its content. Raises BadRow."""
    return calls_in(turn.get("tool_calls") or turn.get("function_call"), turn_named)


def calls_in(value: Any, turn: Phrase) -> tuple[Call, ...]:
    """One call or several, as JSON text or as they are. Raises BadRow."""
    value = _parsed(value, phrase("call.text", turn=turn))
    several = value if isinstance(value, list) else [value] if value else []
    return tuple(_call(item, turn) for item in several)


def _tool(tool: Any, what: Phrase) -> Any:
    """A tool in OpenAI's shape; some keep only the function itself."""
    if not isinstance(tool, dict):
        raise BadRow("row.tool_not_object", what=what, kind=kind(tool))
    if "type" in tool and "parameters" not in tool:
        return tool
    if not (isinstance(tool.get("function"), dict) or tool.get("name")):
        raise BadRow("row.tool_without_name", what=what, fields=listed(tool))
    function = tool.get("function") or {key: value for key, value in tool.items() if key != "type"}
    return {"type": "function", "function": function}


def _call(call: Any, turn: Phrase) -> Call:
    if not isinstance(call, dict):
        raise BadRow("row.tool_not_object", what=phrase("call", turn=turn), kind=kind(call))
    function = call["function"] if isinstance(call.get("function"), dict) else call
    if not function.get("name"):
        raise BadRow("row.tool_without_name", what=phrase("call", turn=turn), fields=listed(function))
    name = checked(function["name"], phrase("call.name", turn=turn))
    said = phrase("call.arguments", name=name[:40], turn=turn)
    arguments = _parsed(function.get("arguments", function.get("parameters")), said) or {}
    if not isinstance(arguments, dict):
        raise BadRow("row.arguments_not_object", what=said, kind=kind(arguments))
    given = call.get("id")
    id = checked(given, phrase("call.id", turn=turn)) if given else ""
    return Call(name, _written(arguments, said), id)


def _parsed(value: Any, what: Phrase) -> Any:
    """JSON given as text, as the value it stands for; anything else as it is."""
    if not isinstance(value, str) or not value.strip():
        return value or None
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise BadRow("row.no_json_text", what=what, fault=str(error)) from error


def _written(value: Any, what: Phrase) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadRow("row.not_writable", what=what, fault=str(error)) from error
    return checked(text, what)
