"""Whether an answer has the form of the ideal one: JSON, calls, a number, a label, a list, code."""

from __future__ import annotations

import re

from studio.evaluate.scorers.numbers import numbers_in
from studio.evaluate.scorers.scorer import plain_text, words
from studio.evaluate.scorers.structured import is_json
from studio.generate.calls import calls_of

_MARKUP = re.compile(
    r"<\|[a-z_]+\|>|\[/?INST\]|<</?SYS>>|</?s>|<(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>"
    r"|^#{2,3} (?:Instruction|Response|Input)\b"
    r"|^(?:User|Human|Assistant|System|Question|Q|USER|ASSISTANT):",
    re.MULTILINE,
)
_ITEM = re.compile(r"^\s*(?:[-*\u2022]|\d{1,3}[.)])\s+\S", re.MULTILINE)
_FENCE = re.compile(r"^```", re.MULTILINE)
_LABEL_WORDS, _TOO_MANY = 2, 10
_ITEMS = 3
_NUMBER_WORDS = 3


def off_format(answer: str, ideal: str, prompt: str) -> bool:
    """Whether the ideal answer is of a form that this one is not, or a template's marks stand in it."""
    return _has_marks(answer, ideal, prompt) or not _has_form(answer, ideal)


def without_marks(text: str) -> str:
    """The text without the marks by which templates set turns apart."""
    return _MARKUP.sub("", text)


def _has_marks(answer: str, ideal: str, prompt: str) -> bool:
    """Marks that neither the ideal answer nor the prompt has: the model plays the person's turn as well."""
    marks = set(_MARKUP.findall(answer))
    return bool(marks - set(_MARKUP.findall(ideal)) - set(_MARKUP.findall(prompt)))


def _has_form(answer: str, ideal: str) -> bool:
    wanted = plain_text(ideal)
    if calls_of(wanted):
        return bool(calls_of(answer))
    if wanted[:1] in ("{", "[") and is_json(wanted):
        return is_json(answer)
    if len(_FENCE.findall(wanted)) >= 2:
        return bool(_FENCE.search(plain_text(answer)))
    if len(_ITEM.findall(wanted)) >= _ITEMS:
        return len(_ITEM.findall(plain_text(answer))) >= _ITEMS - 1
    if _is_number(wanted):
        return bool(numbers_in(answer))
    if _is_label(wanted):
        return len(words(answer)) <= _TOO_MANY
    return True


def _is_number(wanted: str) -> bool:
    """A number with no more than a unit behind it."""
    return not wanted[:1].isalpha() and len(words(wanted)) <= _NUMBER_WORDS and len(numbers_in(wanted)) == 1


def _is_label(wanted: str) -> bool:
    """A word or two that are no sentence: "positive", "spam", "not sure"."""
    return 0 < len(words(wanted)) <= _LABEL_WORDS and wanted[-1].isalpha() and len(wanted) <= 30
