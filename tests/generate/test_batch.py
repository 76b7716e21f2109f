"""Answers in a batch are those that each contestant gives alone, whatever else is in the batch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from studio.dataset.record import Message
from studio.events import AnswerEnded
from studio.generate.batch import AskedPrompt, BatchAnswer, batch_answers, common_prefix
from studio.generate.contestant import Approach, Contestant, OpenContestant, contestant_of
from studio.generate.parties import Contest
from studio.generate.sampling import GREEDY, Sampling
from studio.generate.stream import answer
from studio.jobs.contestants import open_contestants
from studio.models.cache import ModelCache
from studio.runs.folder import RunFolder
from tests.conftest import finish
from tests.jobs.test_contestants import opened, runs

__all__ = ["runs"]

QUESTIONS = (
    "Say the number 7",
    "Hi",
    "What comes after 12? Say it in words.",
    "Say 3",
    "",
    "Say the number 31",
)
SHORT = GREEDY.model_copy(update={"max_tokens": 12})
DRAWN = Sampling(temperature=1.3, top_k=40, max_tokens=12, seed=5)
SETS = {
    "a base and two checkpoints": ("first", ("base", "tuned@2", "tuned")),
    "rank-stabilized, with embeddings": ("wide", ("base", "tuned", "run:first")),
    "DoRA on a parent, half and whole": ("dora", ("base", "parent", "tuned*0.5", "tuned")),
    "weights of its own": ("full", ("base", "tuned")),
}


def asked_of(contestants: Sequence[OpenContestant], samples: int = 1) -> list[AskedPrompt]:
    """Every question to every contestant."""
    return [
        AskedPrompt(each.key, tuple(each.renderer.prompt_ids((Message("user", text),))), sample)
        for each in contestants
        for text in QUESTIONS
        for sample in range(samples)
    ]


def answered(
    contest: Contest, asked: Sequence[AskedPrompt], sampling: Sampling, **options: int
) -> list[BatchAnswer]:
    found = dict(each for each in batch_answers(contest, asked, sampling, **options) if each)
    assert found.keys() == set(range(len(asked))), "every row is answered, and once"
    return [found[index] for index in range(len(asked))]


def alone(contestant: OpenContestant, asked: AskedPrompt, sampling: Sampling) -> AnswerEnded:
    """As the playground streams it."""
    own = sampling.model_copy(update={"seed": sampling.seed + asked.sample})
    stops = contestant.renderer.stops
    *_, ended = answer("", contestant.module, contestant.tokenizer, asked.prompt, own, stops)
    assert isinstance(ended, AnswerEnded)
    return ended


@pytest.mark.long
@pytest.mark.parametrize(("run", "keys"), SETS.values(), ids=SETS)
def test_greedy_answers_are_those_that_each_gives_alone(run: str, keys: tuple[str, ...], runs: Path) -> None:
    contest = Contest(opened(runs, run, *keys))
    assert [party.is_joined for party in contest.parties] == ([False, False] if run == "full" else [True])
    assert all(party.together for party in contest.parties)
    asked = asked_of(contest.contestants)
    found = answered(contest, asked, SHORT, in_flight=5)
    for row, given in zip(asked, found, strict=True):
        ended = alone(contest.of(row.contestant), row, SHORT)
        assert (given.text, given.tokens, given.finish_reason) == (
            ended.text,
            ended.tokens,
            ended.finish_reason,
        )
    assert len({given.text for given in found}) > len(keys), "they do answer in different ways"


@pytest.mark.parametrize("penalty", [1.0, 1.2])
def test_drawn_answers_do_not_depend_on_the_batch(penalty: float, runs: Path) -> None:
    contest = Contest(opened(runs, "first", "base", "tuned"))
    sampling = DRAWN.model_copy(update={"repetition_penalty": penalty})
    asked = asked_of(contest.contestants, samples=2)
    found = answered(contest, asked, sampling, in_flight=7)
    few = asked[5:8]
    assert [each.ids for each in answered(contest, few, sampling)] == [each.ids for each in found[5:8]]
    assert found[0].ids != found[1].ids, "another sample is another draw"
    for row, given in list(zip(asked, found, strict=True))[::3]:
        assert given.text == alone(contest.of(row.contestant), row, sampling).text


def test_each_token_comes_with_the_log_probability_that_it_was_drawn_with(runs: Path) -> None:
    contest = Contest(opened(runs, "wide", "base", "tuned"))
    asked = asked_of(contest.contestants)
    found = answered(contest, asked, SHORT, with_log_probs=True)
    row, given = asked[-1], found[-1]
    ids = [*row.prompt, *given.ids]
    logits = np.array(contest.of("tuned").module(mx.array([ids[:-1]])), dtype=np.float64)[0]
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    places = range(len(row.prompt) - 1, len(ids) - 1)
    assert given.log_probs == pytest.approx([log_p[place, ids[place + 1]] for place in places], abs=1e-4)


def test_a_row_ends_at_its_own_limit_and_before_a_text(runs: Path) -> None:
    contest = Contest(opened(runs, "first", "base", "tuned"))
    asked = [
        replace(row, max_tokens=1 + index % 3) for index, row in enumerate(asked_of(contest.contestants))
    ]
    found = answered(contest, asked, SHORT)
    assert [each.tokens for each in found if each.finish_reason == "length"] == [
        row.max_tokens for row, each in zip(asked, found, strict=True) if each.finish_reason == "length"
    ]
    whole = answered(contest, asked_of(contest.contestants), SHORT)
    text = max(whole, key=lambda each: len(each.text)).text
    stopped = SHORT.model_copy(update={"stop": (text[3:5],)})
    for row, before in zip(asked_of(contest.contestants), whole, strict=True):
        given = answered(contest, [row], stopped)[0]
        assert given.text == before.text.split(text[3:5])[0]
        assert given.text == alone(contest.of(row.contestant), row, stopped).text


def test_what_all_prompts_begin_with_is_read_once_and_changes_nothing(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contest = Contest(opened(runs, "dora", "base", "tuned"))
    system = Message("system", "Answer in one short sentence. " * 3)
    asked = [
        AskedPrompt(each.key, tuple(each.renderer.prompt_ids((system, Message("user", text)))))
        for each in contest.contestants
        for text in QUESTIONS
    ]
    prefix = len(common_prefix([row.prompt for row in asked]))
    assert prefix > 90
    read: list[int] = []
    kind = type(contest.parties[0].model.module)
    called = kind.__call__
    with monkeypatch.context() as counting:
        counting.setattr(
            kind, "__call__", lambda self, ids, **more: read.append(ids.size) or called(self, ids, **more)
        )
        found = answered(contest, asked, SHORT)
        assert read[0] == 2 * prefix, "once for each contestant"
        assert sum(read) < sum(len(row.prompt) for row in asked)
        read.clear()
        several = [AskedPrompt("tuned", tuple(range(9, 29)), sample) for sample in range(6)]
        drawn = answered(contest, several, DRAWN)
        assert read[0] == 19, "a prompt that is asked several times is read once"
        rest = answered(contest, asked[len(QUESTIONS) :], SHORT)
        assert [each.ids for each in rest] == [each.ids for each in found[len(QUESTIONS) :]]
    assert len({each.ids for each in drawn}) > 1
    for row, given in zip(several, drawn, strict=True):
        assert given.text == alone(contest.of(row.contestant), row, DRAWN).text
    for row, given in zip(asked, found, strict=True):
        assert given.text == alone(contest.of(row.contestant), row, SHORT).text


@pytest.mark.long
def test_one_model_asked_in_two_ways_is_one_row_owner(runs: Path) -> None:
    """Each way has a beginning of its own, of its own length."""
    with_examples = Contestant(kind="tuned", approach=Approach(name="examples"))
    keys = ("base", "tuned", "run:wide")
    contestants = (*(contestant_of(key) for key in keys), with_examples)
    found = finish(open_contestants(RunFolder(runs / "first"), contestants, ModelCache()))
    assert found[1].module is found[3].module
    contest = Contest(found)
    assert [party.is_joined for party in contest.parties] == [True]
    shots = [
        Message("user", "Say 1"),
        Message("assistant", "It is 1."),
        Message("user", "Say 2"),
        Message("assistant", "2"),
    ]
    asked = [
        AskedPrompt(each.key, tuple(each.renderer.prompt_ids((*before, Message("user", text)))))
        for each, before in zip(found, ([], [], shots[:2], shots), strict=True)
        for text in QUESTIONS
    ]
    answers = answered(contest, asked, SHORT, in_flight=9)
    for row, given in zip(asked, answers, strict=True):
        assert given.text == alone(contest.of(row.contestant), row, SHORT).text


def test_the_common_beginning_leaves_each_prompt_a_token() -> None:
    assert common_prefix([(1, 2, 3), (1, 2, 4, 5)]) == (1, 2)
    assert common_prefix([(1, 2, 3), (1, 2, 3)]) == (1, 2)
    assert common_prefix([(1, 2), (1, 2, 3)]) == (1,)
    assert common_prefix([]) == ()


def test_it_can_be_stopped_between_any_two_tokens(runs: Path) -> None:
    contest = Contest(opened(runs, "first", "base", "tuned"))
    asked = asked_of(contest.contestants)
    work = batch_answers(contest, asked, SHORT, in_flight=4)
    steps = sum(1 for _ in work)
    assert steps > len(asked) + 12, "it yields after each token and each piece of a prompt"
    work = batch_answers(contest, asked, SHORT, in_flight=4)
    next(work)
    work.close()
    assert answered(contest, asked[:2], SHORT)[0].tokens > 0


def test_the_seconds_of_all_answers_are_those_of_the_batch(runs: Path) -> None:
    contest = Contest(opened(runs, "first", "base", "tuned"))
    assert contest.parties
    began = time.perf_counter()
    found = answered(contest, asked_of(contest.contestants), SHORT)
    whole = time.perf_counter() - began
    assert all(each.seconds > 0 for each in found)
    assert sum(each.seconds for each in found) <= whole
