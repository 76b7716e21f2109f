"""What a model replied, as the texts and pairs it was asked for, however it dressed them up."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from studio.files import parsed
from studio.generate.asking import without_thoughts

_ANNOUNCED = r"[^\n`]{0,200}:\s*\n\s*```(?:text|txt|plaintext|markdown|md|json)?"
_FENCE = re.compile(rf"\A(?:{_ANNOUNCED}|```\w*)\n((?:(?!```).)*?)\n?```\Z", re.DOTALL | re.IGNORECASE)
"""A reply in one fence; a line that announces it is part of a reply that is code."""
_OPENING = re.compile(
    r"\A(?:(?:sure|certainly|of course|okay|here(?:'s| is| are))\b[^\n:]*:\s*|"
    r"(?:(?:rewritten |new )?(?:request|question|prompt|instruction)|answer|response|translation|paraphrase)"
    r"\s*:\s+)",
    re.IGNORECASE,
)
_QUESTIONS = ("question", "prompt", "instruction", "request", "query", "q")
_ANSWERS = ("answer", "response", "output", "completion", "reply", "a")
_LABEL = re.compile(
    r"^[ \t>*#_-]*(?:\d+[.):][ \t]*)?[*_]*(?P<who>question|request|q|answer|response|a)"
    r"\s*\d*[*_]*\s*[:\uff1a][*_]*[ \t]*",
    re.IGNORECASE | re.MULTILINE,
)
_NOT_BEFORE_OBJECT = re.compile(r"[\[{]")
_TRIES = 200  # brackets at which JSON may begin


def single(reply: str) -> str:
    """The one text that was asked for, without thoughts, fences, JSON, labels and quotes around it."""
    text = _one_text(_bare(reply))
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
    text = without_thoughts(reply)
    fenced = _FENCE.match(text)
    return (fenced[1] if fenced else text).strip()


def _one_text(text: str) -> str:
    """The text in a JSON value that holds one and nothing else; other text as it is."""
    if text[:1] not in ("{", "["):
        return text
    try:
        value = parsed(text, strict=False)
    except (ValueError, RecursionError):
        return text
    while isinstance(value, dict | list) and len(value) == 1:
        value = next(iter(value.values() if isinstance(value, dict) else value))
    return value.strip() if isinstance(value, str) else text


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
    """The pairs in a JSON value: an object, an array of them, or either of these under a name."""
    if isinstance(value, list):
        for item in value:
            yield from _inside(item)
    elif isinstance(value, dict):
        fields = {str(key).lower().strip(): item for key, item in value.items()}
        found = [*_named(fields), *_side_by_side(fields)]
        yield from found or (pair for item in fields.values() for pair in _inside(item))


def _named(fields: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The pairs of an object that names them, also with numbers: question 1, answer 1, question 2, …"""
    numbered: dict[str, dict[str, Any]] = {}
    for key, item in fields.items():
        name = key.rstrip("0123456789")
        numbered.setdefault(key[len(name) :], {})[name.rstrip(" _-#")] = item
    for group in numbered.values():
        question = next((group[name] for name in _QUESTIONS if name in group), None)
        answer = next((group[name] for name in _ANSWERS if name in group), None)
        if isinstance(question, str) and isinstance(answer, str | int | float):
            example_set = group.get("input")
            whole = [question.strip(), *([example_set.strip()] if isinstance(example_set, str) else ())]
            yield "\n\n".join(filter(None, whole)), str(answer).strip()


def _side_by_side(fields: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The pairs of two arrays of texts, questions and answers."""
    questions, answers = fields.get("questions"), fields.get("answers")
    if isinstance(questions, list) and isinstance(answers, list) and len(questions) == len(answers):
        for question, answer in zip(questions, answers, strict=True):
            if isinstance(question, str) and isinstance(answer, str):
                yield question.strip(), answer.strip()


def _from_lines(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    question = ""
    marks = list(_LABEL.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=False):
        reply = text[mark.end() : end].strip()
        if mark["who"].lower()[0] in "qr" and mark["who"].lower() != "response":
            question = reply
        elif question:
            found.append((question, reply))
            question = ""
    return found
