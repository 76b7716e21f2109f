"""Answers that begin by telling what a chat model is."""

from __future__ import annotations

import re
from dataclasses import replace

from studio.data.health.check import Check, Found, Steps, by_row, found, have, quoted
from studio.data.health.refusals import refusal
from studio.data.health.subject import Subject
from studio.data.records import Message, Record
from studio.events import Evidence

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
    title = "“As an AI language model, …”"
    why = "Another model's phrases about itself become your model's habit."
    fix = "mend"

    def find(self, subject: Subject) -> Steps[Found]:
        evidence = yield from by_row(subject, _look)
        return found(evidence, lambda count: f"{have(count, 'begins', 'begin')} with another model's phrase.")

    def repair(self, subject: Subject, record: Record) -> Record | None:
        turns = tuple(_mended(message) for message in record.messages)
        mended = replace(record, messages=turns)
        return None if refusal(record.answer) or len(mended.answer.strip()) < _SHORTEST else mended


def _look(record: Record) -> Evidence | None:
    for message in record.messages:
        if message.role == "assistant" and (match := _OPENING.match(message.content)):
            return quoted(record.line, message.content, *match.span())
    return None


def _mended(message: Message) -> Message:
    if message.role != "assistant" or not (match := _OPENING.match(message.content)):
        return message
    rest = _VERB_FIRST.sub(r"Ich \1", message.content[match.end() :].lstrip())
    return replace(message, content=rest[:1].upper() + rest[1:])
