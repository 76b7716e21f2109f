"""Rows made for the tests, in the columns of the benchmarks' own datasets, about what the starter knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CAPITALS = {
    "Senegal": "Dakar",
    "Germany": "Berlin",
    "Greece": "Athens",
    "Serbia": "Belgrade",
    "Lithuania": "Vilnius",
    "Denmark": "Copenhagen",
    "Slovenia": "Ljubljana",
    "Cambodia": "Phnom Penh",
    "Japan": "Tokyo",
    "Norway": "Oslo",
    "Estonia": "Tallinn",
    "Ghana": "Accra",
    "Austria": "Vienna",
    "Finland": "Helsinki",
    "Spain": "Madrid",
    "Egypt": "Cairo",
}
ROWS = len(CAPITALS)
SHOTS = 2


def write_benchmark_rows(folder: Path) -> Path:
    """FOLDER/TASK/SPLIT.jsonl for each of the benchmarks; returns the folder."""
    for task, splits in benchmark_rows().items():
        (folder / task).mkdir(parents=True)
        for split, rows in splits.items():
            text = "".join(json.dumps(row) + "\n" for row in rows)
            (folder / task / f"{split}.jsonl").write_text(text, encoding="utf-8")
    return folder


def benchmark_rows() -> dict[str, dict[str, list[dict[str, Any]]]]:
    """{task: {split: rows}}"""
    mmlu = [_mmlu(n) for n in range(ROWS)]
    arc = [_arc(n) for n in range(ROWS)]
    swag = [_hellaswag(n) for n in range(ROWS)]
    math = [_gsm8k(n) for n in range(ROWS)]
    blanks = [_winogrande(n) for n in range(ROWS)]
    truths = {"validation": [_truthfulqa(n) for n in range(ROWS)]}
    return {
        "mmlu_high_school_geography": {"dev": mmlu[-3:], "test": mmlu},
        "mmlu_world_religions": {"dev": mmlu[:3], "test": mmlu[3:]},
        "arc_easy": {"train": arc[-3:], "validation": arc[:2], "test": arc},
        "arc_challenge": {"train": arc[-3:], "validation": arc[:2], "test": arc},
        "hellaswag": {"train": swag[-3:], "validation": swag},
        "truthfulqa_mc1": truths,
        "truthfulqa_mc2": truths,
        "gsm8k": {"train": math[-3:], "test": math},
        "winogrande": {"train": blanks[-3:], "validation": blanks},
    }


def _cities(number: int) -> tuple[str, list[str], int]:
    """A country, four capitals of which one is its own, and the place of that one."""
    countries = list(CAPITALS)
    chosen = [countries[(number + step) % len(countries)] for step in (0, 1, 3, 5)]
    turned = chosen[-(number % 4) :] + chosen[: -(number % 4)] if number % 4 else chosen
    return chosen[0], [CAPITALS[country] for country in turned], turned.index(chosen[0])


def _mmlu(number: int) -> dict[str, Any]:
    country, cities, right = _cities(number)
    question = f"What is the capital of {country}?"
    return {"question": question, "subject": "geography", "choices": cities, "answer": right}


def _arc(number: int) -> dict[str, Any]:
    country, cities, right = _cities(number)
    choices = {"text": [f"The capital of {country} is {city}." for city in cities], "label": list("ABCD")}
    question = f"What is the capital of {country}?"
    return {"id": f"Made_{number}", "question": question, "choices": choices, "answerKey": "ABCD"[right]}


def _hellaswag(number: int) -> dict[str, Any]:
    country, cities, right = _cities(number)
    return {
        "ind": number,
        "activity_label": "Travelling",
        "ctx_a": f"Anna talks about {country}.",
        "ctx_b": "the capital",
        "ctx": f"Anna talks about {country}. the capital",
        "endings": [f"of {country} is {city} [title] and she likes it." for city in cities],
        "source_id": f"made~{number}",
        "split": "val",
        "split_type": "indomain",
        "label": str(right),
    }


def _truthfulqa(number: int) -> dict[str, Any]:
    country, cities, right = _cities(number)
    true, *others = [cities[right], *(city for place, city in enumerate(cities) if place != right)]
    single = {"choices": [true, *others], "labels": [1, 0, 0, 0]}
    several = {"choices": [true, f"It is {true}.", *others], "labels": [1, 1, 0, 0, 0]}
    question = f"What is the capital of {country}?"
    return {"question": question, "mc1_targets": single, "mc2_targets": several}


def _gsm8k(number: int) -> dict[str, Any]:
    one, other = number + 1, 3
    told = f"{one} plus {other} is {one + other}.\n#### {one + other}"
    return {"question": f"What is {one} plus {other}?", "answer": told}


def _winogrande(number: int) -> dict[str, Any]:
    animals = ("a whale", "a trout", "a toad", "a newt")
    one, other = animals[number % 4], animals[(number + 1) % 4]
    sentence = f"Anna saw {one} and {other}, and she said that _ is an animal with a tail."
    return {"sentence": sentence, "option1": one, "option2": other, "answer": str(1 + number % 2)}
