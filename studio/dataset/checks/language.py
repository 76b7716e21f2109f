"""Rows in another language than the rest."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import Any

import numpy as np

from studio.dataset.checks.check import Check, Flagged, Found, Looking, Subject, found, have, quoted
from studio.dataset.number_column import NumberColumn
from studio.dataset.record import Record
from studio.events import Evidence, Progress

_SURE = 0.97
_READ = 160
_EVERY = 250
_LETTERS = re.compile(r"[^\W\d_]+")
_SHORTEST = 50
_PROSE = 0.85
_DELIBERATE = 0.05
_LEARNED = 1000
_HITS, _HIT_SHARE = 5, 0.25


class Language(Check):
    """Languages with 5 % of the rows or more are taken for deliberate; so is a prompt in the main one."""

    name = "language"
    title = "Other languages"
    why = "A few rows in another language make the model answer in the wrong one at times."

    def looking(self, subject: Subject) -> Looking[Found]:
        usual, names, which = _Usual(), {"": 0}, NumberColumn("b")
        counts: Counter[str] = Counter()

        def look(record: Record) -> None:
            name = usual.language(f"{record.prompt[: _READ // 2]}\n{record.answer[:_READ]}")
            which.append(names.setdefault(name, len(names)))
            if name:
                counts[name] += 1

        yield look
        total = counts.total()
        many = {name for name, count in counts.items() if count >= _DELIBERATE * total}
        named, stray = which.numbers(), np.array([bool(name) and name not in many for name in names])
        places, listed, evidence = np.flatnonzero(stray[named]), [*names], Flagged()
        for number, record in enumerate(subject.at(places.tolist())):
            if _is_foreign(record, many):
                evidence.add(_evidence(record, listed[named[places[number]]]))
            if number % _EVERY == 0:
                yield Progress("rows checked", number, len(places))
        shares = ", ".join(
            f"{name} {counts[name] / total:.0%}" for name, _ in counts.most_common(4) if name in many
        )
        return found(
            evidence,
            lambda count: f"{have(count, 'is', 'are')} in another language than the rest ({shares}).",
        )


class _Usual:
    """Tells most rows' language by the frequent words of the first ones, which is ten times as fast."""

    def __init__(self) -> None:
        self._languages: Counter[str] = Counter()
        self._words: Counter[tuple[str, str]] = Counter()
        self._name, self._known = "", frozenset[str]()

    def language(self, text: str) -> str:
        """As `language`; what has many of the usual language's frequent words is taken for it."""
        words = text.lower().split()  # with their punctuation, none is known
        hits = sum(map(self._known.__contains__, words))
        if hits >= _HITS and hits >= _HIT_SHARE * len(words):
            return self._name
        name = language(text)
        if self._languages.total() < _LEARNED:
            self._learn(name, set(filter(str.isalpha, words)))
        return name

    def _learn(self, name: str, words: set[str]) -> None:
        self._languages[name] += 1
        self._words.update((name, word) for word in words)
        if self._languages.total() == _LEARNED:
            self._name, rows = self._languages.most_common(1)[0]
            own = {word: count for (of, word), count in self._words.items() if of == self._name}
            self._known = frozenset(word for word, count in own.items() if self._name and count > rows / 10)
            self._words.clear()


def language(text: str) -> str:
    """The code of the language a text is in, or nothing for what is short, unclear or no prose."""
    letters = len("".join(_LETTERS.findall(text)))
    if letters < _SHORTEST or letters < _PROSE * len("".join(text.split())) or "```" in text:
        return ""
    name, sure = _identifier().classify(text)
    return str(name) if sure >= _SURE else ""


def most_likely_language(text: str) -> str:
    """The code of the language a text is most likely in, however unsure; nothing where it has no letters."""
    return str(_identifier().classify(text)[0]) if _LETTERS.search(text) else ""


def likeliest(text: str) -> tuple[str, float]:
    """The code of the language that any text is most likely in, and how sure that is, from 0 to 1."""
    name, sure = _identifier().classify(text)
    return str(name), float(sure)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _is_foreign(record: Record, many: set[str]) -> bool:
    """Whether nothing long enough in the row, such as the order to translate, is in a usual language."""
    sides = [language(text[:_READ]) for text in (record.prompt, record.answer)]
    return not many.intersection(sides)


def _evidence(record: Record, name: str) -> Evidence:
    return quoted(record.line, f"{name}: {record.answer}")
