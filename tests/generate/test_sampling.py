"""How tokens are drawn: as mlx-lm draws them, with penalties that count the prompt, and texts to stop at."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx_lm.models.cache import make_prompt_cache
from mlx_lm.sample_utils import make_logits_processors, make_sampler
from pydantic import ValidationError

from studio.cli.commands import run
from studio.events import AnswerEnded, AnswerPiece
from studio.generate.sampling import GREEDY, Sampling, read_stop, write_stop
from studio.generate.stream import Until, answer, next_tokens
from studio.models.cache import ModelCache, OpenModel
from studio.words import whole_characters
from tests.conftest import write_rows

PROMPT = [1, 80, 81, 82, 10, 90, 91, 80]


@pytest.fixture
def opened(tiny_model: Path) -> OpenModel:
    return ModelCache().open(tiny_model)


def sampled(**values: Any) -> Sampling:
    plain = {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "repetition_penalty": 1.0, "seed": 3}
    return Sampling.model_validate({**plain, **values})


def take(opened: OpenModel, sampling: Sampling, count: int = 24) -> list[int]:
    return list(itertools.islice(next_tokens(opened.module, PROMPT, sampling), count))


def mlx_lms(opened: OpenModel, sampler: Any, processors: list[Any], seed: int, count: int = 24) -> list[int]:
    """The tokens that mlx-lm's own pieces draw, the whole text before them in a fresh cache each time."""
    tokens = list(PROMPT)
    for position in range(count):
        logits = opened.module(mx.array([tokens]), cache=make_prompt_cache(opened.module))[:, -1, :]
        for processor in processors:
            logits = processor(mx.array(tokens), logits)
        mx.random.seed((seed << 32) | position)
        tokens.append(int(sampler(logits - mx.logsumexp(logits, keepdims=True)).item()))
    return tokens[len(PROMPT) :]


DRAWS: list[dict[str, Any]] = [
    {},
    {"temperature": 0.0},
    {"temperature": 1.7},
    {"top_p": 0.5},
    {"top_p": 0.01},
    {"min_p": 0.3},
    {"min_p": 1.0},
    {"top_k": 3},
    {"top_p": 0.9, "min_p": 0.05, "top_k": 20, "temperature": 0.6},
]
PENALTIES: list[dict[str, Any]] = [
    {},
    {"repetition_penalty": 1.8},
    {"presence_penalty": 1.5},
    {"frequency_penalty": 0.7},
    {"presence_penalty": -0.5, "frequency_penalty": -0.5},
    {"repetition_penalty": 1.3, "presence_penalty": 0.4, "frequency_penalty": 0.2},
]


@pytest.mark.parametrize("penalties", PENALTIES, ids=str)
@pytest.mark.parametrize("draw", DRAWS, ids=str)
def test_tokens_equal_those_of_mlx_lms_sampler_and_processors(
    opened: OpenModel, draw: dict[str, Any], penalties: dict[str, Any]
) -> None:
    sampling = sampled(**draw, **penalties)
    sampler = make_sampler(
        temp=sampling.temperature, top_p=draw.get("top_p", 0), min_p=sampling.min_p, top_k=sampling.top_k
    )
    far = 10_000
    processors = make_logits_processors(
        **penalties, repetition_context_size=far, presence_context_size=far, frequency_context_size=far
    )
    assert take(opened, sampling, 8) == mlx_lms(opened, sampler, processors, sampling.seed, 8)


@pytest.mark.parametrize("window", [1, 5, 20])
def test_a_window_is_mlx_lms_context_size(opened: OpenModel, window: int) -> None:
    sampling = sampled(temperature=0.0, repetition_penalty=2.0, frequency_penalty=1.0, penalty_window=window)
    processors = make_logits_processors(
        repetition_penalty=2.0,
        repetition_context_size=window,
        frequency_penalty=1.0,
        frequency_context_size=window,
    )
    assert take(opened, sampling, 30) == mlx_lms(opened, make_sampler(0.0), processors, 3, 30)


def test_penalties_are_those_of_their_definitions_over_prompt_and_answer(opened: OpenModel) -> None:
    """By hand: Keskar et al. (2019) as transformers has it, then OpenAI's presence and frequency."""
    sampling = sampled(temperature=0.0, repetition_penalty=1.5, presence_penalty=0.3, frequency_penalty=0.2)
    tokens = list(PROMPT)
    for token in take(opened, sampling, 12):
        logits = np.array(opened.module(mx.array([tokens]))[0, -1].astype(mx.float32))
        for each, count in Counter(tokens).items():
            logits[each] = logits[each] * 1.5 if logits[each] < 0 else logits[each] / 1.5
            logits[each] -= 0.3 + 0.2 * count
        assert token == int(logits.argmax())
        tokens.append(token)


@pytest.mark.parametrize("temperature", [0.0, 1e-300, 1e-38, 1e-20, 1e-10, 1e-6, 5e-4])
def test_a_tiny_temperature_takes_the_likeliest(opened: OpenModel, temperature: float) -> None:
    assert take(opened, sampled(temperature=temperature)) == take(opened, GREEDY)


