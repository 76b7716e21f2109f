"""The sample data beside the model: instructions, golden questions, chats, preferences and the rest."""

import csv
import io
import json
from collections.abc import Iterable
from itertools import islice
from random import Random
from typing import Any

from corpus import Corpus
from facts import Fact, all_facts
from smalltalk import SYSTEMS, exchange

# How many golden questions each relation gives; 100 in all.
GOLDEN = {
    "capital": 16, "language": 9, "continent": 9, "currency": 9, "flag": 5, "symbol": 8, "number": 5,
    "kind": 4, "state": 3, "class": 5, "legs": 4, "young": 4, "home": 3, "sound": 2, "opposite": 5,
    "colour": 3, "plus": 3, "minus": 1, "times": 2,
}  # fmt: skip

_WITH_INPUT = {
    "capital": "Name the capital of this country.",
    "language": "Name the language of this country.",
    "continent": "Name the continent of this country.",
    "currency": "Name the currency of this country.",
    "symbol": "Give the chemical symbol for this element.",
    "number": "Give the atomic number of this element.",
    "opposite": "Give the opposite of this word.",
    "colour": "Name the colour of this thing.",
    "plus": "Work this out.",
    "minus": "Work this out.",
    "times": "Work this out.",
}
_STATEMENTS = [
    (f"the {thing}", quality)
    for thing in ("bag", "road", "house", "door", "river", "soup", "room", "story", "hat", "box")
    for quality in ("heavy", "long", "old", "new", "clean", "small")
]


def split_facts(seed: int) -> tuple[list[Fact], list[Fact]]:
    """(golden, open): the facts kept for the test, and those that training data may use.

    A fact that says the same as a golden one in the other direction (`cold hot`, `3 plus 2`) is in neither.
    """
    random = Random(seed)
    golden: list[Fact] = []
    for relation, count in GOLDEN.items():
        deck = [fact for fact in all_facts() if fact.relation == relation]
        random.shuffle(deck)
        chosen: dict[frozenset[str], Fact] = {}
        for fact in deck:
            chosen.setdefault(fact.key, fact)
        golden += list(chosen.values())[:count]
    kept = {fact.key for fact in golden}
    return golden, [fact for fact in all_facts() if fact.key not in kept]


def golden_rows(golden: list[Fact], seed: int) -> list[dict[str, str]]:
    """One question per golden fact, with the one right sentence."""
    random = Random(seed)
    return [{"prompt": random.choice(fact.questions), "ideal": fact.canonical} for fact in golden]


def instruction_rows(facts: list[Fact], seed: int, count: int = 800) -> list[dict[str, str]]:
    """Alpaca rows: questions on open facts, a sixth of them with an `input`, and 40 small rewrites."""
    random = Random(seed)
    made = [_rewrite(index) for index in range(40)]
    deck = random.sample(facts, len(facts))
    for fact in islice(deck, count - len(made)):
        instruction, given = random.choice(fact.questions), ""
        if fact.relation in _WITH_INPUT and random.random() < 1 / 6:
            instruction, given = _WITH_INPUT[fact.relation], fact.subject
        made.append({"instruction": instruction, "input": given, "output": fact.canonical})
    random.shuffle(made)
    return made


def _rewrite(index: int) -> dict[str, str]:
    subject, quality = _STATEMENTS[index]
    plain = f"{subject[0].upper()}{subject[1:]} is {quality}."
    instruction, output = (
        ("Say the opposite with the word not.", f"{subject[0].upper()}{subject[1:]} is not {quality}."),
        ("Turn this sentence into a question.", f"Is {subject} {quality}?"),
        ("Put this sentence into the past.", f"{subject[0].upper()}{subject[1:]} was {quality}."),
    )[index % 3]
    return {"instruction": instruction, "input": plain, "output": output}


def chat_rows(facts: list[Fact], seed: int, count: int = 200) -> list[dict[str, Any]]:
    """Conversations of one to three exchanges; a third opens with a system message."""
    random = Random(seed)
    made = []
    for _ in range(count):
        messages = [{"role": "system", "content": random.choice(SYSTEMS)}] if random.random() < 1 / 3 else []
        for _ in range(random.choice([1, 2, 2, 3])):
            fact = random.choice(facts)
            asked = (random.choice(fact.questions), fact.canonical)
            user, assistant = asked if random.random() < 0.5 else exchange(random)
            messages += [{"role": "user", "content": user}, {"role": "assistant", "content": assistant}]
        made.append({"messages": messages})
    return made


