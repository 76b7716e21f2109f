"""Files of questions with what is needed to judge an answer, one JSON object in a line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.errors import DataError
from studio.words import whole_characters

_CHOICES = '{"question": "…", "choices": ["…", "…"], "answer": 0, "category": "…"}'
_PARAPHRASES = '{"questions": ["…", "…"], "ideal": "…", "category": "…"}'
_PLAIN = '{"question": "…", "category": "…"}'


@dataclass(frozen=True)
class ChoiceQuestion:
    """A question with its choices, of which the one at the index `answer` is right."""

    question: str
    choices: tuple[str, ...]
    answer: int
    category: str = ""


@dataclass(frozen=True)
class Paraphrases:
    """Several questions that ask for the same thing, and the ideal answer to all of them."""

    questions: tuple[str, ...]
    ideal: str = ""
    category: str = ""


@dataclass(frozen=True)
class PlainQuestion:
    """A question whose answers are judged by what they do: say that they do not know, refuse, comply."""

    question: str
    category: str = ""


def read_choices(path: Path) -> tuple[ChoiceQuestion, ...]:
    """Multiple choice questions. Raises DataError naming the line that is none."""
    return read_questions(path, _choice, _CHOICES)


def read_paraphrases(path: Path) -> tuple[Paraphrases, ...]:
    """Groups of questions that mean the same. Raises DataError naming the line that is none."""
    return read_questions(path, _paraphrases, _PARAPHRASES)


def read_plain_questions(path: Path) -> tuple[PlainQuestion, ...]:
    """Questions alone. Raises DataError naming the line that is none."""
    return read_questions(path, _plain, _PLAIN)


def read_questions[Made](
    path: Path, made: Callable[[dict[str, Any], int], Made], wanted: str
) -> tuple[Made, ...]:
    """What `made` makes of each line's object and number; `wanted` shows a person what a line looks like.

    A ValueError, TypeError, KeyError or AttributeError of `made` says that a line is none. Raises DataError.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError:
        raise DataError("questions.missing", file=path) from None
    except UnicodeDecodeError as error:
        raise DataError("questions.unreadable", file=path, fault=error.reason) from error
    except OSError as error:
        raise DataError("questions.unreadable", file=path, fault=error.strerror or error) from error
    rows = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                rows.append(made(_whole(line), number))
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                raise DataError("questions.no_row", line=number, file=path, wanted=wanted) from None
    if not rows:
        raise DataError("questions.empty", file=path, wanted=wanted)
    return tuple(rows)


def text_of(row: dict[str, Any], key: str) -> str:
    """The text at a key. Raises KeyError where there is none and ValueError where it says nothing."""
    if not isinstance(row[key], str) or not row[key].strip():
        raise ValueError(key)
    return str(row[key])


def texts_of(row: dict[str, Any], key: str, least: int) -> tuple[str, ...]:
    """The different texts at a key, at least so many. Raises KeyError or ValueError."""
    texts = row[key]
    if not isinstance(texts, list) or len(set(texts)) < max(least, len(texts)):
        raise ValueError(key)
    return tuple(text_of({key: text}, key) for text in texts)


def _whole(line: str) -> dict[str, Any]:
    """A line's object; an escape may be half of a character, which no tokenizer takes."""
    row = json.loads(whole_characters(json.dumps(json.loads(line), ensure_ascii=False)))
    if not isinstance(row, dict):
        raise ValueError("no object")  # noqa: TRY004 - a line that is none, as any other
    return row


def _category(row: dict[str, Any]) -> str:
    return text_of(row, "category") if row.get("category") else ""


def _choice(row: dict[str, Any], _: int) -> ChoiceQuestion:
    choices, answer = texts_of(row, "choices", 2), row["answer"]
    if type(answer) is not int or not 0 <= answer < len(choices):
        raise ValueError("answer")
    return ChoiceQuestion(text_of(row, "question"), choices, answer, _category(row))


def _paraphrases(row: dict[str, Any], _: int) -> Paraphrases:
    ideal = text_of(row, "ideal") if row.get("ideal") else ""
    return Paraphrases(texts_of(row, "questions", 2), ideal, _category(row))


def _plain(row: dict[str, Any], _: int) -> PlainQuestion:
    return PlainQuestion(text_of(row, "question"), _category(row))
