"""The search for alike rows against comparing every row with every other."""

from __future__ import annotations

import random
from itertools import combinations

from studio.dataset.checks.alike import ALIKE, Signatures, _numbers, same, similarity
from studio.dataset.checks.check import _WORDS, Normal, normalized
from studio.events import finished
from studio.paths import resource


def _rows(count: int) -> list[Normal]:
    """Rows of 40 words, every third of them another one with up to three words changed."""
    chance = random.Random(1)
    text = resource("starter/general.txt").read_text(encoding="utf-8").lower()
    words = [word for word in text.split() if word.isalpha()]
    rows: list[list[str]] = []
    for place in range(count):
        row = list(chance.choice(rows)) if place % 3 == 2 else chance.choices(words, k=40)
        for _ in range(chance.randrange(4) if place % 3 == 2 else 0):
            row[chance.randrange(40)] = chance.choice(words)
        rows.append(row)
    return [Normal(" ".join(row[:15]), " ".join(row[15:])) for row in rows]


def similar(rows: list[Normal]) -> dict[tuple[int, int], float]:
    """The pairs that are found, with their similarity."""
    search = Signatures()
    for row in rows:
        search.add(row)
    pairs = finished(search.pairs(None, lambda places: (rows[place] for place in places)))
    sides = zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)
    return dict(zip(sides, pairs.similarity.tolist(), strict=True))


def test_what_is_found_is_alike_and_nearly_everything_alike_is_found():
    rows = _rows(400)
    every = {
        (i, j)
        for (i, one), (j, other) in combinations(enumerate(rows), 2)
        if similarity(one, other) >= ALIKE and same(one, other)
    }
    found = similar(rows)
    assert len(every) > 50
    assert found.keys() <= every
    assert {j for _, j in every} - {j for _, j in found} == set()
    assert len(found) >= 0.97 * len(every)
    assert all(share == similarity(rows[i], rows[j]) for (i, j), share in found.items())


def test_the_same_rows_always_give_the_same_pairs():
    rows = _rows(100)
    assert similar(rows) == similar(rows)


def test_nothing_and_short_rows_have_no_pairs():
    assert similar([]) == {}
    assert similar([Normal("hello", "hello there")] * 3) == {}


def test_similarity_counts_three_word_sequences():
    assert similarity(Normal("a b c", "d"), Normal("a b c", "e")) == 1 / 3
    assert similarity(Normal("a", "b"), Normal("a", "b")) == 0.0


def test_words_and_numbers_are_those_of_the_slow_way() -> None:
    chance = random.Random(1)
    letters = "abcXYZ019 _.,;:!?\"'-()\t\n\x1c\x00²½٣é字#"
    for _ in range(20_000):
        text = "".join(chance.choices(letters[: chance.choice((14, 20, None))], k=chance.randrange(12)))
        assert normalized(text) == " ".join(_WORDS.findall(text.casefold())), text
        words = text.split()
        assert _numbers(words) == sorted(word for word in words if any(map(str.isdigit, word)))
