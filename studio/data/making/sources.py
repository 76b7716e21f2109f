"""What a plan starts from: examples, passages, or a question with the passage that fits it best."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from studio.data.making.makers import MAKERS, Source
from studio.data.making.passages import Passage
from studio.data.making.plan import Plan
from studio.data.making.text import words
from studio.data.records import Record
from studio.errors import DataError

SHOWN = 4
"""Examples that the model sees when it makes others like them."""

_NEEDED = {
    "examples": "needs examples: a dataset with requests and answers",
    "passages": "needs documents to take passages from",
    "either": "needs examples with answers, or documents",
    "both": "needs examples with questions, and documents that answer them",
    "seeds": "needs a few examples to show the model",
}


def sources(plan: Plan, records: Sequence[Record], passages: Sequence[Passage]) -> list[Source]:
    """The plan's sources in their order: the same for the same plan and files.

    Raises DataError when there is nothing to start from.
    """
    maker = MAKERS[plan.maker]
    examples = [record for record in records if _usable(record)]
    if maker.needs == "seeds":
        found = _seeds(plan, examples)
    elif maker.needs == "both":
        found = list(_fitting(examples, passages))
    elif maker.needs == "passages" or (maker.needs == "either" and passages):
        found = _numbered(passages)
    else:
        found = [Source(f"line {record.line}", record) for record in examples]
    if not found:
        raise DataError(f"“{maker.title}” {_NEEDED[maker.needs]}. There is nothing to start from.")
    if plan.sources and maker.needs != "seeds" and plan.sources < len(found):
        drawn = sorted(random.Random(plan.seed).sample(range(len(found)), plan.sources))
        found = [found[i] for i in drawn]
    return found


def _usable(record: Record) -> bool:
    """Whether it asks and answers in words: tools and plain text are left alone."""
    if record.tools or any(message.calls for message in record.messages):
        return False
    roles = {message.role for message in record.messages}
    asked = any(message.role == "user" and message.content.strip() for message in record.before_answer)
    return asked and roles <= {"system", "user", "assistant"} and bool(record.answer.strip())


def _numbered(passages: Sequence[Passage]) -> list[Source]:
    times = Counter[str]()
    found = []
    for passage in passages:
        times[passage.source] += 1
        count = times[passage.source]
        found.append(Source(f"{passage.source} ({count})" if count > 1 else passage.source, passage=passage))
    return found


def _seeds(plan: Plan, examples: Sequence[Record]) -> list[Source]:
    """Draws of SHOWN examples; as many as asked, or as there are examples."""
    if not examples:
        return []
    found = []
    for number in range(1, (plan.sources or len(examples)) + 1):
        drawn = random.Random(f"{plan.seed}\0{number}").sample(examples, min(SHOWN, len(examples)))
        found.append(Source(f"draw {number}", examples=tuple(drawn)))
    return found


def _fitting(examples: Sequence[Record], passages: Sequence[Passage]) -> Iterator[Source]:
    """Each question with the passage that shares most of its rare words; without one it is left out."""
    index: defaultdict[str, set[int]] = defaultdict(set)
    for number, passage in enumerate(passages):
        for word in words(passage.text):
            index[word[:5]].add(number)
    for record in examples:
        weights = Counter[int]()
        for word in {word[:5] for word in words(record.prompt) if len(word) > 3 or not word.isascii()}:
            for number in index.get(word, ()):
                weights[number] += 1000 // len(index[word])
        if weights:
            best = min(weights, key=lambda number: (-weights[number], number))
            yield Source(f"line {record.line}", record, passages[best])
