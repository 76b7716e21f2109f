"""Rows that are no examples, empty, there twice or in contradiction; and too few of them."""

from __future__ import annotations

import re
import sys
from collections import Counter
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.catalogue import EMPTY, TOO_LONG
from studio.dataset.checks.check import (
    SHOWN,
    Check,
    Flagged,
    Found,
    Looking,
    Subject,
    by_place,
    context_of,
    found,
    have,
    quoted,
    rows,
    words_of,
)
from studio.dataset.number_column import NumberColumn, first_of_equal
from studio.dataset.record import Record
from studio.dataset.split import GOLDEN, Labelled
from studio.events import Evidence, Progress
from studio.language import tr


class Malformed(Check):
    name = "malformed"
    title = tr("Rows that cannot be read")
    why = tr("A row that is damaged or lacks a field is left out, and what it should have taught is lost.")
    severity = "bad"
    fix = ""

    def looking(self, subject: Subject) -> Looking[Found]:
        yield Progress(tr("rows checked"), 0, len(subject.problems))
        return found(
            (
                quoted(item.line, item.reason)
                for item in subject.problems
                if item.severity == "error" and item.code not in EMPTY | TOO_LONG
            ),
            lambda count: tr(
                "{have} left out because {words} cannot be used. Correct them in the file.",
                have=have(count, "is", "are"),
                words="it" if count == 1 else "they",
            ),
        )


_BLANK = re.compile(r"[\s.\-\u2013\u2014_…*~#|>'\"`\u200b-\u200f\u2060\ufeff]*")
_NOTHING = re.compile(r"\W*(?:todo|tbd|lorem ipsum|\[object object\]|#ref!|#n/a)\W*", re.I)
_MAYBE = re.compile(r"\W*(n/?a|null|none|nan|nil|undefined)\W*", re.I)
"""What programs write where nothing is; but also what is right where that is asked for."""

_NEARLY_NOTHING = re.compile(
    "|".join(f"(?:{pattern.pattern})" for pattern in (_BLANK, _NOTHING, _MAYBE)), re.IGNORECASE
)

_UNWANTED = re.compile(r"\W*(?:null|nan|nil|undefined)\W*", re.I)
"""Of these, what no person would choose as the word for none, however often it is there."""

_COMPUTED = re.compile(
    r"[`{}=<>;÷√∞]|\w\(|\d\s*[-+*/^%]\s*\(?\d"
    r"|\b(?:java(?:script)?|typescript|python|sql|json|ya?ml|c\+\+|c#|rust|swift|kotlin|ruby|lua|perl|php|html"
    r"|pandas|numpy|excel|code\w*|program\w*|script\w*|comput\w*|pointer\w*|typeof|data ?type|keyword\w*"
    r"|null\w*|undefined|undeclared|uninitiali[sz]ed|unassigned|parameter\w*|argument\w*|variab\w*"
    r"|fun(?:c|k|ç)\w*|fonction\w*|method\w*|retur\w*|prints?|outputs?|evaluat\w*|expression\w*|value|wert|valeur"
    r"|valor|divi\w*|geteilt|zero|null|infinity|limit|slope|tangent|tan|cot|sec|csc|arc\w+|square root"
    r"|logarithm\w*|log|ln|equation\w*|integral\w*|derivative\w*|domain|vector|matrix|inverse|math\w*|algebra)\b",
    re.I,
)
"""Questions whose answer may be that a value is undefined, null or no number."""

_CHOSEN = re.compile(
    r"\b(?:which|any|anything|anyone|how many|how much|is there|are there|list|identify|extract|find|select"
    r"|choose|options?|mention\w*|listed|applicable|allerg\w*|exceptions?|side effects?|missing|remain\w*"
    r"|left|besides|other than|both|common|if (?:there|none|not|no)|who else|what else|welche\w*"
    r"|gibt es|wie viele|quel\w*|combien|cu[aá]l\w*|cu[aá]nt\w*)\b",
    re.I,
)
"""Questions whose answer may be that there is none."""

_LABEL = 0.01
_SHORT = 40


class Empty(Check):
    """A null or a none is an answer where the question asks for a value or a choice, or names that word.

    One that answers many rows is taken for a label, such as the none of an extraction task.
    """

    name = "empty"
    title = tr("Empty prompts and answers")
    why = tr("From empty answers a model learns to say nothing, and from empty prompts it learns nothing.")
    severity = "bad"

    def looking(self, subject: Subject) -> Looking[Found]:
        labelled, counts = Labelled(), Counter[str]()
        odd: list[tuple[int, str]] = []

        def look(record: Record) -> None:
            labelled.add(record)
            answer = record.answer.strip()
            if len(answer) > _SHORT or not _NEARLY_NOTHING.fullmatch(answer):
                return
            counts[answer.lower()] += 1
            if not _MAYBE.fullmatch(answer) or _stands_for_nothing(record):
                odd.append((record.line, sys.intern(answer)))

        yield look
        many = max(2, _LABEL * len(subject.records))
        often = {answer for answer, count in counts.items() if count > many}
        labels = often if labelled.are_labels else {a for a in often if not _UNWANTED.fullmatch(a)}
        evidence = (
            ()
            if subject.format == "classification"
            else (
                quoted(line, answer, 0, len(answer)) for line, answer in odd if answer.lower() not in labels
            )
        )
        left_out = (
            quoted(item.line, item.reason)
            for item in subject.problems
            if item.severity == "error" and item.code in EMPTY
        )
        return found(
            Flagged(evidence).with_others(left_out),
            lambda count: tr("{have} nothing to ask or to answer.", have=have(count, "has", "have")),
        )


