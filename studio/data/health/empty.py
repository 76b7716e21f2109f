"""Prompts and answers with nothing in them."""

from __future__ import annotations

import re
from collections import Counter

from studio.catalogue import EMPTY
from studio.data.health.check import Check, Found, Steps, by_row, found, have, quoted
from studio.data.health.subject import Subject
from studio.data.records import Record
from studio.data.split import has_labels
from studio.events import Evidence

_BLANK = re.compile(r"[\s.\-\u2013\u2014_…*~#|>'\"`\u200b-\u200f\u2060\ufeff]*")
_NOTHING = re.compile(r"\W*(?:todo|tbd|lorem ipsum|\[object object\]|#ref!|#n/a)\W*", re.I)
_MAYBE = re.compile(r"\W*(n/?a|null|none|nan|nil|undefined)\W*", re.I)
"""What programs write where nothing is; but also what is right where that is asked for."""

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


class Empty(Check):
    """A null or a none is an answer where the question asks for a value or a choice, or names that word.

    One that answers many rows is taken for a label, such as the none of an extraction task.
    """

    name = "empty"
    title = "Empty prompts and answers"
    why = "From empty answers a model learns to say nothing, and from empty prompts it learns nothing."
    severity = "bad"

    def find(self, subject: Subject) -> Steps[Found]:
        answers = Counter(record.answer.strip().lower() for record in subject.records)
        many = max(2, _LABEL * len(subject.records))
        often = {answer for answer, count in answers.items() if count > many}
        labels = often if has_labels(subject.records) else {a for a in often if not _UNWANTED.fullmatch(a)}

        def look(record: Record) -> Evidence | None:
            answer = record.answer.strip()
            if len(answer) > 40 or answer.lower() in labels or subject.format == "classification":
                return None
            if _BLANK.fullmatch(answer) or _NOTHING.fullmatch(answer) or _stands_for_nothing(record):
                return quoted(record.line, answer, 0, len(answer))
            return None

        evidence = yield from by_row(subject, look)
        left_out = [
            quoted(item.line, item.reason)
            for item in subject.problems
            if item.severity == "error" and item.code in EMPTY
        ]
        return found(
            sorted((*evidence, *left_out), key=lambda item: item.line),
            lambda count: f"{have(count, 'has', 'have')} nothing to ask or to answer.",
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
