"""Kinds of constraints that IFEval does not have, kept apart to ask for what nobody tunes on.

In the spirit of IFBench (Pyatkin et al., 2025): a model may have learnt the well-known kinds by heart.
"""

from __future__ import annotations

import re
from itertools import pairwise

from studio.evaluate.instructions.texts import CLOSING, lines_in, sentences_in, words_in
from studio.evaluate.instructions.wording import MANY, within

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def alternating_case(answer: str) -> bool:
    """Every second word is in capitals and the others in small letters; at least two words."""
    words = [word for word in words_in(answer) if word.upper() != word.lower()]
    kinds = [word.isupper() for word in words]
    return (
        len(words) > 1
        and all(word.isupper() or word.islower() for word in words)
        and all(left != right for left, right in pairwise(kinds))
    )


def distinct_words(answer: str, *, at_least: int) -> bool:
    """So many different words."""
    return len({word.casefold() for word in words_in(answer)}) >= at_least


def no_repeated_words(answer: str, *, at_least: int = 1) -> bool:
    """No word is used twice, in an answer of so many words or more."""
    words = [word.casefold() for word in words_in(answer)]
    return len(words) == len(set(words)) >= at_least


def line_acrostic(answer: str, *, word: str) -> bool:
    """The first letters of the lines spell the word."""
    return _initials(lines_in(answer)) == word.casefold()


def sentence_acrostic(answer: str, *, word: str) -> bool:
    """The first letters of the sentences spell the word."""
    return _initials(sentences_in(answer)) == word.casefold()


def _initials(parts: list[str]) -> str:
    return "".join(next(filter(str.isalpha, part), "-") for part in parts).casefold()


def growing_sentences(answer: str, *, at_least: int = 2) -> bool:
    """Each sentence has more words than the one before; so many sentences."""
    lengths = [len(words_in(sentence)) for sentence in sentences_in(answer)]
    return len(lengths) >= at_least and all(left < right for left, right in pairwise(lengths))


def short_words(answer: str, *, at_most: int) -> bool:
    """No word has more letters than that; there are five words or more."""
    words = words_in(answer)
    return len(words) >= 5 and max(map(len, words)) <= at_most


def sentences_begin(answer: str, *, word: str) -> bool:
    """Every sentence begins with the word."""
    firsts = [words_in(sentence)[0].casefold() for sentence in sentences_in(answer)]
    return bool(firsts) and set(firsts) == {word.casefold()}


def all_questions(answer: str, *, at_least: int = 1) -> bool:
    """Every sentence is a question; so many of them."""
    sentences = sentences_in(answer)
    return len(sentences) >= at_least and all(
        sentence.rstrip(f"{CLOSING} ").endswith("?") for sentence in sentences
    )


def nth_word(answer: str, *, number: int, word: str) -> bool:
    """The word of this number, counted from 1, is the one asked for."""
    return [each.casefold() for each in words_in(answer)[number - 1 : number]] == [word.casefold()]


def number_count(answer: str, *, exactly: int | None = None, at_least: int = 0, at_most: int = MANY) -> bool:
    """So many numbers written in figures."""
    return within(sum(1 for _ in _NUMBER.finditer(answer)), at_least, at_most, exactly)


def sorted_lines(answer: str, *, at_least: int = 2) -> bool:
    """The lines are in alphabetical order; so many of them."""
    keys = [" ".join(words_in(line)).casefold() for line in lines_in(answer)]
    return len(keys) >= at_least and keys == sorted(keys)


def words_starting(answer: str, *, letter: str, at_least: int) -> bool:
    """So many words begin with the letter."""
    return sum(word[0].casefold() == letter.casefold() for word in words_in(answer)) >= at_least


def words_per_line(answer: str, *, words: int, lines: int) -> bool:
    """So many lines, and so many words in each."""
    counts = [len(words_in(line)) for line in lines_in(answer)]
    return counts == [words] * lines


def same_ends(answer: str) -> bool:
    """The answer ends with the word that it began with, and says something between."""
    words = [word.casefold() for word in words_in(answer)]
    return len(words) > 2 and words[0] == words[-1]
