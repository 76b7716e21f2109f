"""What a model replied, as the texts and pairs it was asked for, however it dressed them up."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"\A```\w*\n(.*?)\n?```\Z", re.DOTALL)
_OPENING = re.compile(
    r"\A(?:(?:sure|certainly|of course|okay|here(?:'s| is| are))\b[^\n:]*:\s*|"
    r"(?:(?:rewritten |new )?(?:request|question|prompt|instruction)|answer|response|translation|paraphrase)"
    r"\s*:\s+)",
    re.IGNORECASE,
)
_QUESTIONS = ("question", "prompt", "instruction", "request", "q")
_ANSWERS = ("answer", "response", "output", "completion", "a")
_LABEL = re.compile(
    r"^[ \t>*#_-]*(?:\d+[.):][ \t]*)?[*_]*(?P<who>question|request|q|answer|response|a)"
    r"\s*\d*[*_]*\s*[:\uff1a][*_]*[ \t]*",
    re.IGNORECASE | re.MULTILINE,
)
_NOT_BEFORE_OBJECT = re.compile(r"[\[{]")
_TRIES = 200  # brackets at which JSON may begin


def single(reply: str) -> str:
    """The one text that was asked for, without thoughts, fences, labels and quotes around it."""
    text = _bare(reply)
    text = _OPENING.sub("", text, count=1).strip()
    for opening, closing in ('""', "“”", "«»", "„“"):
        inner = text[1:-1]
        if len(text) > 1 and text[0] == opening and text[-1] == closing and opening not in inner:
            text = inner.strip()
    return text


def pairs(reply: str) -> list[tuple[str, str]]:
    """Questions with their answers: from JSON anywhere in the reply, else from lines marked Q: and A:.

    Empty when there are none.
    """
    text = _bare(reply)
    return _from_json(text) or _from_lines(text)


def _bare(reply: str) -> str:
    text = _THOUGHT.sub("", reply).strip()
    fenced = _FENCE.match(text)
    return (fenced[1] if fenced else text).strip()


def _from_json(text: str) -> list[tuple[str, str]]:
    decoder = json.JSONDecoder(strict=False)  # models put line ends into strings
    found: list[tuple[str, str]] = []
    place = 0
    for _ in range(_TRIES):
        opening = _NOT_BEFORE_OBJECT.search(text, place)
        if opening is None:
            break
        try:
            value, place = decoder.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            place = opening.end()
            continue
        found += _inside(value)
    return found


def _inside(value: Any) -> Iterator[tuple[str, str]]:
    """The pairs in a JSON value: an object, an array of them, or arrays under a name."""
    if isinstance(value, list):
        for item in value:
            yield from _inside(item)
    elif isinstance(value, dict):
        fields = {str(key).lower().strip(): item for key, item in value.items()}
        question = next((fields[name] for name in _QUESTIONS if name in fields), None)
        answer = next((fields[name] for name in _ANSWERS if name in fields), None)
        if isinstance(question, str) and isinstance(answer, str | int | float):
            yield question.strip(), str(answer).strip()
        else:
            for item in fields.values():
                if isinstance(item, list):
                    yield from _inside(item)


def _from_lines(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    question = ""
    marks = list(_LABEL.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=False):
        said = text[mark.end() : end].strip()
        if mark["who"].lower()[0] in "qr" and mark["who"].lower() != "response":
            question = said
        elif question:
            found.append((question, said))
            question = ""
    return found
