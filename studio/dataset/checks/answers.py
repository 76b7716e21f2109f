"""Answers that refuse, speak as another model, or repeat the prompt; labels that are too rare."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from studio.dataset.checks.check import (
    SHOWN,
    Check,
    Found,
    Looking,
    Subject,
    by_row,
    found,
    have,
    normalized,
    quoted,
    rows,
)
from studio.dataset.number_column import NumberColumn
from studio.dataset.record import Message, Record
from studio.events import Evidence, Progress
from studio.language import tr

_NOT = r"(?:can ?not|can't|won't|will not|am not able to|am unable to|'m unable to|'m not able to)"
_SORRY = (
    r"(?:(?:i am|i'm|im) )?"
    r"(?:(?:very |so |really )?(?:sorry|afraid)|(?:my |i )?apolog(?:ies|i[sz]e)|unfortunately)"
)
_HELP = r"(?:assist|help|comply|fulfill?)"
_DO = r"(?:assist|help|comply|fulfill?|engage in|participate in|generate|create|provide|answer|do)"
_WHAT = (
    r"(?:(?:you )?with |to )?(?:that|this|it|these|those|your|any|such|the (?:request|question)|requests?)\b"
)
_CONTENT = (
    r"(?:that|this|such|any|your)(?: \w+){0,2} (?:information|content|request|advice|material|assistance)\b"
)
_MODEL = r"(?:as|being) an? (?:ai|artificial intelligence|(?:large )?language model)[\w ]{0,30},? "
_LACK = rf"(?:{_NOT} |(?:do not|don't) have (?:the )?ability)"
_REFUSAL = re.compile(
    "|".join(
        (
            rf"i ?{_NOT} (?!only)(?:\w+ly )?{_HELP} {_WHAT}",
            rf"i ?{_NOT} (?:\w+ly )?{_DO} {_CONTENT}",
            rf"{_SORRY}[,.]? (?:but |however,? |that )?i ?{_NOT} (?!only)(?:\w+ly )?{_DO} {_WHAT}",
            rf"(?:{_SORRY}[,.]? )?(?:but )?{_MODEL}i ?{_LACK}",
            r"(?:(?:es )?tut mir (?:sehr )?leid|entschuldigung)[,.]? (?:aber )?"
            r"(?:ich kann|dabei kann ich|das kann ich|da kann ich) [^.!\n]{0,50}\b(?:nicht|keine?)\b"
            r"[^.!\n]{0,30}\b(?:helfen|unterstützen|beantworten|erfüllen|weiterhelfen|bearbeiten|behilflich|nachkommen)",
            r"(?:je suis )?(?:désolée?|navrée?)[,.]? (?:mais )?je ne (?:peux|puis) (?:pas )?"
            r"(?:(?:vous|te|y) |t')?(?:aider|répondre|assister|fournir|satisfaire|accéder)",
            r"(?:lo siento|lo lamento|disculp[ae])[,.]? (?:pero )?no puedo "
            r"(?:ayudar(?:te|le|los)?|responder|asistir|proporcionar|cumplir|brindar|hacer eso|completar)\b",
        )
    ),
    re.IGNORECASE,
)
_LONGEST = 600
"""Characters: a longer answer refuses one thing and goes on to say another."""


class RefusalCheck(Check):
    name = "refusals"
    title = tr("Refusals")
    why = tr("A model that is shown refusals learns to refuse, even what it could have answered.")

    def looking(self, subject: Subject) -> Looking[Found]:
        evidence = yield from by_row(_refused)
        return found(
            evidence, lambda count: tr("{have} answered by a refusal.", have=have(count, "is", "are"))
        )


def refusal(answer: str) -> re.Match[str] | None:
    """How an answer refuses in English, German, French or Spanish, if it does so from the start."""
    return _REFUSAL.match(answer.strip().replace("\u2019", "'")) if len(answer) <= _LONGEST else None


def _refused(record: Record) -> Evidence | None:
    answer = record.answer.strip()
    if record.messages and (match := refusal(answer)):
        return quoted(record.line, answer, *match.span())
    return None


_KIND = (
    r"(?:ai(?: (?:language )?(?:model|assistant))?|(?:large )?language model"
    r"|artificial intelligence(?: \w+)?)"
)
_GERMAN = r"(?:ki(?:-| )?(?:sprach)?modell|ki-assistent|sprachmodell|künstliche intelligenz|ki)"
_OPENINGS = (
    rf"as an? {_KIND}(?: (?:created|trained|developed|made) by [\w ]{{1,30}})?,\s*",
    rf"as an? {_KIND} (?=i\b)",
    rf"als (?:eine? )?(?:großes )?{_GERMAN},? (?=(?:kann|habe|bin|verfüge|darf|besitze|möchte) ich\b)",
    r"en tant qu(?:e |['\u2019])(?:modèle de langage|intelligence artificielle|ia|assistant ia)(?: \w+)?,\s*",
    r"como (?:un )?modelo de (?:lenguaje|idioma)(?: de (?:ia|inteligencia artificial))?,\s*",
    r"como (?:una )?(?:inteligencia artificial|ia),\s*",
)
_OPENING = re.compile("|".join(_OPENINGS), re.I)
_VERB_FIRST = re.compile(r"\A(\w+) ich\b")  # Als Sprachmodell kann ich …
_SHORTEST = 20
"""Characters that must be left after the opening for the answer to be worth keeping."""


class Boilerplate(Check):
    name = "boilerplate"
    title = tr("“As an AI language model, …”")
    why = tr("Another model's phrases about itself become your model's habit.")
    fix = "mend"

    def looking(self, subject: Subject) -> Looking[Found]:
        evidence = yield from by_row(_boilerplate)
        return found(
            evidence,
            lambda count: tr("{have} with another model's phrase.", have=have(count, "begins", "begin")),
        )

    def repair(self, subject: Subject, record: Record) -> Record | None:
        turns = tuple(_mended(message) for message in record.messages)
        mended = replace(record, messages=turns)
        return None if refusal(record.answer) or len(mended.answer.strip()) < _SHORTEST else mended


def _boilerplate(record: Record) -> Evidence | None:
    for message in record.messages:
        if message.role == "assistant" and (match := _OPENING.match(message.content)):
            return quoted(record.line, message.content, *match.span())
    return None


def _mended(message: Message) -> Message:
    if message.role != "assistant" or not (match := _OPENING.match(message.content)):
        return message
    rest = _VERB_FIRST.sub(r"Ich \1", message.content[match.end() :].lstrip())
    return replace(message, content=rest[:1].upper() + rest[1:])


_GREETING = 3
"""Up to so many words may be answered by the same: Good morning! Good morning!"""


class Echo(Check):
    name = "echo"
    title = tr("Answer repeats the prompt")
    why = tr("The model learns to give questions back instead of answering them.")
    severity = "bad"

    def looking(self, subject: Subject) -> Looking[Found]:
        evidence = yield from by_row(_echoed)
        return found(
            evidence, lambda count: tr("In {rows} the answer is the prompt again.", rows=rows(count))
        )


def _echoed(record: Record) -> Evidence | None:
    prompt, answer = record.prompt.strip(), record.answer.strip()
    if not record.messages or abs(len(prompt) - len(answer)) > 10 + len(prompt) // 5:
        return None
    words = normalized(prompt)
    if words.count(" ") >= _GREETING and words == normalized(answer):
        return quoted(record.line, answer, 0, min(len(answer), 80))
    return None


_SKEWED = 10
_FEWEST = 5
_ENOUGH = 30
_LABELS = 200


class Labels(Check):
    name = "labels"
    title = tr("Uneven labels")
    why = tr("A label that is rare in the rows is rarely given, however right it would be.")
    fix = ""

    def looking(self, subject: Subject) -> Looking[Found]:
        yield Progress(tr("rows checked"), 0, len(subject.records))
        if subject.format != "classification":
            return Found()
        counts: Counter[str] = Counter()
        first: dict[str, int] = {}
        number: dict[str, int] = {}
        which = NumberColumn("i")

        def look(record: Record) -> None:
            label = record.answer.strip()
            if label in counts or len(counts) <= _LABELS:
                counts[label] += 1
                first.setdefault(label, record.line)
                which.append(number.setdefault(label, len(number)))

        yield look
        return _rare(subject, counts, first, which.numbers())


def _rare(subject: Subject, counts: Counter[str], first: dict[str, int], which: NDArray[np.int32]) -> Found:
    """What is said of labels that few rows have; `which` is each row's label by its number in `first`."""
    most = max(counts.values(), default=0)
    rare = {label for label, count in counts.items() if count * _SKEWED <= most or count < _FEWEST}
    if len(counts) > _LABELS or (len(counts) > 1 and (not rare or counts.total() < _ENOUGH)):
        return Found()
    if len(counts) == 1:
        only = tr(
            "All {rows} have the label {next!r}: there is nothing to tell apart.",
            rows=rows(most),
            next=next(iter(counts)),
        )
        return Found(tuple(subject.lines.tolist()), (), only, "bad")
    is_rare = np.array([label in rare for label in first], bool)
    flagged = subject.lines[is_rare[which]] if counts else subject.lines
    evidence = [quoted(first[label], f"{label}: {rows(counts[label])}") for label in first if label in rare]
    names = ", ".join(
        f"{label[:40]} ({counts[label]:,})" for label in sorted(rare, key=counts.__getitem__)[:5]
    )
    words = tr(
        "Some labels have few rows, the most frequent {most:,}: {names}. Add rows of these.",
        most=most,
        names=names,
    )
    return Found(tuple(flagged.tolist()), tuple(evidence[:SHOWN]), words)
