"""Verify a starter pack: `python packaging/starter/check.py [--pack DIR] [--tune SEEDS]`.

Without options it checks sizes, formats, the separation of golden facts from training rows, what the model
knows and that it does not answer yet. With `--tune 1` it also fine-tunes as the application would, and asks
again.
"""

import argparse
import csv
import json
import sys
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import Any

from build import FACTS_SEED, RESOURCES
from facts import Fact, all_facts
from mlx.utils import tree_flatten
from mlx_lm import load
from samples import FAULTS, split_facts
from trial import answers, ask, normal, tune

MAXIMUM_BYTES = 16_000_000
COUNTS = {"instructions.jsonl": 800, "golden.jsonl": 100, "chat.jsonl": 200, "preferences.jsonl": 300}


def say(text: str) -> None:
    """One line to the terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def require(truth: bool, claim: str) -> None:
    """State the claim, or leave with it when it does not hold."""
    if not truth:
        sys.exit(f"FAILED: {claim}")
    say(f"ok: {claim}")


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def check_files(pack: Path) -> None:
    """Sizes and formats."""
    total = sum(path.stat().st_size for path in pack.rglob("*") if path.is_file())
    require(total <= MAXIMUM_BYTES, f"the pack holds {total / 1e6:.2f} MB, at most {MAXIMUM_BYTES / 1e6:.0f}")
    for name, count in COUNTS.items():
        require(len(read_rows(pack / name)) == count, f"{name} has {count} rows")
    with (pack / "sentiment.csv").open(encoding="utf-8", newline="") as file:
        labels = {row["label"] for row in csv.DictReader(file)}
    require(labels == {"positive", "negative"}, "sentiment.csv has two labels")
    messy = (pack / "messy.jsonl").read_bytes().split(b"\n")[:-1]
    bad = {number for number, line in enumerate(messy, 1) if _faulty(line, messy[: number - 1])}
    require(bad == set(FAULTS), f"messy.jsonl has {len(FAULTS)} faults, on the lines of the table")


def _faulty(line: bytes, before: list[bytes]) -> bool:
    """Whether a line of `messy.jsonl` is anything but a plain good row."""
    try:
        row = json.loads(line.decode())
    except ValueError:
        return True
    if line in before or len(line) > 6_000 or not isinstance(row, dict):
        return True
    output = row.get("output")
    return not isinstance(output, str) or not output or output == row["instruction"]


def training_texts(pack: Path) -> set[str]:
    """Every text a training file contains, normalised."""
    instructions, preferences = read_rows(pack / "instructions.jsonl"), read_rows(pack / "preferences.jsonl")
    texts = [text for row in instructions + preferences for text in row.values()]
    texts += [message["content"] for row in read_rows(pack / "chat.jsonl") for message in row["messages"]]
    return {normal(text) for text in texts}


def check_separation(pack: Path, golden: list[Fact]) -> None:
    """No golden fact, asked or told in any wording or direction, is in a training file."""
    keys = {fact.key for fact in golden}
    texts = training_texts(pack)
    for fact in all_facts():
        if fact.key not in keys:
            continue
        asked = {normal(question) for question in fact.questions}
        told = [normal(sentence) for sentence in (fact.canonical, *fact.paraphrases)]
        if asked & texts or any(stands_in(sentence, text) for sentence in told for text in texts):
            sys.exit(f"FAILED: {fact.canonical} is in the training rows")
    rows = read_rows(pack / "golden.jsonl")
    ideals = [row["ideal"] for row in rows] == [fact.canonical for fact in golden]
    require(
        ideals and len({row["ideal"] for row in rows}) == 100, "golden facts are apart from training rows"
    )


def stands_in(sentence: str, text: str) -> bool:
    """Whether the text holds the sentence on its own ("2 plus 3 is 5." is not in "12 plus 3 is 15.")."""
    return f" {sentence}" in f" {text}"


def share_known(model: Any, tokenizer: Any, facts: list[Fact]) -> float:
    """How many of the facts the model completes rightly from the canonical sentence's beginning."""
    told = answers(model, tokenizer, [tokenizer.encode(fact.prefix) for fact in facts], limit=10)
    right = [normal(text).startswith(normal(fact.answer)) for text, fact in zip(told, facts, strict=True)]
    return sum(right) / len(facts)


def exact_match(model: Any, tokenizer: Any, rows: list[dict[str, str]]) -> tuple[list[bool], list[str]]:
    """Per golden row whether the answer is the ideal one, and the answers."""
    told = answers(model, tokenizer, [ask(tokenizer, row["prompt"]) for row in rows])
    return [normal(text) == normal(row["ideal"]) for text, row in zip(told, rows, strict=True)], told


def check_model(pack: Path, golden: list[Fact], tunings: int) -> None:
    """Size, knowledge, silence before and, with tunings, answers after."""
    rows, instructions = read_rows(pack / "golden.jsonl"), read_rows(pack / "instructions.jsonl")
    for seed in range(max(1, tunings)):
        model, wrapped = load(str(pack / "model"))
        tokenizer = wrapped._tokenizer
        if seed == 0:
            parameters = sum(array.size for array in dict(tree_flatten(model.parameters())).values())
            require(2e6 <= parameters <= 4e6, f"{parameters:,} parameters")
            sample = Random(1).sample(all_facts(), 300)
            known, kept = share_known(model, tokenizer, sample), share_known(model, tokenizer, golden)
            require(known >= 0.85, f"completes {known:.0%} of 300 facts, {kept:.0%} of the golden ones")
            right, before = exact_match(model, tokenizer, rows)
            require(sum(right) <= 15, f"answers {sum(right)} of 100 golden questions before fine-tuning")
        if tunings:
            training = Random(seed).sample(instructions, 640)
            rate = min(2e-3, 2e-4 * 2048 / model.args.hidden_size)
            steps, seconds = tune(model, tokenizer, training, learning_rate=rate, seed=seed)
            right, after = exact_match(model, tokenizer, rows)
            require(
                sum(right) >= 70, f"answers {sum(right)} after {steps} steps, {seconds:.0f} s, seed {seed}"
            )
            if seed == 0:
                report(golden, rows, right, before, after)


def report(
    golden: list[Fact], rows: list[dict[str, str]], right: list[bool], before: list[str], after: list[str]
) -> None:
    """Accuracy by relation, every wrong answer, and a few examples."""
    tally: dict[str, list[bool]] = defaultdict(list)
    for fact, correct in zip(golden, right, strict=True):
        tally[fact.relation].append(correct)
    say("  ".join(f"{relation} {sum(marks)}/{len(marks)}" for relation, marks in tally.items()))
    for index, (row, correct) in enumerate(zip(rows, right, strict=True)):
        if not correct or index % 20 == 0:
            mark = "right" if correct else "WRONG"
            say(f"{mark}  {row['prompt']}\n       before: {before[index]}\n       after:  {after[index]}")


def main() -> None:
    """Parse the options and check."""
    parser = argparse.ArgumentParser(description="Verify the starter pack.")
    parser.add_argument("--pack", type=Path, default=RESOURCES)
    parser.add_argument("--tune", type=int, default=0, metavar="SEEDS", help="fine-tune with this many seeds")
    options = parser.parse_args()
    golden, _ = split_facts(FACTS_SEED)
    check_files(options.pack)
    check_separation(options.pack, golden)
    check_model(options.pack, golden, options.tune)


if __name__ == "__main__":
    main()
