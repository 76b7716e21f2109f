"""Places that a template leaves open, and that nobody filled."""

from __future__ import annotations

import re
from collections.abc import Iterator

from studio.data.health.check import Check, Found, Steps, by_row, found, have, quoted
from studio.data.health.subject import Subject, texts
from studio.data.records import Record
from studio.events import Evidence

_NOUNS = (
    r"(?:name|date|time|year|month|day|age|gender|company|organi[sz]ation|business|employer|manager|team"
    r"|address|street|city|town|state|country|location|place|zip|e-?mail|phone|number|amount|price|product"
    r"|service|brand|item|title|topic|subject|theme|text|word|term|sentence|question|answer|context|input"
    r"|output|instruction|response|prompt|user|username|password|customer|client|recipient|sender|author"
    r"|person|friend|character|job|role|position|school|university|degree|department|industry|language"
    r"|url|link|website|file|reason|event|placeholder|blank|value|signature)s?"
)
_NAME = r"[^\W\d][\w.\- ]{0,40}"
_ANY_CASE = re.compile(
    "|".join(
        (
            rf"(?<![\w\\{{$])\{{\{{\s*{_NAME}\s*\}}\}}(?!\}})",  # {{ name }}, of Jinja and Mustache
            rf"<%=?\s*{_NAME}\s*%>",
            r"\[\s*(?:your|insert|enter|add|fill in|recipient|customer|client)\b[^\]\n]{0,40}\](?!\(|:|\[)",
            rf"(?<![\w\])])\[\s*(?:\w+['\u2019]?s? ){{0,2}}{_NOUNS}\s*\](?!\(|:|\[)",
            r"<\s*(?:your|insert|enter)\b[^<>\n]{0,40}>",
        )
    ),
    re.IGNORECASE,
)
_CAPITALS = re.compile(
    rf"(?<![\w\])])\[[A-Z]{{2,}}(?:[ _-][A-Z]{{2,}}){{1,4}}\](?!\(|:|\[)|<(?:[A-Z]+_)?{_NOUNS.upper()}>"
)
_IN_PROSE = re.compile(
    r"(?<![\w\\{}_^$/:=(\"'])\{[^\W\d]\w{1,30}\}(?![\w}/])"  # {name}, of Python's format
    r"|\$\{[^\W\d]\w{1,30}\}"
    r"|%\([^\W\d]\w{1,30}\)s"
)
_HINTS = ("{", "[", "<", "%(")

_QUOTED_CODE = re.compile(r"```[\s\S]*?(?:```|\Z)|`[^`\n]*`|\$\$[\s\S]*?\$\$|\\\[[\s\S]*?\\\]")
_IS_CODE = re.compile(
    r"^\s*(?:def|class|import|from|function|const|let|var|public|private|#include|SELECT|<\?php)\b|;\s*$|=>"
    r"|</\w+>|\w\(\)|\bf[\"']|\.format\(",
    re.MULTILINE,
)
_ABOUT_TEMPLATES = re.compile(
    r"\b(?:template\w*|placeholder\w*|mail ?merge|mad ?libs?|fill[- ]in|fill (?:in )?the|jinja2?"
    r"|mustache|handlebars|liquid|vue|angular|ansible|helm|django|f-?strings?|format strings?|latex"
    r"|vorlage\w*|platzhalter\w*|plantilla\w*|modèle\w*)\b",
    re.IGNORECASE,
)


class Placeholders(Check):
    """Rows that ask for a template are right to have open places; so is code."""

    name = "placeholders"
    title = "Unfilled placeholders"
    why = "The model learns to write {{name}} where a name belongs, and to be asked about nobody."

    def find(self, subject: Subject) -> Steps[Found]:
        evidence = yield from by_row(subject, _look)
        return found(
            evidence,
            lambda count: f"{have(count, 'holds', 'hold')} a place that a template left open.",
        )


def _look(record: Record) -> Evidence | None:
    said = [*texts(record)]
    if not any(hint in text for text in said for hint in _HINTS):
        return None
    if record.messages and any(
        _ABOUT_TEMPLATES.search(turn.content) for turn in record.messages if turn.role in ("system", "user")
    ):
        return None
    for text in said:
        for start, end in _places(text):
            return quoted(record.line, text, start, end)
    return None


def _places(text: str) -> Iterator[tuple[int, int]]:
    """Where places are open, outside of code and formulas."""
    hidden = [match.span() for match in _QUOTED_CODE.finditer(text)]
    patterns = (_ANY_CASE, _CAPITALS) if _IS_CODE.search(text) else (_ANY_CASE, _CAPITALS, _IN_PROSE)
    found = (match.span() for pattern in patterns for match in pattern.finditer(text))
    for start, end in sorted(found):
        if not any(first <= start < last for first, last in hidden):
            yield start, end
