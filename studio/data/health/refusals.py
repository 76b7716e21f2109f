"""Answers that refuse."""

from __future__ import annotations

import re

from studio.data.health.check import Check, Found, Steps, by_row, found, have, quoted
from studio.data.health.subject import Subject
from studio.data.records import Record
from studio.events import Evidence

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


class Refusals(Check):
    name = "refusals"
    title = "Refusals"
    why = "A model that is shown refusals learns to refuse, even what it could have answered."

    def find(self, subject: Subject) -> Steps[Found]:
        evidence = yield from by_row(subject, _look)
        return found(evidence, lambda count: f"{have(count, 'is', 'are')} answered by a refusal.")


def refusal(answer: str) -> re.Match[str] | None:
    """How an answer refuses in English, German, French or Spanish, if it does so from the start."""
    return _REFUSAL.match(answer.strip().replace("\u2019", "'")) if len(answer) <= _LONGEST else None


def _look(record: Record) -> Evidence | None:
    answer = record.answer.strip()
    if record.messages and (match := refusal(answer)):
        return quoted(record.line, answer, *match.span())
    return None
