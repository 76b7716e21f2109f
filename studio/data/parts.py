"""What a turn says in parts: texts, thoughts, calls of tools and their results, of whichever service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as default
from typing import Any

from studio.catalogue import Phrase, phrase
from studio.data.fields import BadRow, Fields, checked, listed
from studio.files import parsed

_TEXTS = ("text", "value", "content", "refusal")
_THOUGHTS = ("thinking", "reasoning", *_TEXTS)
_THINKS = ("thinking", "reasoning", "reasoning_content")
_HIDDEN = ("redacted_thinking",)  # encrypted: nobody can read them
_SAYS = ("text", "input_text", "output_text", "refusal", "")
_CALLS = ("tool_use", "server_tool_use", "tool_call", "function_call")
_RESULTS = ("tool_result", "tool_response", "function_response")
_MEDIA = (
    *("image", "image_url", "images", "video", "video_url", "audio", "audio_url", "input_image"),
    *("input_audio", "inlinedata", "inline_data", "filedata", "file_data"),
)
_FILES = ("document", "file", "input_file")


@dataclass(frozen=True)
class Result:
    """What a tool gave back, and which one: by its name, or by the id of the call."""

    content: str
    name: str = ""
    call_id: str = ""


@dataclass
class Said:
    """What a turn says. `text` is the content itself where that has no parts, so it may be no text."""

    text: Any = ""
    thoughts: list[str] = default(default_factory=list)
    calls: list[Any] = default(default_factory=list)
    results: list[Result] = default(default_factory=list)


def said(content: Any, what: Phrase) -> Said:
    """The content by what its parts are. Raises BadRow for parts that are no text, such as pictures."""
    if isinstance(content, str):
        return Said(content)
    parts = [content] if isinstance(content, dict) else content
    if not (isinstance(parts, list) and parts and all(isinstance(part, dict | str) for part in parts)):
        return Said(content)
    found = Said()
    for part in parts:
        _take(found, {"type": "text", "text": part} if isinstance(part, str) else part, what)
    return found


def _take(found: Said, part: Fields, what: Phrase) -> None:
    given = {str(key).lower(): value for key, value in part.items() if value is not None}
    kind = str(given.get("type", "")).lower()
    if kind in (*_MEDIA, *_FILES) or any(given.get(name) for name in (*_MEDIA, *_FILES)):
        raise BadRow("row.media_part", what=what)
    if kind in _HIDDEN:
        return
    if kind in _THINKS or given.get("thought") is True:
        found.thoughts.append(_first(given, _THOUGHTS, what))
    elif kind in _CALLS or "functioncall" in given or "function_call" in given:
        found.calls += _called(given)
    elif kind in _RESULTS or "functionresponse" in given or "function_response" in given:
        found.results.append(_result(given, what))
    elif kind in _SAYS and any(name in given for name in _TEXTS):
        found.text += _first(given, _TEXTS, what)
    else:
        raise BadRow("row.unknown_part", what=what, fields=_spoken(given))


def _spoken(part: Fields) -> Phrase:
    kind = part.get("type")
    return phrase("quoted", text=kind[:40]) if isinstance(kind, str) else listed(part)


def _first(part: Fields, names: tuple[str, ...], what: Phrase) -> str:
    value = next((part[name] for name in names if name in part), None)
    return checked(value, what, empty=True)


def _called(part: Fields) -> Iterator[Any]:
    """The calls of a part, for `tools.calls_in`; in some, JSON text or an object of their own holds them."""
    inner = next((part[name] for name in ("functioncall", "function_call", "value") if name in part), part)
    inner = _parsed(inner)
    yield from inner if isinstance(inner, list) else [inner]


def _parsed(value: Any) -> Any:
    try:
        return parsed(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value


def _result(part: Fields, what: Phrase) -> Result:
    inner = next((part[name] for name in ("functionresponse", "function_response") if name in part), part)
    if not isinstance(inner, dict):
        raise BadRow("row.unknown_part", what=what, fields=listed(part))
    value = next((inner[name] for name in ("content", "response", "output", "value") if name in inner), "")
    content = said(value, what).text if isinstance(value, list) else value
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, default=str)
    call_id = inner.get("tool_use_id") or inner.get("id") or ""
    return Result(checked(text, what, empty=True), str(inner.get("name") or ""), str(call_id))
