"""Every kind of constraint by its key, and whether an answer follows one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from studio.evaluate.instructions import layout, unseen, wording

type KeepsConstraint = Callable[..., bool]

KNOWN: dict[str, KeepsConstraint] = {
    "keywords": wording.has_keywords,
    "keyword_count": wording.keyword_count,
    "forbidden_words": wording.no_forbidden_words,
    "letter_count": wording.letter_count,
    "language": wording.in_language,
    "sentences": wording.sentence_count,
    "words": wording.word_count,
    "upper_case": wording.upper_case,
    "lower_case": wording.lower_case,
    "capital_words": wording.capital_words,
    "no_commas": wording.no_commas,
    "ends_with": wording.ends_with,
    "quoted": wording.quoted_whole,
    "repeat_prompt": wording.repeats_prompt,
    "choice": wording.one_of,
    "paragraphs": layout.paragraph_count,
    "paragraph_begins": layout.paragraph_begins,
    "placeholders": layout.placeholder_count,
    "postscript": layout.has_postscript,
    "bullets": layout.bullet_count,
    "highlights": layout.highlight_count,
    "sections": layout.section_count,
    "json": layout.is_json,
    "title": layout.has_title,
    "two_answers": layout.two_answers,
}
"""The 25 kinds of IFEval, which many models are tuned on."""

UNSEEN: dict[str, KeepsConstraint] = {
    "alternating_case": unseen.alternating_case,
    "distinct_words": unseen.distinct_words,
    "no_repeated_words": unseen.no_repeated_words,
    "line_acrostic": unseen.line_acrostic,
    "sentence_acrostic": unseen.sentence_acrostic,
    "growing_sentences": unseen.growing_sentences,
    "short_words": unseen.short_words,
    "sentences_begin": unseen.sentences_begin,
    "all_questions": unseen.all_questions,
    "nth_word": unseen.nth_word,
    "number_count": unseen.number_count,
    "sorted_lines": unseen.sorted_lines,
    "words_starting": unseen.words_starting,
    "words_per_line": unseen.words_per_line,
    "same_ends": unseen.same_ends,
    "numbered_items": layout.numbered_items,
}
"""Other kinds, to ask for what a model was not tuned on."""

KINDS: dict[str, KeepsConstraint] = {**KNOWN, **UNSEEN}


@dataclass(frozen=True)
class Constraint:
    """Something that an answer must keep, of a kind of KINDS, with what exactly is asked for."""

    kind: str
    values: Mapping[str, Any]

    def kept_by(self, answer: str) -> bool:
        """Whether the answer keeps it, as it stands; an empty answer keeps nothing."""
        return bool(answer.strip()) and KINDS[self.kind](answer, **self.values)

    def kept_loosely_by(self, answer: str) -> bool:
        """Whether it is kept by the answer or by one of `loosened`: an upper bound, as IFEval has it."""
        return any(map(self.kept_by, loosened(answer)))


def loosened(answer: str) -> tuple[str, ...]:
    """The answer, and what is left of it without its first line, its last, both, and without asterisks.

    A polite opening or close, or emphasis, is so not taken for a constraint that was not kept.
    """
    lines = answer.split("\n")
    inner = ["\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1])]
    return tuple(
        dict.fromkeys(text.replace("*", "") if bare else text for text in (answer, *inner) for bare in (0, 1))
    )
