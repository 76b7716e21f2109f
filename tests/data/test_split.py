"""The split is stable, fair, and never lets a question into two parts."""

from __future__ import annotations

import random
from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.data.records import Message, Record
from studio.data.split import Split, split
from studio.errors import DataError


def records(prompts: list[str]) -> list[Record]:
    return [
        Record(line, (Message("user", prompt), Message("assistant", f"answer {line}")))
        for line, prompt in enumerate(prompts, 1)
    ]


def lines(parts: Split) -> tuple[list[int], ...]:
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
    with pytest.raises(DataError, match="leave nothing to train on"):
        split(records(["a", "b", "c"]), 0.5, 0.5, 0)
    with pytest.raises(DataError, match="no examples"):
        split([], 0.1, 0.1, 0)
