"""An answer read token by token says what plain numpy finds in the logits."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from studio.dataset.record import Message
from studio.events import AnswerRead
from studio.generate.contestant import OpenContestant
from studio.generate.sampling import GREEDY
from studio.generate.talking import asked_talk
from studio.generate.token_view import LIKELY, pieces_of
from studio.jobs.answers import ChatJob, ReadAnswerJob
from studio.models.cache import ModelCache
from studio.runs.folder import RunFolder
from tests.generate.test_talking import FIRST, LATER, ended, talks
from tests.jobs.test_contestants import opened, runs

__all__ = ["runs"]

SHORT = GREEDY.model_copy(update={"max_tokens": 70})


def log_p(contestant: OpenContestant, turns: tuple[Message, ...], ids: tuple[int, ...]) -> np.ndarray:
    """[tokens, vocabulary], from one pass over prompt and answer."""
    prompt = asked_talk("", contestant, turns).prompt
    logits = np.array(contestant.module(mx.array([[*prompt, *ids]])))[0].astype(np.float64)
    logits = logits[len(prompt) - 1 : -1]
    logits -= logits.max(axis=-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def test_probabilities_entropy_and_shift_are_those_of_the_logits(runs: Path) -> None:
    run, cache = RunFolder(runs / "first"), ModelCache()
    asked = talks((("base", FIRST), ("tuned", LATER), ("tuned@2", FIRST)))
    answers = ended(list(ChatJob(run, asked, SHORT).run_events(cache)))
    ids = answers["tuned"].ids
    assert len(ids) > 3
    job = ReadAnswerJob(run, asked, 1, ids)
    (read,) = [event for event in job.run_events(cache) if isinstance(event, AnswerRead)]
    assert (read.who, read.readers) == ("tuned", ("tuned", "base", "tuned@2"))
    base, tuned, early = opened(runs, "first", "base", "tuned", "tuned@2")
    own, other, third = log_p(tuned, LATER, ids), log_p(base, FIRST, ids), log_p(early, FIRST, ids)
    at = np.arange(len(ids))
    assert [each.id for each in read.tokens] == list(ids)
    assert np.allclose([each.probability for each in read.tokens], np.exp(own[at, ids]), atol=1e-5)
    assert np.allclose([each.entropy for each in read.tokens], -(np.exp(own) * own).sum(-1), atol=1e-4)
    shift = own[at, ids] - other[at, ids]
    assert np.abs(shift).max() > 0.1
    assert np.allclose([each.shifts[1] for each in read.tokens], shift, atol=1e-4)
    assert np.allclose([each.shifts[2] for each in read.tokens], own[at, ids] - third[at, ids], atol=1e-4)
    for number, whole in enumerate((own, other, third)):
        best = np.sort(np.exp(whole), axis=-1)[:, ::-1][:, :LIKELY]
        told = [[each.probability for each in token.likely[number]] for token in read.tokens]
        assert np.allclose(told, best, atol=1e-5)
        for place, token in enumerate(read.tokens):
            for each in token.likely[number]:
                assert each.probability == pytest.approx(np.exp(whole[place, each.id]), abs=1e-5)
    assert "".join(each.text for each in read.tokens) == answers["tuned"].text


def test_tokens_in_the_middle_of_a_character_have_no_text_of_their_own(runs: Path) -> None:
    (base,) = opened(runs, "first", "base")
    text = "Snow \N{SNOWMAN} and \N{WAVING HAND SIGN}"
    ids = base.renderer.piece_ids(text)
    pieces = pieces_of(base.tokenizer, ids)
    assert len(pieces) == len(ids)
    assert "".join(pieces) == text


def test_an_answer_that_only_one_can_read_has_no_shift(runs: Path, tiny_model: Path) -> None:
    asked = talks(((f"model:{tiny_model}", FIRST),))
    (read,) = [
        each
        for each in ReadAnswerJob(None, asked, 0, (5, 6, 7)).run_events(ModelCache())
        if isinstance(each, AnswerRead)
    ]
    assert len(read.readers) == 1
    assert [each.shifts for each in read.tokens] == [(0.0,)] * 3
