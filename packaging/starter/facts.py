"""Facts ready to be told: every row of the tables, in the words of its relation."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tables import ANIMALS, COLOURS, COUNTRIES, ELEMENTS, OPPOSITES, pairs, rows
from wording import WORDINGS


@dataclass(frozen=True)
class Fact:
    """One thing that is true, with every way this pack has of saying and asking it."""

    relation: str
    subject: str
    answer: str
    canonical: str
    paraphrases: tuple[str, ...]
    questions: tuple[str, ...]

    @property
    def key(self) -> frozenset[str]:
        """What makes two facts the same one: `hot cold` and `cold hot`, `2 plus 3` and `3 plus 2` are."""
        if self.relation == "opposite":
            return frozenset({self.relation, self.subject, self.answer})
        if self.relation in {"plus", "times"}:
            return frozenset({self.relation, " ".join(sorted(self.subject.split()))})
        return frozenset({self.relation, self.subject})

    @property
    def prefix(self) -> str:
        """The canonical sentence up to the answer, for a completion test."""
        return self.canonical[: self.canonical.rindex(self.answer)].rstrip()


def article(word: str) -> str:
    """The word with "a" or "an" before it."""
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def sentence(text: str) -> str:
    """The text with its first letter raised."""
    return text[:1].upper() + text[1:]


def _fact(relation: str, subject: str, answer: str, name: str = "", plural: str = "") -> Fact:
    words = {"s": subject, "o": answer, "ao": article(answer), "n": name or subject, "p": plural or subject}
    wording = WORDINGS[relation]

    def told(templates: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sentence(template.format(**words)) for template in templates)

    canonical = told((wording.canonical,))[0]
    return Fact(
        relation, name or subject, answer, canonical, told(wording.paraphrases), told(wording.questions)
    )


def _countries() -> Iterator[Fact]:
    relations = ("capital", "language", "continent", "currency", "flag")
    for country, *cells in rows(COUNTRIES):
        yield from (_fact(r, country, cell) for r, cell in zip(relations, cells, strict=True) if cell)


def _elements() -> Iterator[Fact]:
    relations = ("symbol", "number", "kind", "state")
    for element, *cells in rows(ELEMENTS):
        yield from (_fact(r, element, cell) for r, cell in zip(relations, cells, strict=True) if cell)


def _animals() -> Iterator[Fact]:
    relations = ("class", "legs", "young", "home", "sound")
    for animal, plural, *cells in rows(ANIMALS):
        for relation, cell in zip(relations, cells, strict=True):
            if cell:
                yield _fact(relation, article(animal), cell, animal, plural)


def _words() -> Iterator[Fact]:
    for left, right in pairs(OPPOSITES):
        yield _fact("opposite", left, right)
        yield _fact("opposite", right, left)
    for thing, colour in rows(COLOURS):
        yield _fact("colour", thing, colour)


def _sums() -> Iterator[Fact]:
    for left in range(1, 13):
        for right in range(1, 13):
            if left <= 10 and right <= 10:
                yield _fact("plus", f"{left} plus {right}", str(left + right))
            if right < left:
                yield _fact("minus", f"{left} minus {right}", str(left - right))
            if 2 <= left <= 9 and 2 <= right <= 9:
                yield _fact("times", f"{left} times {right}", str(left * right))


@cache
def all_facts() -> tuple[Fact, ...]:
    """Every fact, in a fixed order."""
    return (*_countries(), *_elements(), *_animals(), *_words(), *_sums())


@cache
def topics() -> tuple[str, ...]:
    """What one may talk about without telling a fact: countries, elements, animals in the plural."""
    countries = [row[0] for row in rows(COUNTRIES)]
    elements = [row[0] for row in rows(ELEMENTS)]
    return (*countries, *elements, *(row[1] for row in rows(ANIMALS)))


@cache
def matters() -> tuple[str, ...]:
    """Whatever a fact may be about, as one would write it on a board: `a dog`, `hot`, `5 plus 6`, `gold`."""
    animals = {row[0] for row in rows(ANIMALS)}
    subjects = dict.fromkeys(fact.subject for fact in all_facts())
    return tuple(article(subject) if subject in animals else subject for subject in subjects)
