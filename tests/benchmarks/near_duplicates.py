"""Near duplicates among 100,000 rows: how fast they are found, and how many of the planted ones."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from studio.dataset.checks.alike import SHORTEST
from studio.dataset.checks.check import Subject
from studio.dataset.checks.near_duplicates import NearDuplicates
from studio.dataset.checks.registry import check_all
from studio.dataset.record import Message, Record
from studio.events import finished
from studio.paths import resource
from tests.benchmarks.figure import Figure

ROWS, PLANTED = 100_000, 2_000
PER_MINUTE = 100_000
SECONDS = 60


def measure() -> list[Figure]:
    """Speed, recall and precision on planted near duplicates, and the time of all checks together."""
    records, planted = rows()
    started = time.perf_counter()
    found = set(finished(NearDuplicates().find(Subject(records))).lines)
    minutes = (time.perf_counter() - started) / 60
    recall, precision = len(found & planted) / len(planted), len(found & planted) / max(1, len(found))
    started = time.perf_counter()
    finished(check_all(Subject(records)))
    seconds = time.perf_counter() - started
    return [
        Figure(
            f"Near duplicates among {len(records):,} rows",
            f"{len(records) / minutes:,.0f} rows a minute",
            f"{PER_MINUTE:,}",
            len(records) / minutes >= PER_MINUTE,
        ),
        Figure("Planted near duplicates that are found", f"{recall:.1%}", "95 %", recall >= 0.95),
        Figure("What is found that was planted", f"{precision:.1%}", "99 %", precision >= 0.99),
        Figure(
            f"All checks on {len(records):,} rows",
            f"{seconds:.0f} s ({len(records) / seconds:,.0f} rows a second)",
            f"{SECONDS} s",
            seconds <= SECONDS,
        ),
    ]


def rows() -> tuple[list[Record], set[int]]:
    """Rows of about 60 words, and the lines of those that are another row with a small edit.

    Among them are as many decoys that differ from another row in half of their words, or in the question
    to the same text: they must not be found.
    """
    chance = random.Random(0)
    words = _vocabulary()
    asked = [
        chance.choices(words, k=max(SHORTEST, chance.randint(20, 30))) for _ in range(ROWS - 2 * PLANTED)
    ]
    answers = [chance.choices(words, k=chance.randint(25, 45)) for _ in asked]
    records = [_record(line, a, b) for line, (a, b) in enumerate(zip(asked, answers, strict=True), 1)]
    originals = chance.sample(range(len(asked)), 2 * PLANTED)
    planted = set()
    for line, place in enumerate(originals, len(records) + 1):
        if line % 2:
            planted.add(line)
            records.append(_record(line, asked[place], _edited(chance, words, answers[place])))
        else:
            records.append(_record(line, *_decoy(chance, words, asked[place], answers[place])))
    return records, planted


def _record(line: int, asked: Sequence[str], answer: Sequence[str]) -> Record:
    return Record(line, (Message("user", " ".join(asked)), Message("assistant", " ".join(answer) + ".")))


def _vocabulary() -> list[str]:
    """The words of the starter's texts, each as often as there, without numbers: those make another row."""
    text = resource("starter/general.txt").read_text(encoding="utf-8")
    return [word for word in text.lower().split() if word.isalpha()]


def _edited(chance: random.Random, words: Sequence[str], text: list[str]) -> list[str]:
    """One of: a word replaced, left out, put in, written large, or two words changed places."""
    text, place = list(text), chance.randrange(1, len(text) - 2)
    match chance.randrange(5):
        case 0:
            text[place] = chance.choice(words)
        case 1:
            del text[place]
        case 2:
            text.insert(place, chance.choice(words))
        case 3:
            text[place] = text[place].upper() + ","
        case _:
            text[place], text[place + 1] = text[place + 1], text[place]
    return text


def _decoy(
    chance: random.Random, words: Sequence[str], asked: list[str], answer: list[str]
) -> tuple[list[str], list[str]]:
    if chance.random() < 0.5:
        return asked, [word if chance.random() < 0.5 else chance.choice(words) for word in answer]
    return [*asked, *answer, *chance.sample(words, 6)], chance.sample(words, 4)
