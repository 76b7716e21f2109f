"""The split is stable, fair, and never lets a question into two parts."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.dataset.record import Message, Record
from studio.dataset.split import DatasetSplit, part_named, split, split_given
from studio.errors import DataError
from tests.conftest import refused


def records(prompts: list[str]) -> list[Record]:
    return [
        Record(line, (Message("user", prompt), Message("assistant", f"answer {line}")))
        for line, prompt in enumerate(prompts, 1)
    ]


def lines(parts: DatasetSplit) -> tuple[list[int], ...]:
    return tuple([record.line for record in part] for part in (parts.train, parts.validation, parts.test))


@settings(max_examples=100, deadline=None, database=None)
@given(
    prompts=st.lists(st.integers(0, 30).map(str), min_size=1, max_size=60),
    validation=st.floats(0, 0.5),
    test=st.floats(0, 0.45),
    seed=st.integers(0, 5),
)
def test_every_record_is_in_one_part_and_no_question_in_two(
    prompts: list[str], validation: float, test: float, seed: int
) -> None:
    parts = split(records(prompts), validation, test, seed)
    assert sorted(chain(*lines(parts))) == list(range(1, len(prompts) + 1))
    asked = [{record.question for record in part} for part in (parts.train, parts.validation, parts.test)]
    assert all(not one & other for one, other in combinations(asked, 2))
    assert parts.train
    if validation > 0 and len(set(prompts)) >= 3:
        assert parts.validation


def test_a_split_is_eighty_ten_ten_when_asked() -> None:
    assert [len(part) for part in lines(split(records([str(i) for i in range(100)]), 0.1, 0.1, 0))] == [
        80,
        10,
        10,
    ]


def test_moving_rows_does_not_move_them_between_parts() -> None:
    rows = records([str(i) for i in range(50)])
    shuffled = random.Random(1).sample(rows, len(rows))
    assert lines(split(rows, 0.2, 0.1, 3))[1] == lines(split(shuffled, 0.2, 0.1, 3))[1]


def test_another_seed_gives_another_split() -> None:
    rows = records([str(i) for i in range(50)])
    assert (
        lines(split(rows, 0.2, 0.1, 3)) == lines(split(rows, 0.2, 0.1, 3)) != lines(split(rows, 0.2, 0.1, 4))
    )


def test_nothing_left_to_train_on_is_refused() -> None:
    with refused("split.shares", DataError):
        split(records(["a", "b", "c"]), 0.5, 0.5, 0)
    with refused("split.nothing", DataError):
        split([], 0.1, 0.1, 0)


@settings(max_examples=100, deadline=None, database=None, derandomize=True)
@given(
    labels=st.lists(st.integers(0, 4), min_size=10, max_size=80),
    shares=st.sampled_from([(0.1, 0.1), (0.2, 0.0), (0.05, 0.3)]),
    seed=st.integers(0, 3),
)
def test_a_stratified_split_holds_out_of_each_label_its_share_within_a_row(
    labels: list[int], shares: tuple[float, float], seed: int
) -> None:
    rows = [
        Record(line, (Message("user", f"{line}"), Message("assistant", f"{label}")))
        for line, label in enumerate(labels, 1)
    ]
    parts = split(rows, *shares, seed, stratify=True)
    assert sorted(chain(*lines(parts))) == list(range(1, len(labels) + 1))
    assert parts.validation
    common = {label for label in set(labels) if labels.count(label) > 1}
    for part, share in zip((parts.validation, parts.test), shares, strict=True):
        for label in common:
            found = sum(record.answer == f"{label}" for record in part)
            assert abs(found - share * labels.count(label)) <= 1 + 1e-9
    assert parts == split(rows, *shares, seed, stratify=True)


def test_given_parts_stay_and_only_missing_ones_are_split_off() -> None:
    rows = records([str(i) for i in range(40)])
    named = {line: "validation" for line in range(1, 6)} | {6: "golden"}
    parts = split_given(rows, named, 0.1, 0.1, 0)
    assert lines(parts)[1] == [1, 2, 3, 4, 5]
    assert len(parts.test) == 3
    assert sorted(chain(*lines(parts))) == [n for n in range(1, 41) if n != 6]
    with refused("split.all_held_out", DataError):
        split_given(rows, dict.fromkeys(range(1, 41), "test"), 0.1, 0.1, 0)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("Valid", "validation"),
        (" dev ", "validation"),
        ("TRAIN", "train"),
        ("eval", "validation"),
        ("blue", ""),
    ],
)
def test_parts_are_known_by_many_names(name: str, part: str) -> None:
    assert part_named(name) == part


def test_what_was_made_from_an_example_stays_on_its_side() -> None:
    given = records([f"Say {number}" for number in range(40)])
    asked_otherwise = records([f"Could you say {number}?" for number in range(40)])
    made = [
        replace(new, line=100 + old.line, made=json.dumps({"maker": "paraphrase", "kin": old.group_key}))
        for new, old in zip(asked_otherwise, given, strict=True)
    ]
    assert made[3].group_key == given[3].group_key != given[4].group_key
    for part in lines(split([*given, *made], 0.2, 0.2, 0)):
        assert {line for line in part if line < 100} == {line - 100 for line in part if line > 100}
        assert part
