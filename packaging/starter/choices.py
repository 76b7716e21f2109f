"""Questions for the evaluation over facts that no training row holds: `python packaging/starter/choices.py`.

Writes `resources/evaluation/choices.jsonl`, one right sentence among wrong ones, and `paraphrases.jsonl`,
several questions for the same fact. Everything is seeded.
"""

import sys
from pathlib import Path
from random import Random
from typing import Any

from build import FACTS_SEED, RESOURCES
from facts import Fact, all_facts
from samples import json_lines, split_facts

EVALUATION = RESOURCES.parent / "evaluation"
SEED = 15
CATEGORIES = {
    "capital": "countries",
    "language": "countries",
    "continent": "countries",
    "currency": "countries",
    "symbol": "elements",
    "number": "elements",
    "class": "animals",
    "legs": "animals",
    "young": "animals",
    "opposite": "words",
    "plus": "sums",
    "minus": "sums",
    "times": "sums",
}
"""The relations of which a wrong answer is surely wrong; a pea may be yellow, an owl may live in a barn."""

_ALIKE = (
    {"cub", "kit", "kitten", "pup", "puppy"},
    {"calf", "fawn", "foal", "kid", "lamb", "pup"},
    {"chick", "cygnet", "duckling", "eaglet", "gosling", "owlet"},
    {"caterpillar", "larva", "maggot", "nymph", "spiderling"},
    {"krona", "krone"},
    {"rial", "riyal", "riel", "real"},
)
"""Answers of which one could be taken for another."""


def kept_facts() -> list[Fact]:
    """The facts that stand in no file one can train on."""
    names = ("instructions.jsonl", "chat.jsonl", "preferences.jsonl")
    trained = "\n".join((RESOURCES / name).read_text(encoding="utf-8").casefold() for name in names)
    golden, open_facts = split_facts(FACTS_SEED)
    kept = [*golden, *(fact for fact in open_facts if fact.canonical.casefold() not in trained)]
    return [fact for fact in kept if fact.relation in CATEGORIES]


def _distractors(fact: Fact, random: Random) -> list[str]:
    """Three answers that would be wrong, of the same relation."""
    alike = {word for group in _ALIKE if fact.answer in group for word in group} | {fact.answer}
    if fact.answer.isdigit():
        near = {int(fact.answer) + step for step in (-10, -3, -2, -1, 1, 2, 3, 10)}
        others = sorted(str(number) for number in near if number > 0)
    else:
        said = [other.answer for other in all_facts() if other.relation == fact.relation]
        others = sorted(set(said) - alike - {fact.subject})
    return random.sample(others, 3)


def _told(fact: Fact, answer: str) -> str:
    """The fact's sentence with another answer in the place of its own."""
    before, _, after = fact.canonical.rpartition(fact.answer)
    if before.endswith((" a ", " an ")):
        before = before.removesuffix(" a ").removesuffix(" an ")
        before += " an " if answer[0] in "aeiou" else " a "
    return before + answer + after


def choice_rows(facts: list[Fact], seed: int) -> list[dict[str, Any]]:
    """A question for each fact with four sentences, the place of the right one drawn."""
    random = Random(seed)
    made: list[dict[str, Any]] = []
    for fact in facts:
        answers = [fact.answer, *_distractors(fact, random)]
        random.shuffle(answers)
        made.append(
            {
                "question": random.choice(fact.questions),
                "choices": [_told(fact, answer) for answer in answers],
                "answer": answers.index(fact.answer),
                "category": CATEGORIES[fact.relation],
            }
        )
    random.shuffle(made)
    return made


def paraphrase_rows(facts: list[Fact], seed: int, count: int = 40) -> list[dict[str, Any]]:
    """Three questions each for the same fact, with its sentence."""
    random = Random(seed)
    return [
        {
            "questions": random.sample(fact.questions, 3),
            "ideal": fact.canonical,
            "category": CATEGORIES[fact.relation],
        }
        for fact in random.sample(facts, count)
    ]


def write(folder: Path) -> None:
    """Both files, into a folder."""
    facts = kept_facts()
    files = {"choices.jsonl": choice_rows(facts, SEED), "paraphrases.jsonl": paraphrase_rows(facts, SEED)}
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in files.items():
        (folder / name).write_text(json_lines(rows), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write(EVALUATION)
    sys.stdout.write(f"{EVALUATION} is ready\n")
