"""What is too long is left out, shortened or divided as asked, and never silently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.catalogue import phrase
from studio.dataset.dataset import Dataset
from studio.dataset.record import Message, Record
from studio.dataset.render.render import Example, ExampleError, Renderer, Rendering, TooLong
from studio.dataset.render.truncate import windows
from studio.recipe.fields import Data
from tests.conftest import refused

Write = Callable[..., Path]
TEXT = "Paris is the capital of France, and London of England. " * 9


def talk(*contents: str) -> Record:
    roles = ("user", "assistant")
    return Record(1, tuple(Message(roles[i % 2], content) for i, content in enumerate(contents)))


def only(examples: tuple[Example, ...]) -> Example:
    (example,) = examples
    return example


@given(length=st.integers(0, 400), maximum=st.integers(2, 70))
def test_windows_hold_every_token_and_make_each_but_the_first_a_target_once(
    length: int, maximum: int
) -> None:
    parts = [part.of(range(length)) for part in windows(length, maximum)]
    assert all(2 <= len(part) <= maximum for part in parts)
    assert Counter(place for part in parts for place in part[1:]) == Counter(range(1, length))


@pytest.mark.parametrize("objective", ["sft", "text"])
@pytest.mark.parametrize("name", ["chatml", "llama2", "llama3"])
def test_a_long_text_becomes_several_examples_and_nothing_of_it_is_lost(
    tokenizers_by_name: dict[str, Any], name: str, objective: Any
) -> None:
    tokenizer = tokenizers_by_name[name]
    record = Record(3, text=TEXT)
    whole = only(Renderer(tokenizer, Rendering(objective=objective)).render(record)).tokens
    renderer = Renderer(tokenizer, Rendering(max_length=50, objective=objective))
    examples = renderer.render(record)
    assert len(examples) > 1
    assert all(example.record is record for example in examples)
    targets = [t for e in examples for t, on in zip(e.tokens.ids, e.tokens.trained, strict=True) if on]
    assert tuple(targets) == whole.ids[1:]
    assert all(e.tokens.cut == 0 and len(e.tokens.ids) <= 50 for e in examples)
    pieces = renderer.pieces(record)
    assert tuple((piece.id, piece.trained, piece.cut) for piece in pieces) == tuple(
        (token, place > 0, False) for place, token in enumerate(whole.ids)
    )
    assert renderer.render_text(TEXT) == tuple(example.tokens for example in examples)


def test_plain_text_can_be_read_under_any_objective(chatml: Any) -> None:
    long = Renderer(chatml, Rendering(max_length=40)).render_text(TEXT)
    assert Renderer(chatml, Rendering(max_length=40, objective="dpo")).render_text(TEXT) == long
    assert sum(tokens.targets for tokens in long) == Renderer(chatml).render_text(TEXT)[0].targets


def test_a_too_long_example_is_left_out_and_the_reason_names_the_numbers_and_the_choices(
    chatml: Any,
) -> None:
    record = talk("Hi", TEXT)
    length = len(only(Renderer(chatml).render(record)).tokens.ids)
    assert Renderer(chatml, Rendering(max_length=length)).render(record)
    why = phrase("row.too_long", tokens=length, limit=length - 1)
    with refused("row.no_example", TooLong, reason=why):
        Renderer(chatml, Rendering(max_length=length - 1)).render(record)


@pytest.mark.parametrize("name", ["chatml", "llama3", "llama2", "base"])
def test_a_cut_prompt_loses_its_beginning_but_the_first_special_token(
    tokenizers_by_name: dict[str, Any], name: str
) -> None:
    tokenizer = tokenizers_by_name[name]
    record = talk(TEXT, "London, of course.")
    whole = only(Renderer(tokenizer).render(record)).tokens
    renderer = Renderer(tokenizer, Rendering(max_length=60, too_long="cut_prompt"))
    tokens = only(renderer.render(record)).tokens
    lead = 0 if name == "base" else 1
    assert tokens.ids == whole.ids[:lead] + whole.ids[len(whole.ids) - 60 + lead :]
    assert (tokens.targets, tokens.cut) == (whole.targets, len(whole.ids) - 60)
    pieces = renderer.pieces(record)
    struck = [place for place, piece in enumerate(pieces) if piece.cut]
    assert struck == list(range(lead, lead + tokens.cut))
    assert tuple(piece.id for piece in pieces if not piece.cut) == tokens.ids


def test_an_answer_that_does_not_fit_is_left_out_rather_than_cut(chatml: Any) -> None:
    renderer = Renderer(chatml, Rendering(max_length=50, too_long="cut_prompt"))
    with refused("row.no_example", TooLong, reason="row.answer_too_long"):
        renderer.render(talk("Hi", TEXT))


def test_the_last_answer_alone_leaves_room_that_all_answers_do_not(chatml: Any) -> None:
    record = talk("Hi", TEXT, "And then?", "Yes.")
    with pytest.raises(TooLong):
        Renderer(chatml, Rendering(max_length=50, too_long="cut_prompt")).render(record)
    asked = Rendering(max_length=50, too_long="cut_prompt", train_on="last_answer")
    tokens = only(Renderer(chatml, asked).render(record)).tokens
    assert len(tokens.ids) == 50
    assert tokens.targets == len(chatml.encode("Yes.<|im_end|>"))


def test_a_cut_end_keeps_the_beginning_and_says_how_much_is_missing(chatml: Any) -> None:
    record = talk("Hi", "Paris is the capital of France. " * 5)
    whole = only(Renderer(chatml).render(record)).tokens
    length = whole.trained.index(True) + 6
    renderer = Renderer(chatml, Rendering(max_length=length, too_long="cut_end"))
    tokens = only(renderer.render(record)).tokens
    assert tokens.ids == whole.ids[:length]
    assert tokens.cut == len(whole.ids) - length
    assert (tokens.targets, whole.cut) == (6, 0)
    pieces = renderer.pieces(record)
    assert [piece.cut for piece in pieces] == [False] * length + [True] * tokens.cut
    assert not any(piece.trained for piece in pieces if piece.cut)
    with refused("row.no_example", TooLong, reason="row.prompt_too_long"):
        Renderer(chatml, Rendering(max_length=length - 6, too_long="cut_end")).render(record)


WORDS = st.integers(1, 30).map(lambda count: "What is the capital? Yes. No 😀 "[:count])


@settings(max_examples=150, deadline=None)
@given(
    turns=st.lists(WORDS, min_size=2, max_size=6).map(lambda words: words[: len(words) // 2 * 2]),
    max_length=st.integers(8, 90),
    too_long=st.sampled_from(["drop", "cut_prompt", "cut_end"]),
    train_on=st.sampled_from(["answers", "last_answer", "all"]),
    name=st.sampled_from(["chatml", "stripping", "llama3", "llama2", "base"]),
)
def test_what_is_coloured_is_what_is_trained_whatever_is_asked(
    tokenizers_by_name: dict[str, Any],
    turns: list[str],
    max_length: int,
    too_long: Any,
    train_on: Any,
    name: str,
) -> None:
    record = talk(*turns)
    whole = only(Renderer(tokenizers_by_name[name], Rendering(train_on=train_on)).render(record)).tokens
    renderer = Renderer(tokenizers_by_name[name], Rendering("auto", max_length, too_long, train_on))
    try:
        tokens = only(renderer.render(record)).tokens
    except TooLong:
        assert len(whole.ids) > max_length
        with pytest.raises(TooLong):
            renderer.pieces(record)
        return
    assert len(tokens.ids) == min(len(whole.ids), max_length)
    assert len(tokens.ids) + tokens.cut == len(whole.ids)
    assert tokens.targets > 0
    assert not tokens.trained[0]
    if too_long == "cut_prompt" and train_on != "all":
        assert tokens.targets == whole.targets
    kept = [piece for piece in renderer.pieces(record) if not piece.cut]
    assert [(piece.id, piece.trained) for piece in kept] == list(zip(tokens.ids, tokens.trained, strict=True))


def test_training_on_the_last_answer_or_on_all_text(tokenizers_by_name: dict[str, Any]) -> None:
    record = talk("Hi", "yes", "again", "No.")
    for name in ("chatml", "llama2"):
        tokenizer = tokenizers_by_name[name]
        whole = only(Renderer(tokenizer).render(record)).tokens
        last = only(Renderer(tokenizer, Rendering(train_on="last_answer")).render(record)).tokens
        everything = only(Renderer(tokenizer, Rendering(train_on="all")).render(record)).tokens
        assert last.ids == whole.ids == everything.ids
        end = tokenizer.eos_token
        assert (
            tokenizer.decode([t for t, on in zip(last.ids, last.trained, strict=True) if on]) == f"No.{end}"
        )
        assert everything.trained == (False,) + (True,) * (len(whole.ids) - 1)
        assert Renderer(tokenizer, Rendering(train_on="all")).stops == Renderer(tokenizer).stops


def test_a_conversation_is_no_plain_text(chatml: Any) -> None:
    with refused("row.no_example", ExampleError, reason="row.conversation"):
        Renderer(chatml, Rendering(objective="text")).render(talk("Hi", "Yo"))


def test_examples_left_out_for_their_length_are_counted_and_told(write: Write, chatml: Any) -> None:
    rows = [{"prompt": f"Question {i}?", "completion": "yes " * 60 if i < 3 else "Yes."} for i in range(12)]
    path = write("d.jsonl", rows)
    dataset = Dataset.load(path, Renderer(chatml, Rendering(max_length=64)), Data(), 0)
    assert (dataset.dropped, dataset.skipped, dataset.cut) == (3, 3, 0)
    assert [problem.line for problem in dataset.problems] == [1, 2, 3]
    assert all(problem.reason.startswith("left out, because its ") for problem in dataset.problems)
    assert len(dataset.read_event("m").rows) == 9


def test_a_divided_text_is_one_row_and_stays_in_one_part(write: Write, chatml: Any) -> None:
    path = write("d.jsonl", [{"text": f"{i}. {TEXT}"} for i in range(10)])
    whole = Dataset.load(path, Renderer(chatml), Data(), 0)
    dataset = Dataset.load(path, Renderer(chatml, Rendering(max_length=50, objective="text")), Data(), 0)
    assert len(dataset.train) > len(whole.train) == 8
    assert dataset.read_event("m").rows == whole.read_event("m").rows
    assert (dataset.cut, dataset.problems) == (0, ())


@pytest.mark.parametrize("asked", [{"max_length": 64}, {"template": "alpaca"}, {"train_on": "all"}])
def test_how_rows_are_rendered_does_not_change_which_are_held_out(
    write: Write, chatml: Any, asked: dict[str, Any]
) -> None:
    rows = [
        {"prompt": f"Question {i}?", "completion": "yes " * 60 if i % 3 == 0 else "Yes."} for i in range(40)
    ]
    path = write("d.jsonl", rows)
    plain = Dataset.load(path, Renderer(chatml), Data(), 0)
    other = Dataset.load(path, Renderer(chatml, Rendering(**asked)), Data(), 0)
    for before, after in ((plain.validation, other.validation), (plain.test, other.test)):
        held = {example.record.line for example in before}
        assert {example.record.line for example in after} == held - {p.line for p in other.problems}
        assert after


def test_a_part_is_not_left_empty_by_what_is_dropped(write: Write, chatml: Any) -> None:
    first = Dataset.load(
        write("a.jsonl", [{"prompt": f"Question {i}?", "completion": "Yes."} for i in range(12)]),
        Renderer(chatml),
        Data(),
        0,
    )
    held = {example.record.line for example in first.validation}
    rows = [
        {"prompt": f"Question {i}?", "completion": "yes " * 60 if i + 1 in held else "Yes."}
        for i in range(12)
    ]
    dataset = Dataset.load(write("b.jsonl", rows), Renderer(chatml, Rendering(max_length=64)), Data(), 0)
    assert dataset.validation
    assert dataset.dropped == len(held)