def _stands_for_nothing(record: Record) -> bool:
    """Whether the answer is a word for nothing, and the row does not ask for one."""
    match = _MAYBE.fullmatch(record.answer.strip())
    if match is None:
        return False
    word = match[1].lower()
    asked = "\n".join(turn.whole for turn in record.before_answer)
    if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", asked, re.I) or _COMPUTED.search(asked):
        return False
    return word not in ("none", "n/a", "na") or not _CHOSEN.search(asked)


class Duplicates(Check):
    name = "duplicates"
    title = tr("Exact duplicates")
    why = tr("A row that is there several times counts as often, and the model learns it by heart.")
    severity = "bad"

    def looking(self, subject: Subject) -> Looking[Found]:
        keys = NumberColumn("q")
        yield lambda record: keys.append(subject.equal(record))
        golden = [line for line, part in subject.parts.items() if part == GOLDEN]
        first = first_of_equal(keys.numbers(), np.isin(subject.lines, golden) if golden else None)
        places = np.flatnonzero(first != np.arange(len(first)))
        others = subject.lines[first[places[:SHOWN]]].tolist()

        def look(record: Record, number: int) -> Evidence:
            return quoted(record.line, record.prompt or record.answer, other=others[number])

        return found(
            by_place(subject, places, look),
            lambda count: tr("{have} an earlier one exactly.", have=have(count, "repeats", "repeat")),
        )


_EVERY = 250
_SHOWN = 60


class Contradictions(Check):
    """An answer that only says more than the other (Paris, It is Paris) does not count as another one."""

    name = "contradictions"
    title = tr("Same prompt, different answers")
    why = tr(
        "Where facts or labels contradict each other the model can only guess. Free tasks may have several."
    )
    fix = ""

    def looking(self, subject: Subject) -> Looking[Found]:
        if subject.format in ("text", "preference"):
            return Found()
        keys, places = NumberColumn("q"), count()
        asking = NumberColumn("q")

        def look(record: Record) -> None:
            place = next(places)
            if record.messages and (words := subject.normal(record).asked):
                keys.append(hash((context_of(record), words)))
                asking.append(place)

        yield look
        evidence = yield from _contradicting(subject, keys.numbers(), asking.numbers())
        result = found(
            evidence,
            lambda count: tr(
                "{have} a prompt that others answer otherwise.", have=have(count, "answers", "answer")
            ),
        )
        if subject.format == "classification" and result.lines:
            return Found(result.lines, result.evidence, result.summary, "bad")
        return result


def _contradicting(subject: Subject, keys: NDArray[Any], places: NDArray[Any]) -> Looking[Flagged]:
    """Of the rows at these places, those that answer otherwise than the first with the same key."""
    first = first_of_equal(keys)
    several = np.zeros(len(first), bool)
    later = np.flatnonzero(first != np.arange(len(first)))
    several[later] = several[first[later]] = True
    asked = np.flatnonzero(several)
    asked = asked[np.argsort(first[asked], kind="stable")]
    flagged, known = Flagged(), None
    for number, record in enumerate(subject.at(places[asked].tolist())):
        if first[asked[number]] == asked[number]:
            known, reported = (record, _answer(record)), False
        elif known is not None and _differ(subject, known[1], _answer(record)):
            if not reported:
                flagged.add(_evidence(known[0], record))
                reported = True
            flagged.add(_evidence(record, known[0]))
        if number % _EVERY == 0:
            yield Progress(tr("answers compared"), number, len(asked))
    return flagged


def _answer(record: Record) -> set[str]:
    return set(words_of(record).answer.split())


def _evidence(record: Record, other: Record) -> Evidence:
    prompt = record.prompt if len(record.prompt) <= _SHOWN else f"…{record.prompt[-_SHOWN:]}"
    text = f"{prompt} → {record.answer[:_SHOWN]}"
    return quoted(record.line, text, len(prompt) + 3, len(text), other=other.line)


def _differ(subject: Subject, left: set[str], right: set[str]) -> bool:
    if subject.format == "classification":
        return left != right
    return not (left <= right or right <= left)


FEW, SOME = 50, 200


class FewRows(Check):
    name = "few rows"
    title = tr("Number of rows")
    why = tr("From few rows a model takes over a tone and a format, but hardly any knowledge.")
    fix = ""

    def looking(self, subject: Subject) -> Looking[Found]:
        count = len(subject.records)
        yield Progress(tr("rows checked"), count, count)
        if count < FEW:
            words = tr(
                "Only {rows}: the model will learn these by heart at best. Aim at {SOME} or more.",
                rows=rows(count),
                SOME=SOME,
            )
            return Found(summary=words, severity="bad")
        if count < SOME:
            words = tr(
                "{rows} can teach a tone or a format. For a new task aim at {SOME} or more.",
                rows=rows(count),
                SOME=SOME,
            )
            return Found(summary=words, severity="look")
        return Found()
