"""What an answer says and with which words, letters and signs.

Each check takes the answer and what the constraint asks for, and says whether the answer keeps it. They
decide as the checkers of IFEval do (arXiv 2311.07911), with four differences: a keyword is taken
literally, not as a pattern; capitals and small letters are looked at alone, not the language with them;
sentences are divided by our own rule; and the language is told by py3langid.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from studio.dataset.checks.language import most_likely_language
from studio.evaluate.instructions.texts import sentences_in

MANY = 10**9
_WORDS = re.compile(r"\w+")
_CAPITALS = re.compile(r"\w+(?:[-.]\w+)*")


def within(count: int, at_least: int = 0, at_most: int = MANY, exactly: int | None = None) -> bool:
    """Whether a count is what a constraint asks for."""
    return at_least <= count <= at_most and (exactly is None or count == exactly)


def has_keywords(answer: str, *, words: Sequence[str]) -> bool:
    """Every one of the words stands in the answer, be it inside a longer one."""
    return all(word.lower() in answer.lower() for word in words)


def keyword_count(answer: str, *, word: str, at_least: int = 0, at_most: int = MANY) -> bool:
    """The word stands in the answer so many times, be it inside longer ones."""
    return within(answer.lower().count(word.lower()), at_least, at_most)


def no_forbidden_words(answer: str, *, words: Sequence[str]) -> bool:
    """None of the words stands in the answer on its own."""
    return not any(re.search(rf"\b{re.escape(word)}\b", answer, re.IGNORECASE) for word in words)


def letter_count(answer: str, *, letter: str, at_least: int = 0, at_most: int = MANY) -> bool:
    """The letter stands in the answer so many times, capital or small."""
    return within(answer.lower().count(letter.lower()), at_least, at_most)


def in_language(answer: str, *, language: str) -> bool:
    """The answer is most likely in the language of this ISO 639-1 code."""
    loud = 2 * sum(map(str.isupper, answer)) > sum(map(str.isalpha, answer))  # capitals are hardly told apart
    return most_likely_language(answer.lower() if loud else answer) == language


def sentence_count(answer: str, *, at_least: int = 0, at_most: int = MANY) -> bool:
    """The answer has so many sentences."""
    return within(len(sentences_in(answer)), at_least, at_most)


def word_count(answer: str, *, at_least: int = 0, at_most: int = MANY) -> bool:
    """The answer has so many words; "don't" counts for two, as there."""
    return within(sum(1 for _ in _WORDS.finditer(answer)), at_least, at_most)


def upper_case(answer: str) -> bool:
    """No letter of the answer is small."""
    return answer.isupper()


def lower_case(answer: str) -> bool:
    """No letter of the answer is a capital."""
    return answer.islower()


def capital_words(answer: str, *, at_least: int = 0, at_most: int = MANY) -> bool:
    """So many words have capital letters only, "I" and "A" among them."""
    return within(sum(word.isupper() for word in _CAPITALS.findall(answer)), at_least, at_most)


def no_commas(answer: str) -> bool:
    """There is no comma."""
    return "," not in answer


def ends_with(answer: str, *, phrase: str) -> bool:
    """The phrase is the last thing said."""
    return answer.strip().strip('"').lower().endswith(phrase.strip().lower())


def quoted_whole(answer: str) -> bool:
    """The answer stands between double quotation marks."""
    return len(answer.strip()) > 1 and answer.strip()[0] == answer.strip()[-1] == '"'


def repeats_prompt(answer: str, *, prompt: str) -> bool:
    """The answer begins with the prompt, word for word."""
    return answer.strip().lower().startswith(prompt.strip().lower())


def one_of(answer: str, *, choices: Sequence[str]) -> bool:
    """The answer holds one of the sentences that it may choose between."""
    return any(choice in answer for choice in choices)
