"""What models reply, and what is understood of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.synth.replies import pairs, single

ONE = [("Why?", "Because.")]


@pytest.mark.parametrize(
    "reply",
    [
        '[{"question": "Why?", "answer": "Because."}]',
        '```json\n[{"question": "Why?", "answer": "Because."}]\n```',
        'Sure! Here it is:\n\n[{"Question": "Why?", "Answer": "Because."}]\nTell me if you need more.',
        '<think>[{"question": "No", "answer": "no"}]</think>{"pairs": [{"q": "Why?", "a": "Because."}]}',
        '{"instruction": "Why?", "output": "Because."}',
        "Q: Why?\nA: Because.",
        "**Question 1:** Why?\n**Answer:** Because.",
        "1. Question: Why?\n   Answer: Because.",
        "Request: Why?\n\nResponse: Because.\n",
        'thinking about [{"question": "No", "answer": "no"}]\n</think>\n[{"q": "Why?", "a": "Because."}]',
        "<thinking>hm</thinking><reasoning>Q: No\nA: no</reasoning>Q: Why?\nA: Because.",
        "[THINK]Q: No\nA: no[/THINK]Question: Why? \nAnswer: Because.",
        '{"questions": [{"question": "Why?", "answer": "Because."}]}',
        '{"questions": ["Why?"], "answers": ["Because."]}',
        '{"data": {"pairs": [{"prompt": "Why?", "completion": "Because."}]}}',
        '[{"Question 1": "Why?", "Answer 1": "Because."}]',
        '{"question_1": "Why?", "answer_1": "Because."}',
        '{"result": {"qa": {"query": "Why?", "reply": "Because."}}}',
        'Sure! Here are the pairs:\n\n```json\n[{"question": "Why?", "answer": "Because."}]\n```\nMore?',
        "1. **Question:** Why?\n   **Answer:** Because.",
        "Question: Why?\r\nAnswer: Because.",
    ],
)
def test_a_pair_is_found_however_it_is_dressed(reply: str) -> None:
    assert pairs(reply) == ONE


def test_several_pairs_and_broken_ones_between_them() -> None:
    assert pairs("Q: One?\nA: 1\n2.\n\nQ: Nobody answers\nQ: Two?\nA: 2") == [
        ("One?", "1\n2."),
        ("Two?", "2"),
    ]
    whole = '[{"question": "One?", "answer": 1}, {"question": "Two?"}, {"question": "Three?", "answer": "3"}]'
    assert pairs(whole) == [("One?", "1"), ("Three?", "3")]
    cut = '[{"question": "One?", "answer": "1"}, {"question": "Two?", "answer": "tw'
    assert pairs(cut) == [("One?", "1")]
    assert pairs('{"question": "A\nB?", "answer": "1"}') == [("A\nB?", "1")]


@pytest.mark.parametrize(
    "reply", ["", "I cannot do that.", "[1, 2", "A: an answer alone", "<think>Q: a\nA: b"]
)
def test_where_there_is_no_pair_none_is_found(reply: str) -> None:
    assert pairs(reply) == []


@given(st.text(max_size=200) | st.recursive(st.text(), st.lists, max_leaves=30).map(json.dumps))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_no_reply_is_too_strange(reply: str) -> None:
    assert all(isinstance(part, str) for pair in pairs(reply) for part in pair)
    assert single(reply) == single(reply).strip()


def test_many_opening_brackets_take_no_time() -> None:
    assert pairs("[" * 100_000) == pairs('{"a":' * 20_000) == []


@pytest.mark.parametrize(
    "reply",
    [
        "How tall is it?",
        '"How tall is it?"',
        "Sure, here is the rewritten request: How tall is it?",
        "Rewritten request: How tall is it?",
        "```\nHow tall is it?\n```",
        "<think>hm</think>\n“How tall is it?”",
        "so it is a request\n</think>\n\nHow tall is it?",
        '{"question": "How tall is it?"}',
        '```json\n{"request": "How tall is it?"}\n```',
        '["How tall is it?"]',
        "Here is the request:\n```text\nHow tall is it?\n```",
    ],
)
def test_a_single_text_is_freed_of_what_is_around_it(reply: str) -> None:
    assert single(reply) == "How tall is it?"


def test_quotes_that_belong_to_the_text_stay() -> None:
    assert single('"Yes" means "no"') == '"Yes" means "no"'
    assert single("Answer in one word: why?") == "Answer in one word: why?"


def test_numbered_pairs_of_one_object_are_told_apart_and_material_stays() -> None:
    several = '{"Question 1": "One?", "Answer 1": "1", "Question 2": "Two?", "Answer 2": "2"}'
    assert pairs(several) == [("One?", "1"), ("Two?", "2")]
    assert pairs('{"questions": ["One?", "Two?"], "answers": ["1"]}') == []
    assert pairs('{"instruction": "Translate.", "input": "cheese", "output": "fromage"}') == [
        ("Translate.\n\ncheese", "fromage")
    ]


def test_an_answer_with_code_in_it_stays_whole() -> None:
    answer = "Use this:\n```python\nprint(1)\n```\nand then this:\n```python\nprint(2)\n```"
    assert single(answer) == answer
