"""Template tokens that stand in the text itself, and placeholders that nobody filled."""

from __future__ import annotations

import re
from collections.abc import Iterator

from studio.dataset.checks.check import (
    Check,
    Found,
    Looking,
    Subject,
    by_row,
    found,
    have,
    is_whole,
    quoted,
    rewritten,
    texts,
)
from studio.dataset.record import Record
from studio.events import Evidence
from studio.language import tr

_COMMON = re.compile(
    r"<\|(?:im_start|im_end|im_sep|endoftext|eot_id|eom_id|start_header_id|end_header_id|begin_of_text"
    r"|end_of_text|system|user|assistant|end|endofprompt|pad)\|>"
    r"|<(?:start|end)_of_turn>|\[/?INST\]|<</?SYS>>|^### (?:Response|Instruction):"
    r"|</s>(?=\s*(?:\Z|<s>))|<s>(?=\s*\[INST\])",
    re.M,
)
_CODE = re.compile(r"```[\s\S]*?(?:```|\Z)|`[^`\n]*`")
_SIGNS = (">", "]", "#")
_HINTS = ("|>", "_of_turn>", "INST]", "SYS>>", "### ", "s>")
"""Each holds one of the signs: to look for those first is several times as fast."""


class Markers(Check):
    """The tokenizer's own tokens count wherever they stand, others' only outside of code."""

    name = "template tokens"
    title = tr("Template tokens in the text")
    why = tr(
        "A token that ends a turn ends it in the middle of a text too; others teach the model to write them."
    )
    severity = "bad"
    fix = "mend"

    def looking(self, subject: Subject) -> Looking[Found]:
        own = _own(subject)

        def look(record: Record) -> Evidence | None:
            for text in texts(record):
                for start, end in _places(text, own):
                    return quoted(record.line, text, start, end)
            return None

        evidence = yield from by_row(look)
        return found(
            evidence, lambda count: tr("{have} tokens of a chat template.", have=have(count, "holds", "hold"))
        )

    def repair(self, subject: Subject, record: Record) -> Record | None:
        own = _own(subject)
        mended = rewritten(record, lambda text: _without(text, own))
        return mended if is_whole(mended) else None


def _own(subject: Subject) -> re.Pattern[str] | None:
    words = sorted(filter(None, subject.special), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words))) if words else None


def _without(text: str, own: re.Pattern[str] | None) -> str:
    places = list(_places(text, own))
    for start, end in reversed(places):
        text = text[:start] + text[end:]
    return text.strip() if places else text


def _places(text: str, own: re.Pattern[str] | None) -> Iterator[tuple[int, int]]:
    """Where tokens stand, from left to right, nothing twice."""
    found = {match.span() for match in own.finditer(text)} if own else set()
    if any(map(text.__contains__, _SIGNS)) and any(map(text.__contains__, _HINTS)):
        code = [match.span() for match in _CODE.finditer(text)]
        found |= {match.span() for match in _COMMON.finditer(text) if not _is_prose(match, text, code)}
    after = 0
    for start, end in sorted(found):
        if start >= after:
            after = end
            yield start, end


def _is_prose(match: re.Match[str], text: str, code: list[tuple[int, int]]) -> bool:
    """Whether what looks like a token is code, or text struck out in HTML."""
    if any(start <= match.start() < end for start, end in code):
        return True
    return match.group() == "</s>" and "<s>" in text and "[INST]" not in text


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
_BRACKETS = ("{", "[", "<", "%(")

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
    title = tr("Unfilled placeholders")
    why = tr("The model learns to write {{name}} where a name belongs, and to be asked about nobody.")

    def looking(self, subject: Subject) -> Looking[Found]:
        evidence = yield from by_row(_look)
        return found(
            evidence,
            lambda count: tr("{have} a place that a template left open.", have=have(count, "holds", "hold")),
        )


def _look(record: Record) -> Evidence | None:
    all_texts = [*texts(record)]
    if not any(any(map(text.__contains__, _BRACKETS)) for text in all_texts):
        return None
    if record.messages and any(
        _ABOUT_TEMPLATES.search(turn.content) for turn in record.messages if turn.role in ("system", "user")
    ):
        return None
    for text in all_texts:
        for start, end in _unfilled(text):
            return quoted(record.line, text, start, end)
    return None


def _unfilled(text: str) -> Iterator[tuple[int, int]]:
    """Where places are open, outside of code and formulas."""
    hidden = [match.span() for match in _QUOTED_CODE.finditer(text)]
    patterns = (_ANY_CASE, _CAPITALS) if _IS_CODE.search(text) else (_ANY_CASE, _CAPITALS, _IN_PROSE)
    found = (match.span() for pattern in patterns for match in pattern.finditer(text))
    for start, end in sorted(found):
        if not any(first <= start < last for first, last in hidden):
            yield start, end
