"""Batches train every row once an epoch, and exactly the tokens that are meant to be trained."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.dataset.record import Message, Record
from studio.dataset.render.batch import STEP, choose_widths, collate, order
from studio.dataset.render.render import Renderer, Tokens

LENGTHS = [int(n) for n in np.random.default_rng(0).integers(5, 400, 203)]


@pytest.mark.parametrize("batch_size", [1, 7, 8, 203, 500])
@pytest.mark.parametrize("epoch", [0, 1, 2])
def test_every_row_comes_exactly_once_an_epoch(batch_size: int, epoch: int) -> None:
    batches = order(LENGTHS, batch_size, 0, epoch)
    assert sorted(index for batch in batches for index in batch) == list(range(len(LENGTHS)))
    assert len(batches) == -(-len(LENGTHS) // batch_size)
    assert all(0 < len(batch) <= batch_size for batch in batches)


def test_order_is_reproducible_and_differs_between_epochs_and_seeds() -> None:
    assert order(LENGTHS, 8, 0, 1) == order(LENGTHS, 8, 0, 1)
    assert order(LENGTHS, 8, 0, 1) != order(LENGTHS, 8, 0, 2)
    assert order(LENGTHS, 8, 0, 1) != order(LENGTHS, 8, 1, 1)
    assert order([], 8, 0, 0) == []


def test_which_rows_meet_is_drawn_anew_each_epoch() -> None:
    first, second = ({frozenset(batch) for batch in order(LENGTHS, 8, 0, epoch)} for epoch in (0, 1))
    assert len(first & second) < len(first) / 4


def test_rows_of_similar_length_share_a_batch() -> None:
    def padded(batches: list[list[int]]) -> int:
        return sum(len(batch) * max(LENGTHS[i] for i in batch) for batch in batches)

    assert padded(order(LENGTHS, 8, 0, 0)) < 1.2 * sum(LENGTHS)


def test_the_weighted_targets_are_exactly_the_answer_and_its_end(chatml: Any) -> None:
    answers = ["Paris.", "London is the capital of England 😀", "no"]
    renderer = Renderer(chatml)
    examples = [
        renderer.render(Record(1, (Message("user", "Where?"), Message("assistant", answer))))[0].tokens
        for answer in answers
    ]
    batch = collate(examples)
    for row, answer in enumerate(answers):
        targets = batch.targets[row][batch.weights[row] == 1]
        assert chatml.decode(targets.tolist()) == answer + "<|im_end|>"
    assert batch.tokens == sum(example.targets for example in examples) == batch.weights.sum()


def test_a_target_is_the_token_after_its_position_and_padding_weighs_nothing() -> None:
    batch = collate(
        [Tokens((5, 6, 7), (False, True, True)), Tokens((1, 2, 3, 4), (False, False, False, True))]
    )
    assert batch.ids[:, :4].tolist() == [[5, 6, 0, 0], [1, 2, 3, 0]]
    assert batch.targets[:, :4].tolist() == [[6, 7, 0, 0], [2, 3, 4, 0]]
    assert batch.weights[:, :4].tolist() == [[1, 1, 0, 0], [0, 0, 1, 0]]
    assert batch.weights[:, 4:].sum() == 0
    assert (batch.ids.dtype, batch.targets.dtype, batch.weights.dtype) == (np.int32, np.int32, np.float32)


@pytest.mark.parametrize(("length", "width"), [(2, 16), (17, 16), (18, 32), (33, 32)])
def test_widths_are_multiples_of_a_few(length: int, width: int) -> None:
    batch = collate([Tokens((1,) * length, (False,) + (True,) * (length - 1))])
    assert batch.ids.shape == (1, width)
    assert width % STEP == 0


def test_several_sequences_share_a_row_and_stay_apart() -> None:
    examples = [
        Tokens((5, 6, 7), (False, True, True)),
        Tokens((1, 2), (False, True)),
        Tokens((8, 9, 3), (False, False, True)),
    ]
    batch = collate(examples, 16, rows=[0, 1, 0], sequences=[10, 11, 12])
    assert batch.ids[0, :5].tolist() == [5, 6, 8, 9, 0]
    assert batch.targets[0, :5].tolist() == [6, 7, 9, 3, 0]
    assert batch.weights[0, :5].tolist() == [1, 1, 0, 1, 0]
    assert batch.segments[0, :5].tolist() == [0, 0, 2, 2, -1]
    assert batch.parts == [[(10, 2), (12, 2)], [(11, 1)]]


@given(st.lists(st.integers(1, 150), min_size=1, max_size=8), st.integers(1, 4))
def test_no_other_widths_pad_less(lengths: list[int], count: int) -> None:
    def padded(widths: tuple[int, ...]) -> int:
        return sum(min(width for width in widths if width >= length) for length in lengths)

    candidates = sorted({-(-length // STEP) * STEP for length in lengths})
    chosen = choose_widths(lengths, count)
    assert len(chosen) <= count
    for size in range(1, min(count, len(candidates)) + 1):
        for others in combinations(candidates, size):
            if others[-1] >= max(lengths):
                assert padded(chosen) <= padded(others)


def test_very_long_rows_are_planned_for_at_once() -> None:
    lengths = np.random.default_rng(0).integers(1, 131_072, 20_000).tolist()
    assert len(choose_widths(lengths)) == 8
