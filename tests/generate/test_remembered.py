"""The next turn of a conversation reads only what is new, and its answer is the same."""

from __future__ import annotations

import gc
import itertools
import shutil
import weakref
from collections.abc import Sequence
from pathlib import Path

import mlx.core as mx
import pytest
from mlx_lm.models.cache import make_prompt_cache

from studio.dataset.record import Message
from studio.events import AnswerEnded
from studio.generate import in_flight
from studio.generate.contestant import OpenContestant
from studio.generate.parties import Contest
from studio.generate.remembered import OwnMemory, ReadConversations, memory_of
from studio.generate.sampling import GREEDY, Sampling
from studio.generate.stream import next_tokens
from studio.generate.talking import asked_talk, talking
from studio.models.cache import ModelCache
from tests.generate.test_parties import FAMILIES, made
from tests.jobs.test_contestants import opened, runs

__all__ = ["runs"]

SHORT = GREEDY.model_copy(update={"max_tokens": 12})
DRAWN = Sampling(temperature=1.1, max_tokens=12, seed=3, repetition_penalty=1.2)
ASKED = ("Say the number 7", "And the one after it?", "Now say both of them")


def conversation(
    contestants: Sequence[OpenContestant], sampling: Sampling, *, remembers: bool
) -> list[dict[str, tuple[int, ...]]]:
    """The answers' ids, turn by turn; each contestant's answers stand in its own conversation."""
    turns: dict[str, tuple[Message, ...]] = {each.key: () for each in contestants}
    told = []
    for question in ASKED:
        contest = Contest(tuple(contestants), remembers=remembers)
        turns = {key: (*before, Message("user", question)) for key, before in turns.items()}
        asked = [asked_talk(key, contest.of(key), said) for key, said in turns.items()]
        ended = [event for event in talking(contest, asked, sampling) if isinstance(event, AnswerEnded)]
        turns |= {each.who: (*turns[each.who], Message("assistant", each.text)) for each in ended}
        told.append({each.who: each.ids for each in ended})
    return told


@pytest.mark.parametrize("sampling", [SHORT, DRAWN], ids=["greedy", "drawn"])
@pytest.mark.parametrize("keys", [("tuned",), ("base", "tuned@2", "tuned")], ids=["alone", "together"])
def test_a_conversation_that_is_remembered_has_the_same_tokens(
    runs: Path, keys: tuple[str, ...], sampling: Sampling
) -> None:
    contestants = opened(runs, "first", *keys)
    plain = conversation(contestants, sampling, remembers=False)
    assert not any(memory_of(each).read.size for each in contestants)
    assert conversation(contestants, sampling, remembers=True) == plain
    assert memory_of(contestants[0]).read.size > 0


def test_the_next_turn_reads_only_what_is_new(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    widths: list[int] = []
    read = in_flight.read

    def counted(model: object, rows: Sequence[Sequence[int]], caches: list[object]) -> object:
        widths.append(max(map(len, rows)))
        return read(model, rows, caches)  # type: ignore[arg-type]

    monkeypatch.setattr(in_flight, "read", counted)
    contestants = opened(runs, "first", "base", "tuned")
    conversation(contestants, SHORT, remembers=False)
    plain, widths[:] = list(widths), []
    conversation(contestants, SHORT, remembers=True)
    assert widths[0] == plain[0]
    assert widths[1] < 0.75 * plain[1]
    assert widths[2] < 0.75 * plain[2]


@pytest.mark.parametrize("family", ["mamba", "gemma3_text"])
def test_a_model_that_cannot_go_back_goes_on(family: str) -> None:
    """As one whose state has no places, or that looks back over a window only."""
    model = made(family, FAMILIES[family][0])
    kept = OwnMemory("model", ReadConversations())
    prompt = [5, 9, 20, 31]
    said = list(itertools.islice(next_tokens(model, prompt, SHORT, 0, kept), 5))
    after = [*prompt, *said, 7, 12]
    assert kept.recall(after)[1] == len(after) - 2
    plain = list(itertools.islice(next_tokens(model, after, SHORT), 5))
    assert list(itertools.islice(next_tokens(model, after, SHORT, 0, kept), 5)) == plain
    other = [*prompt, 60, 61]
    plain = list(itertools.islice(next_tokens(model, other, SHORT), 5))
    assert list(itertools.islice(next_tokens(model, other, SHORT, 0, kept), 5)) == plain


def test_what_is_remembered_goes_with_the_weights(runs: Path, tiny_model: Path, tmp_path: Path) -> None:
    cache = ModelCache()
    contestants = opened(runs, "first", "tuned", cache=cache)
    conversation(contestants, SHORT, remembers=True)
    read = weakref.ref(memory_of(contestants[0]).read)
    assert read() is not None
    del contestants
    assert read() is not None, "the model is still the one used last"
    cache.open(shutil.copytree(tiny_model, tmp_path / "other"))
    gc.collect()
    assert read() is None


def test_the_conversation_used_longest_ago_is_forgotten_where_they_grow_too_large(runs: Path) -> None:
    (base,) = opened(runs, "first", "base")

    def read(ids: Sequence[int]) -> list[object]:
        cache = make_prompt_cache(base.module)
        base.module(mx.array([list(ids)]), cache=cache)
        return cache

    kept = ReadConversations()
    kept.keep("base", (1, 2, 3), read((1, 2, 3)))
    one = kept.size
    kept.most = 2 * one
    kept.keep("base", (1, 2, 3, 4), read((1, 2, 3, 4)))
    assert len(kept) == 1, "what a conversation goes on from is in it"
    kept.keep("base", (5, 6, 7), read((5, 6, 7)))
    assert kept.recall("base", (1, 2, 3, 9))[1] == 3
    kept.keep("base", (8, 9, 10), read((8, 9, 10)))
    assert kept.size <= 2 * one
    assert kept.recall("base", (5, 6, 7, 8)) == ([], 0)
    assert kept.recall("tuned", (1, 2, 3, 9)) == ([], 0), "another's is not one's own"
    assert kept.recall("base", (1, 2, 3))[1] == 2, "the last token is always read"
