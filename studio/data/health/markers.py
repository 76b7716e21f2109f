"""Template tokens that stand in the text itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from studio.data.health.check import Check, Found, Steps, by_row, found, have, is_whole, quoted, rewritten
from studio.data.health.subject import Subject, texts
from studio.data.records import Record
from studio.events import Evidence

_COMMON = re.compile(
    r"<\|(?:im_start|im_end|im_sep|endoftext|eot_id|eom_id|start_header_id|end_header_id|begin_of_text"
    r"|end_of_text|system|user|assistant|end|endofprompt|pad)\|>"
    r"|<(?:start|end)_of_turn>|\[/?INST\]|<</?SYS>>|^### (?:Response|Instruction):"
    r"|</s>(?=\s*(?:\Z|<s>))|<s>(?=\s*\[INST\])",
    re.M,
)
_CODE = re.compile(r"```[\s\S]*?(?:```|\Z)|`[^`\n]*`")
_HINTS = ("|>", "_of_turn>", "INST]", "SYS>>", "### ", "s>")


class Markers(Check):
    """The tokenizer's own tokens count wherever they stand, others' only outside of code."""

    name = "template tokens"
    title = "Template tokens in the text"
    why = (
        "A token that ends a turn ends it in the middle of a text too; others teach the model to write them."
    )
    severity = "bad"
    fix = "mend"

    def find(self, subject: Subject) -> Steps[Found]:
        own = _own(subject)

        def look(record: Record) -> Evidence | None:
            for text in texts(record):
                for start, end in _places(text, own):
                    return quoted(record.line, text, start, end)
            return None

        evidence = yield from by_row(subject, look)
        return found(evidence, lambda count: f"{have(count, 'holds', 'hold')} tokens of a chat template.")

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
    if any(hint in text for hint in _HINTS):
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
