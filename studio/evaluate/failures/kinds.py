"""Sorts an answer into the kinds of failure that hold of it; of several, the first is the primary one."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from studio.evaluate.failures.formats import off_format, without_marks
from studio.evaluate.failures.languages import switches_language
from studio.evaluate.failures.refusal import is_refusal
from studio.evaluate.failures.repetition import repeats
from studio.evaluate.failures.training_rows import SharedRun
from studio.evaluate.scorers.scorer import folded, plain_text, words
from studio.language import tr


@dataclass(frozen=True)
class AnswerCase:
    """One answer with what is known of it.

    `right` is what a scorer or a person says, None where nobody did; `finish_reason` is length where the
    answer was cut off by its limit of tokens; `form_failed` is whether a check of its form did not pass, and
    `shared` the longest run that it shares with a training row.
    """

    text: str
    prompt: str = ""
    ideal: str = ""
    right: bool | None = None
    finish_reason: str = ""
    form_failed: bool = False
    shared: SharedRun | None = None


@dataclass(frozen=True)
class FailureKind:
    """One way in which an answer fails."""

    key: str
    title: str
    help: str
    holds: Callable[[AnswerCase], bool]


def failures_of(case: AnswerCase) -> tuple[str, ...]:
    """The kinds of failure that hold of an answer, the primary one first; none of a fine answer."""
    if _is_empty(case):
        return (EMPTY.key, WRONG.key) if case.right is False else (EMPTY.key,)
    return tuple(kind.key for kind in KINDS if kind is not EMPTY and kind.holds(case))


def _is_empty(case: AnswerCase) -> bool:
    """Nothing is said, where something should be: white space, marks of a template, punctuation alone."""
    return not _says_something(case.text) and (_says_something(case.ideal) or not case.text.strip())


def _says_something(text: str) -> bool:
    return any(unicodedata.category(each)[0] in "LNS" for each in without_marks(text))


def _repeats(case: AnswerCase) -> bool:
    return repeats(case.text) and not repeats(case.ideal)


def _is_cut_off(case: AnswerCase) -> bool:
    """Its limit was reached, or, where that is not known, a code fence was never closed."""
    if case.finish_reason:
        return case.finish_reason == "length"
    return plain_text(case.text).count("```") % 2 == 1


_ECHO, _SHORT_ECHO, _LONG_ECHO = 0.8, 4, 20


def _echoes(case: AnswerCase) -> bool:
    """Most of the prompt stands in the answer word for word, and the ideal answer does no such thing."""
    if case.right:
        return False
    asked = words(case.prompt)
    enough = min(max(_SHORT_ECHO, _ECHO * len(asked)), _LONG_ECHO)
    if len(asked) < _SHORT_ECHO or _common_run(asked, words(case.text)) < enough:
        return False
    return _common_run(asked, words(case.ideal)) < enough


def _common_run(one: list[str], other: list[str]) -> int:
    """The most words in a row that two texts have in common."""
    longest = 0
    before: dict[int, int] = {}
    places: dict[str, list[int]] = {}
    for place, word in enumerate(one[:_MOST_WORDS]):
        places.setdefault(word, []).append(place)
    for word in other[:_MOST_WORDS]:
        here = {place: before.get(place - 1, 0) + 1 for place in places.get(word, ())}
        longest = max(longest, *here.values(), 0)
        before = here
    return longest


_MOST_WORDS = 1000


def _refuses(case: AnswerCase) -> bool:
    return not case.right and is_refusal(case.text) and not is_refusal(case.ideal)


def _switches(case: AnswerCase) -> bool:
    """What goes round in circles is in no language."""
    if case.right or repeats(case.text):
        return False
    return switches_language(case.text, case.prompt, case.ideal)


def _is_off_format(case: AnswerCase) -> bool:
    """Also where it is right: marks of a template are read by nobody who is glad of them."""
    return case.form_failed or off_format(case.text, case.ideal, case.prompt)


def _is_copied(case: AnswerCase) -> bool:
    """A training row says it, word for word, and neither the prompt nor the ideal answer does."""
    run = case.shared
    if case.right or run is None or not run.is_no_chance:
        return False
    known = (" ".join(words(text)) for text in (case.prompt, case.ideal))
    return not any(run.text in text for text in known)


def _is_wrong(case: AnswerCase) -> bool:
    return case.right is False and folded(case.text) != folded(case.ideal)


REPETITION = FailureKind("repetition", tr("Repetition"), tr("It goes round in circles."), _repeats)
CUT_OFF = FailureKind(
    "cut_off", tr("Cut off"), tr("It reached its limit of tokens before it ended."), _is_cut_off
)
EMPTY = FailureKind("empty", tr("Empty"), tr("It says nothing."), _is_empty)
OFF_FORMAT = FailureKind(
    "off_format",
    tr("Off format"),
    tr(
        "It lacks the form of the ideal answer (JSON, a call, a number, a label, a list, "
        "code), or holds marks "
        "of a template."
    ),
    _is_off_format,
)
LANGUAGE = FailureKind(
    "language", tr("Language switch"), tr("It is in another language than asked for."), _switches
)
ECHO = FailureKind(
    "echo", tr("Prompt echoed"), tr("It repeats what was asked instead of answering."), _echoes
)
REFUSED = FailureKind("refused", tr("Refused"), tr("It refuses what the ideal answer does."), _refuses)
COPIED = FailureKind(
    "copied",
    tr("Copied"),
    tr(
        "A training row says it word for word, in 13 words or more or as a whole, and it is "
        "not what was asked."
    ),
    _is_copied,
)
WRONG = FailureKind("wrong", tr("Wrong"), tr("It is not the ideal answer."), _is_wrong)

KINDS = (EMPTY, REPETITION, REFUSED, LANGUAGE, ECHO, OFF_FORMAT, COPIED, CUT_OFF, WRONG)
"""All kinds; of those that hold of an answer, the first here is the primary one."""