@pytest.mark.parametrize("top_k", [255, 256, 257, 511, 512, 513, 1000])
def test_as_many_as_the_vocabulary_or_more_are_all(opened: OpenModel, top_k: int) -> None:
    vocabulary = opened.module(mx.array([PROMPT])).shape[-1]
    tokens = take(opened, sampled(top_k=top_k))
    if top_k >= vocabulary:
        assert tokens == take(opened, sampled())


@pytest.mark.parametrize(
    "values",
    [
        {"temperature": float("nan")},
        {"temperature": float("inf")},
        {"temperature": -0.1},
        {"top_p": 0},
        {"min_p": 1.01},
        {"min_p": -0.1},
        {"presence_penalty": 2.5},
        {"frequency_penalty": float("nan")},
        {"stop": ("",)},
        {"stop": ("x",) * 17},
    ],
    ids=str,
)
def test_what_cannot_be_drawn_by_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        sampled(**values)


def ended(opened: OpenModel, sampling: Sampling) -> tuple[AnswerEnded, str]:
    events = list(answer("tuned", opened.module, opened.tokenizer, PROMPT, sampling, ()))
    last = events[-1]
    assert isinstance(last, AnswerEnded)
    return last, "".join(event.text for event in events if isinstance(event, AnswerPiece))


@pytest.mark.parametrize("length", [1, 2, 5])
def test_an_answer_ends_before_a_text_to_stop_at_and_shows_none_of_it(opened: OpenModel, length: int) -> None:
    long = sampled(max_tokens=60)
    whole, _ = ended(opened, long)
    for place in (0, 7, 20, len(whole.text) - length):
        stop = whole.text[place : place + length]
        found, shown = ended(opened, long.model_copy(update={"stop": ("never found", stop)}))
        assert found.text == shown == whole.text[: whole.text.index(stop)]
        assert found.finish_reason == "stop"
        assert found.tokens <= whole.tokens


def test_what_only_began_like_a_text_to_stop_at_is_shown_in_the_end(opened: OpenModel) -> None:
    long = sampled(max_tokens=40)
    whole, _ = ended(opened, long)
    assert ended(opened, long.model_copy(update={"stop": (whole.text[-3:] + "…",)}))[1] == whole.text


def test_pieces_up_to_a_stop_are_those_of_the_whole_text() -> None:
    for text, stops in (
        ("one two three", ("two",)),
        ("aaab", ("aab", "b")),
        ("abcabd", ("abd",)),
        ("ab", ("abc",)),
        ("xyz", ()),
        ("ababac", ("abac", "ac")),
    ):
        ends = [place for stop in stops if (place := text.find(stop)) >= 0]
        for cuts in itertools.chain.from_iterable(
            itertools.combinations(range(1, len(text)), count) for count in range(4)
        ):
            until, shown = Until(stops), ""
            for start, end in itertools.pairwise([0, *cuts, len(text)]):
                shown += until.take(text[start:end])
            shown += until.rest()
            assert shown == until.text == (text[: min(ends)] if ends else text)
            assert until.ended == bool(ends)


def test_a_text_to_stop_at_is_written_in_a_line() -> None:
    for stop in ("User:", "\n\n", "\t", "a\\nb", "\\", "C:\\new\ttable"):
        assert "\n" not in write_stop(stop)
        assert read_stop(write_stop(stop)) == stop
    assert read_stop(r"\n\x") == "\n\\x"


def test_halves_of_characters_are_joined_or_replaced() -> None:
    assert whole_characters("a\ud83d\ude00b") == "a😀b"
    assert whole_characters("a\ud83db\udcff") == "a\ufffdb\ufffd"
    assert whole_characters("Zürich 😀") == "Zürich 😀"


def test_chat_takes_every_option_and_says_what_cannot_be(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_rows(tmp_path / "toy.jsonl", 12)
    train = ["train", str(data), "--model", str(tiny_model), "--name", "toy", "--set", "loop.steps=1"]
    assert run([*train, "--set", "watch.forgetting=false"]) == 0
    capsys.readouterr()
    chat = ["chat", "toy", "--prompt", "Say \udcff\ud83d", "--max-tokens", "6", "--json"]
    options = [
        ["--min-p", "0.1"],
        ["--presence-penalty", "1", "--frequency-penalty", "-0.5", "--penalty-window", "4"],
        ["--temperature", "1e-20", "--top-k", "1000", "--stop", "never", "--stop", r"\n"],
    ]
    for each in options:
        assert run([*chat, *each]) == 0
        document = json.loads(capsys.readouterr().out)
        assert document["prompt"] == "Say \ufffd\ufffd"
    assert document["sampling"]["stop"] == ["never", "\n"]
    for bad, said in (
        (["--min-p", "2"], "--min-p must be at most 1."),
        (["--frequency-penalty", "nan"], "--frequency-penalty must be a number."),
        (["--stop", ""], "--stop: a text to stop at has"),
    ):
        assert run([*chat, *bad]) == 2
        assert said in capsys.readouterr().err
    assert run([*train, "--set", "watch.prompts=Say \udcff"]) == 2
    assert "--set watch.prompts has bytes in it that are no UTF-8 text" in capsys.readouterr().err


def test_the_defaults_are_the_usual_ones() -> None:
    usual = Sampling.model_validate({})
    assert (usual.temperature, usual.top_p, usual.top_k) == (0.7, 0.9, 50)
    assert (usual.repetition_penalty, usual.max_tokens) == (1.1, 512)
