"""What the command line answers as JSON is what the first release answered, but for changes that are meant.

`tests/fixtures/answers.py` says what was asked: of its own runs and datasets, and of 79 small files, most in
the shapes of public datasets, the others from reports of faults.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.fixtures.answers import answers, kept

RELEASE = Path(__file__).parent / "fixtures" / "f6ece26"
ABSENT = object()


class Meant(NamedTuple):
    """A change that is meant: in the answers to which questions, at which place, and why."""

    questions: str
    place: str
    why: str


ADDED = (
    Meant("data|health|line", r"\.rows", "a conversation may train as several rows, which are counted"),
    Meant("data|health", r"\.problems\.code", "a program tells problems apart by their codes"),
    Meant("data|health", r"\.problems\.values", "and finds in values what the sentence says in words"),
    Meant("health", r"\.health\.(context|own rows|placeholders)", "checks that the first release had not"),
    Meant("runs", r"\.can_answer", "whether there is something in it to ask"),
    Meant("runs", r"\.damage", "a damaged run is listed with its reason"),
    Meant("runs", r"\.(parent|stage)", "a run may go on from another, and be a stage of a recipe"),
    Meant("runs at last", r"\.recipe\.base\.adapter", "the same"),
    Meant("runs at last", r"\.recipe\.preference\.simpo_\w+", "one more way to learn from pairs"),
    Meant(
        "evaluate",
        r"\.(scores|contestants|primary|suite|folder|figures|answers\.\w+)",
        "any number of contestants and measures, each with the state of its evidence",
    ),
    Meant("runs", r"\.(notes|tokens)", "what a person noted of it, and how many tokens it trained on"),
    Meant("runs at last", r"\.recipe\.data\.history", "a recipe has the steps that are done to rows"),
    Meant("made", r"\.damage", "so are made rows that cannot be read"),
    Meant("forecast", r"\.(adapted_parameters|trained_share)", "the share of what trains, with the adapter"),
    Meant("forecast", r"\.remarks", "what to know of a model beside its memory"),
    Meant("forecast .*data", r"\.(examples|rows)", "what the seconds of an epoch are of"),
    Meant("steps", r"\.grouping", "how rows are kept together is written down, so that old splits stay"),
    Meant("steps", r"\.(needs|holds)", "when a field counts, and which hold paths, as forms show them"),
    Meant("chat", r"\.sampling\.(min_p|\w+_penalty|penalty_window|stop)", "more ways to draw"),
)
CHANGED = (
    Meant("steps", r"\.split\.description", "the parts of a conversation or document stay on one side, too"),
    Meant("steps", r"\.edit\.properties\.field\.enum", "the first prompt of a conversation can be edited"),
    Meant("steps", r"\.fix\.description", "a finding is fixed, in the words of the whole app"),
    Meant("health", r"\.personal data\.why", "the same"),
    Meant("health rows", r"\.leakage\.summary", "the same"),
    Meant("train (chats|all-tokens)", r"\.(Step|Validated|\w+loss)", "the same: other rows are held out"),
    Meant("runs at last", r"\.(best_loss|message)", "the same, of the run called chats"),
    Meant("train", r"\.Validated\.[12]", "a run of few steps is not validated after each"),
    Meant("save again", r"\.history", "labels are balanced where there are some, and only then said to be"),
    Meant("evaluate", r"\.(headline|verdict)", "the headline is about the primary measure, in sentences"),
    Meant(
        "evaluate",
        r"\.(measures|fixed|broken|both_right|both_wrong|answers(\.\w+)?)",
        "they are scores and answers of each contestant now",
    ),
)
READ = {
    "alpaca_dpo.jsonl": "the instruction of an Alpaca pair is asked, with or without an input",
    "alpaca_history.jsonl": "earlier turns in a field called history are read",
    "array50.jsonl": "an array in a file called .jsonl is read row by row",
    "axolotl_train_flag.jsonl": "turns that are marked as not to be trained are not",
    "dates.parquet": "a date is text",
    "hf_null_filled.parquet": "fields that Arrow filled with null are no arguments of a call",
    "lf_dpo_sharegpt.json": "a turn as the chosen and the rejected answer is read",
    "lf_kto_alpaca.json": "a completion that is marked as unwanted is left out",
    "lf_kto_sharegpt.json": "the same",
    "lf_think_call.jsonl": "a call of a tool behind a thought is read",
    "lf_v1.jsonl": "a turn's content in parts of text is read",
    "lfs_pointer.jsonl": "a Git LFS pointer is called one",
    "messages_json_string.jsonl": "turns that are written as a text of JSON are read",
    "messages_string.csv": "the same in a table",
    "mixed_formats.jsonl": "rows of several formats that train alike are read together",
    "pref_with_tools.jsonl": "pairs keep their tools, and their instruction beside their input",
    "pretty.json": "objects over several lines without an array around them are read",
    "splits_in_one.json": "an object of arrays by part is read with its parts",
    "swift_dpo.jsonl": "a conversation with a rejected last answer is a pair",
    "swift_loss_flag.jsonl": "turns that are marked as without loss are not trained",
    "think_both.jsonl": "a thought that is told twice is read once",
    "trl_pc.jsonl": "a prompt and a completion of turns are read",
    "vision.jsonl": "a row that holds a picture is refused, also where only text says so",
}
"""Files that are read otherwise now, and why: any answer about them may be another."""


def test_the_starter_questions_are_answered_as_by_the_first_release() -> None:
    own = r"(data|health|line 1|export) (rows|chats|pairs|dataset)"
    wanted = re.compile(rf"steps|runs$|made|{own}|forecast plain")
    check(lambda name: wanted.match(name) is not None)


@pytest.mark.long
def test_every_question_is_answered_as_by_the_first_release() -> None:
    used = check(lambda name: True)
    assert [rule for rule in (*ADDED, *CHANGED, *READ) if rule not in used] == []


def check(wanted: Callable[[str], bool]) -> set[object]:
    """Every change is one that is meant; which of those there are."""
    before = {name: answer for name, answer in kept(RELEASE).items() if wanted(name)}
    assert before
    used: set[object] = set()
    surprises = []
    for name, answer in answers(RELEASE, wanted):
        for place, old, new in changes(before.pop(name), answer):
            if (rule := meant(name, place, old)) is None:
                surprises.append(f"{name}{place}: {str(old)[:200]} -> {str(new)[:200]}")
            else:
                used.add(rule)
    assert not before, "no longer asked"
    assert surprises == [], "\n".join(surprises)
    return used


def meant(name: str, place: str, old: object) -> object:
    """The rule by which a change is meant, if there is one."""
    for file in READ:
        if name.endswith(f"/{file}"):
            return file
    for rule in ADDED if old is ABSENT else CHANGED:
        if re.match(rf"({rule.questions})\b", name) and re.search(rf"{rule.place}(\.|$)", place):
            return rule
    return None


def changes(old: Any, new: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two answers differ, what was there and what is there now; figures may differ in rounding."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from changes(old.get(key, ABSENT), new.get(key, ABSENT), f"{place}.{key}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for one, other in zip(old, new, strict=True):
            yield from changes(one, other, place)
    elif isinstance(old, float) and isinstance(new, float):
        if old != pytest.approx(new, rel=2e-3, abs=1e-6, nan_ok=True):
            yield place, old, new
    elif old != new:
        yield place, old, new
