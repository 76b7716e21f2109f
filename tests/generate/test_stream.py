"""Answers: the same from the same seed, equal to the model's own choice, and from one copy of the weights."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import pytest
from mlx.utils import tree_flatten

from studio.events import AnswerEnded, AnswerPiece
from studio.generate.batch import likeliest
from studio.generate.sampling import GREEDY, Sampling
from studio.generate.stream import answer, next_tokens
from studio.models import adapter
from studio.models.adapter import Tuning
from studio.models.cache import ModelCache, OpenModel

PROMPT = [1, 80, 81, 82, 10, 90, 91]
STOPS = frozenset({2})  # <|im_end|>


@pytest.fixture
def opened(tiny_model: Path) -> OpenModel:
    return ModelCache().open(tiny_model)


def take(opened: OpenModel, count: int, sampling: Sampling) -> list[int]:
    tokens = next_tokens(opened.module, PROMPT, sampling)
    return [next(tokens) for _ in range(count)]


def test_greedy_tokens_are_the_likeliest_of_the_whole_sequence(opened: OpenModel) -> None:
    ids = list(PROMPT)
    for token in take(opened, 12, GREEDY):
        assert token == mx.argmax(opened.module(mx.array([ids]))[0, -1]).item()
        ids.append(token)


def test_a_long_prompt_is_read_in_pieces_to_the_same_end(
    opened: OpenModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = take(opened, 6, GREEDY)
    monkeypatch.setattr("studio.generate.stream.PREFILL", 2)
    assert take(opened, 6, GREEDY) == whole


def test_the_seed_decides_and_nothing_else(opened: OpenModel) -> None:
    sampling = Sampling(temperature=1.5, top_k=0, top_p=1.0, seed=5)
    first = take(opened, 20, sampling)
    mx.random.seed(99)
    assert take(opened, 20, sampling) == first
    assert take(opened, 20, sampling.model_copy(update={"seed": 6})) != first


def test_each_sampling_control_changes_the_answer(opened: OpenModel) -> None:
    wild = Sampling(temperature=2.0, top_p=1.0, top_k=0, repetition_penalty=1.0, seed=1)
    plain = take(opened, 40, wild)
    for name, value in (("temperature", 0.2), ("top_p", 0.1), ("top_k", 2), ("repetition_penalty", 2.0)):
        assert take(opened, 40, wild.model_copy(update={name: value})) != plain
    assert take(opened, 10, wild.model_copy(update={"top_k": 1})) == take(opened, 10, GREEDY)


def test_pieces_join_to_the_text_and_the_limit_holds(opened: OpenModel) -> None:
    events = list(answer("base", opened.module, opened.tokenizer, PROMPT, Sampling(max_tokens=9), STOPS))
    ended = events[-1]
    assert isinstance(ended, AnswerEnded)
    assert ended.text == "".join(e.text for e in events if isinstance(e, AnswerPiece))
    assert (ended.tokens, ended.prompt_tokens, ended.finish_reason) == (9, len(PROMPT), "length")


def test_batched_answers_equal_single_ones(opened: OpenModel) -> None:
    prompts = [PROMPT[:n] for n in (3, 5, 7, 4, 6)]
    batched = dict(a for a in likeliest(opened.module, opened.tokenizer, prompts, 8, STOPS, in_flight=2) if a)
    for index, prompt in enumerate(prompts):
        short = GREEDY.model_copy(update={"max_tokens": 8})
        single = list(answer("base", opened.module, opened.tokenizer, prompt, short, STOPS))[-1]
        assert isinstance(single, AnswerEnded)
        assert batched[index] == single.text.strip()


def test_base_and_tuned_share_one_copy_of_the_weights(tiny_model: Path) -> None:
    model_cache = ModelCache()
    base = model_cache.open(tiny_model)
    before = mx.get_active_memory()
    tuned = model_cache.open(tiny_model)
    adapter.attach(tuned.module, Tuning(rank=2, alpha=4))
    mx.eval(tuned.module.parameters())
    extra = sum(a.nbytes for a in adapter.weights(tuned.module).values())
    assert mx.get_active_memory() - before <= extra * 2 + 4096
    mine = dict(tree_flatten(base.module.parameters()))
    assert not any("lora" in name for name in mine)


def test_the_base_beside_a_tuned_model_is_the_untouched_base(tiny_model: Path) -> None:
    model_cache, ids = ModelCache(), mx.array([PROMPT])
    alone = ModelCache().open(tiny_model).module(ids)
    base, tuned = model_cache.open(tiny_model), model_cache.open(tiny_model)
    adapter.attach(tuned.module, Tuning(rank=2, alpha=64))
    noisy = [(n, a + 0.5) for n, a in adapter.weights(tuned.module).items()]
    tuned.module.load_weights(noisy, strict=False)
    assert mx.array_equal(base.module(ids), alone).item()
    assert not mx.allclose(tuned.module(ids), alone, atol=1e-2).item()
