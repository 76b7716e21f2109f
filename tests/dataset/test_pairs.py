"""A pair is two answers to one prompt, token for token."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from studio.dataset.dataset import Dataset
from studio.dataset.read.load import read
from studio.dataset.record import Message, Record
from studio.dataset.render.render import Example, ExampleError, Renderer, Rendering, Tokens, TooLong
from studio.errors import DataError
from studio.recipe.fields import Data
from tests.conftest import refused

Write = Callable[..., Path]
DPO = Rendering(objective="dpo")
CLOSING = {"chatml": "<|im_end|>", "llama3": "<|eot_id|>", "phi3": "<|end|>", "llama2": "</s>"}
LONG = "Paris is the capital of France. " * 9


def pair(prompt: str, chosen: str, rejected: str) -> Record:
    return Record(1, (Message("user", prompt), Message("assistant", chosen)), rejected=rejected)


def sides(example: Example) -> tuple[Tokens, Tokens]:
    assert example.rejected is not None
    return example.tokens, example.rejected


def rendered(tokenizer: Any, record: Record, rendering: Rendering = DPO) -> tuple[Tokens, Tokens]:
    (example,) = Renderer(tokenizer, rendering).render(record)
    return sides(example)


def trained_text(tokenizer: Any, tokens: Tokens) -> str:
    return str(tokenizer.decode([t for t, on in zip(tokens.ids, tokens.trained, strict=True) if on]))


def prompt_of(tokens: Tokens) -> tuple[int, ...]:
    return tokens.ids[: tokens.trained.index(True)]


@pytest.mark.parametrize("objective", ["dpo", "orpo", "simpo"])
@pytest.mark.parametrize("name", CLOSING)
def test_both_answers_are_trained_after_the_same_prompt(
    tokenizers_by_name: dict[str, Any], name: str, objective: Any
) -> None:
    tokenizer = tokenizers_by_name[name]
    record = pair("What is the capital?", "Paris.", "No, thank you.")
    chosen, rejected = rendered(tokenizer, record, Rendering(objective=objective))
    assert trained_text(tokenizer, chosen) == "Paris." + CLOSING[name]
    assert trained_text(tokenizer, rejected) == "No, thank you." + CLOSING[name]
    assert prompt_of(chosen) == prompt_of(rejected)
    assert list(prompt_of(chosen)) == Renderer(tokenizer).prompt_ids(record.messages[:1])


def test_of_a_conversation_only_the_last_answers_are_compared(chatml: Any) -> None:
    messages = tuple(
        Message(role, text)
        for role, text in (("user", "Hi"), ("assistant", "yes"), ("user", "no?"), ("assistant", "Hello"))
    )
    chosen, rejected = rendered(chatml, Record(1, messages, rejected="Bye"))
    assert [trained_text(chatml, side) for side in (chosen, rejected)] == ["Hello<|im_end|>", "Bye<|im_end|>"]


AWKWARD = st.text(alphabet="Paris is\n\n 😀é.1", min_size=1, max_size=24).filter(str.strip)


@settings(max_examples=200, deadline=None)
@given(prompt=AWKWARD, chosen=AWKWARD, rejected=AWKWARD, name=st.sampled_from([*CLOSING, "base", "mistral"]))
def test_whatever_the_answers_begin_with_their_prompts_are_the_same_tokens(
    tokenizers_by_name: dict[str, Any], prompt: str, chosen: str, rejected: str, name: str
) -> None:
    assume(chosen.strip() != rejected.strip())  # some templates trim contents
    tokenizer = tokenizers_by_name[name]
    record = pair(prompt, chosen, rejected)
    left, right = rendered(tokenizer, record)
    assert prompt_of(left) == prompt_of(right)
    (alone,) = Renderer(tokenizer).render(record)
    assert left.ids == alone.tokens.ids
    assert sum(left.trained) >= alone.tokens.targets


def test_a_token_over_the_border_in_one_answer_belongs_to_both_answers(
    tokenizers_by_name: dict[str, Any],
) -> None:
    tokenizer = tokenizers_by_name["llama2"]  # makes one token of the prompt's last line end and the answer's
    record = pair("Hi", "\nYes.", "No.")
    chosen, rejected = rendered(tokenizer, record)
    plain = Renderer(tokenizer).prompt_ids(record.messages[:1])
    assert len(prompt_of(chosen)) < len(plain)
    assert prompt_of(chosen) == prompt_of(rejected)
    for side, answer in ((chosen, "\nYes."), (rejected, "No.")):
        assert tokenizer.decode(side.ids) == tokenizer.decode(plain) + answer + "</s>"
        assert trained_text(tokenizer, side).endswith(answer + "</s>")


def test_answers_that_the_template_makes_equal_are_no_pair(tokenizers_by_name: dict[str, Any]) -> None:
    with refused("row.no_example", ExampleError, reason="row.same_tokens"):
        rendered(tokenizers_by_name["llama3"], pair("Hi", "Yes.", "Yes. "))  # Llama 3 trims contents


def test_a_cut_prompt_is_cut_alike_on_both_sides(chatml: Any) -> None:
    record = pair(LONG, "Yes.", "No, thank you, how are you doing today?")
    whole = rendered(chatml, record)
    asked = Rendering(max_length=60, too_long="cut_prompt", objective="dpo")
    chosen, rejected = rendered(chatml, record, asked)
    assert len(rejected.ids) == 60
    assert chosen.cut == rejected.cut == len(whole[1].ids) - 60
    assert prompt_of(chosen) == prompt_of(rejected)
    assert [side.targets for side in (chosen, rejected)] == [side.targets for side in whole]


def test_both_sides_must_fit(chatml: Any) -> None:
    record = pair("Hi", "Yes.", LONG)
    with refused("row.no_example", TooLong, reason="row.too_long"):
        rendered(chatml, record, Rendering(max_length=60, objective="dpo"))
    with refused("row.no_example", TooLong, reason="row.answer_too_long"):
        rendered(chatml, record, Rendering(max_length=60, too_long="cut_prompt", objective="dpo"))
    chosen, rejected = rendered(chatml, record, Rendering(max_length=60, too_long="cut_end", objective="dpo"))
    assert (chosen.cut, len(rejected.ids)) == (0, 60)
    assert rejected.cut > 0


def test_answers_that_differ_only_where_they_are_cut_are_no_pair(chatml: Any) -> None:
    asked = Rendering(max_length=60, too_long="cut_end", objective="dpo")
    with refused("row.no_example", ExampleError, reason="row.same_tokens"):
        rendered(chatml, pair("Hi", LONG + "Yes", LONG + "No"), asked)


PAIRS = [
    {"prompt": f"Question {i}?", "chosen": f"Answer {i}.", "rejected": "No." if i else "No, thank you. " * 9}
    for i in range(20)
]


def test_the_pane_shows_the_chosen_side_and_what_the_pair_lost(write: Write, chatml: Any) -> None:
    asked = Rendering(max_length=60, too_long="cut_end", objective="dpo")
    dataset = Dataset.load(write("d.jsonl", PAIRS), Renderer(chatml, asked), Data(), 0)
    rows = dataset.read_event("m").rows
    by_line = {e.record.line: e for e in (*dataset.train, *dataset.validation, *dataset.test)}
    for row in rows:
        pieces = dataset.rendered(row.line).pieces
        chosen, _ = sides(by_line[row.line])
        assert tuple(piece.id for piece in pieces) == chosen.ids
        assert tuple(piece.trained for piece in pieces) == chosen.trained
        assert (row.tokens, row.trained) == (len(chosen.ids), chosen.targets)
    assert [row.line for row in rows if row.cut] == [1]
    assert dataset.cut == 1


def test_the_objective_does_not_change_which_pairs_are_held_out(write: Write, chatml: Any) -> None:
    path = write("d.jsonl", PAIRS)
    answers, pairs = (
        Dataset.load(path, Renderer(chatml, rendering), Data(), 0) for rendering in (Rendering(), DPO)
    )
    assert [e.record for e in answers.validation] == [e.record for e in pairs.validation]
    assert [e.record for e in answers.test] == [e.record for e in pairs.test]
    assert all(e.rejected is None for e in answers.train)


def test_a_file_of_another_kind_is_refused_with_what_it_needs(write: Write, chatml: Any) -> None:
    path = write("d.jsonl", [{"prompt": "Q", "completion": "A"}])
    named = {"name": "d.jsonl", "format": "prompt/completion"}
    with refused("dataset.no_pairs", DataError, **named, objective="dpo"):
        Dataset.load(path, Renderer(chatml, DPO), Data(), 0)
    with refused("dataset.no_text", DataError, **named):
        Dataset.load(path, Renderer(chatml, Rendering(objective="text")), Data(), 0)
    with refused("row.no_example", ExampleError, reason="row.no_pair"):
        Renderer(chatml, DPO).render(Record(1, (Message("user", "Q"), Message("assistant", "A"))))


def chat(*turns: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[i % 2], "content": turn} for i, turn in enumerate(turns)]


def test_conversations_with_an_implicit_prompt_are_pairs(write: Write) -> None:
    row = {"chosen": chat("Q", "A", "and?", "yes"), "rejected": chat("Q", "A", "and?", "no")}
    explicit = {
        "prompt": chat("Q", "A", "and?"),
        "chosen": [{"role": "assistant", "content": "yes"}],
        "rejected": [{"role": "assistant", "content": "no"}],
    }
    implicit, other = read(write("d.jsonl", [row, explicit])).records
    assert implicit.rejected == "no"
    assert implicit.content == other.content


@pytest.mark.parametrize(
    ("rejected", "reason"),
    [
        (chat("Another", "B"), "differ before their last turn"),
        (chat("Q"), '"rejected" does not end with a turn by the assistant'),
    ],
)
def test_conversations_that_are_no_pair_say_why(write: Write, rejected: Any, reason: str) -> None:
    rows = [{"prompt": "Q", "chosen": "A", "rejected": "B"}, {"chosen": chat("Q", "A"), "rejected": rejected}]
    assert reason in read(write("d.jsonl", rows)).problems[0].reason