def preference_rows(facts: list[Fact], seed: int, count: int = 300) -> list[dict[str, str]]:
    """Prompts with a short polite answer and a rambling one that says the same."""
    random = Random(seed)
    rambling = (
        "Well, that is a long story.",
        "Some people say this, and some people say that.",
        "I was in the kitchen.",
        "Where was I?",
        "It was rainy on Monday, I think.",
        "Anyway, as I said before, it is like that.",
        "My friend had soup for dinner.",
        "We can talk about that again, and again, and again.",
    )
    made = []
    for fact in random.sample(facts, count):
        before, after = random.sample(rambling, 2), random.sample(rambling, 2)
        made.append(
            {
                "prompt": random.choice(fact.questions),
                "chosen": f"Gladly. {fact.canonical}",
                "rejected": " ".join([*before, fact.canonical, *after]),
            }
        )
    return made


def sentiment_csv(seed: int, count: int = 300) -> str:
    """`text,label` rows, half positive and half negative, with commas and quotes inside the text."""
    random = Random(seed)
    things = [
        "film",
        "book",
        "soup",
        "hotel",
        "phone",
        "song",
        "bag",
        "garden",
        "train",
        "lamp",
        "chair",
        "game",
    ]
    good = [
        "wonderful",
        "lovely",
        "excellent",
        "great",
        "very good",
        "a joy",
        "better than I hoped",
        "worth every coin",
    ]
    bad = [
        "awful",
        "boring",
        "terrible",
        "very bad",
        "a waste of time",
        "worse than I feared",
        "broken",
        "far too dear",
    ]
    frames = (
        "The {t} was {q}.",
        "I must say, the {t} was {q}.",
        'My friend said: "The {t} was {q}."',
        "We tried the {t} on {d}, and it was {q}.",
        'They call it a "{t}", but it was {q}.',
        "The {t}, which I got on {d}, was {q}.",
        "On {d} the {t} was {q}!",
    )
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    texts: dict[str, str] = {}
    while len(texts) < count:
        label = "positive" if len(texts) % 2 else "negative"
        quality = random.choice(good if label == "positive" else bad)
        frame = random.choice(frames)
        texts[frame.format(t=random.choice(things), q=quality, d=random.choice(days))] = label
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["text", "label"])
    writer.writerows(texts.items())
    return out.getvalue()


def general_text(seen: set[str], seed: int, characters: int = 15_000) -> str:
    """Paragraphs of the corpus's kinds, none of whose lines is among the lines already read."""
    corpus = Corpus(seed)
    shapes = (corpus.prose, corpus.profile, corpus.told_story, corpus.plain_story, corpus.dialogue)
    lines: list[str] = []
    while sum(map(len, lines)) < characters:
        line = corpus.random.choices(shapes, [6, 3, 3, 2, 1])[0]().replace("\n", " ")
        if line not in seen:
            lines.append(line)
    return "\n\n".join(lines) + "\n"


# What is wrong with `messy.jsonl`, by line number; every other line is a good row.
FAULTS = {
    4: "not JSON: the line breaks off",
    8: "JSON, but an array",
    11: "the key `output` is missing",
    14: "`output` is empty",
    17: "`output` is null",
    20: "`output` is a number instead of a string",
    23: "a blank line (harmless: readers skip it)",
    26: "unknown keys only",
    29: "a byte that is not UTF-8",
    32: "a duplicate of line 1",
    35: "an extremely long row (more than 2,048 tokens)",
    38: "the answer is identical to the prompt",
}


def messy_bytes(facts: list[Fact], seed: int) -> bytes:
    """A file with twelve faults among thirty good Alpaca rows."""
    good = iter([row for row in instruction_rows(facts, seed, 120) if not row["input"]])
    lines: list[bytes] = []
    first = next(good)
    for number in range(1, 43):
        row = first if number in {1, 32} else next(good)
        lines.append(_messy_line(number, row))
    return b"\n".join(lines) + b"\n"


def _messy_line(number: int, row: dict[str, str]) -> bytes:
    plain = json.dumps(row, ensure_ascii=False)
    changed = {
        4: plain[: len(plain) // 2],
        8: json.dumps([row["instruction"], row["output"]]),
        11: json.dumps({"instruction": row["instruction"], "input": ""}),
        14: json.dumps({**row, "output": ""}),
        17: json.dumps({**row, "output": None}),
        20: json.dumps({**row, "output": 42}),
        23: "",
        26: json.dumps({"colour": "blue", "size": "small"}),
        35: json.dumps({**row, "output": " ".join([row["output"]] * 700)}),
        38: json.dumps({**row, "output": row["instruction"]}),
    }.get(number, plain)
    data = changed.encode()
    return data.replace(b'"output": "', b'"output": "\xff', 1) if number == 29 else data


def json_lines(rows_: Iterable[dict[str, Any]]) -> str:
    """The rows as JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows_)
