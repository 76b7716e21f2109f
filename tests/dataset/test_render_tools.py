"""Conversations with tools: every shape people keep them in becomes one, and the calls are trained."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.catalogue import phrase
from studio.dataset.read import formats
from studio.dataset.read.load import read
from studio.dataset.record import Call, Record
from studio.dataset.render.render import ExampleError, Renderer, Rendering
from studio.dataset.rows import BadRow, field
from tests.conftest import refused
from tests.dataset.test_render import tokens_of, trained_text
from tests.dataset.test_render_templates import WEATHER, tokenizer_of

CALL = {"name": "weather", "arguments": {"city": "Zürich"}}
OPENAI = [
    {"role": "user", "content": "Weather?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "abcdef123",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"city": "Zürich"}'},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "abcdef123", "name": "weather", "content": "21"},
    {"role": "assistant", "content": "It is 21."},
]
SHARE_GPT = [
    {"from": "human", "value": "Weather?"},
    {"from": "function_call", "value": json.dumps(CALL)},
    {"from": "observation", "value": "21"},
    {"from": "gpt", "value": "It is 21."},
]
LEGACY = [
    {"role": "user", "content": "Weather?"},
    {
        "role": "assistant",
        "content": "",
        "function_call": {**CALL, "arguments": json.dumps(CALL["arguments"])},
    },
    {"role": "function", "name": "weather", "content": "21"},
    {"role": "assistant", "content": "It is 21."},
]


@pytest.fixture(scope="module")
def qwen() -> Any:
    return tokenizer_of("qwen2.5")


def chat(turns: Any, **more: Any) -> Record:
    return formats.record(1, "chat", {"messages": turns, **more})


def trained(tokenizer: Any, record: Record, **rendering: Any) -> str:
    renderer = Renderer(tokenizer, Rendering(max_length=4096, **rendering))
    return trained_text(tokenizer, tokens_of(renderer, record))


@pytest.mark.parametrize("turns", [OPENAI, SHARE_GPT, LEGACY], ids=["OpenAI", "ShareGPT", "legacy"])
@pytest.mark.parametrize(
    "declared",
    [
        {"tools": WEATHER},
        {"tools": json.dumps(WEATHER)},
        {"functions": [tool["function"] for tool in WEATHER]},
        {"tools": json.dumps([tool["function"] for tool in WEATHER])},
    ],
)
def test_every_shape_of_calls_and_tools_is_the_same_example(turns: Any, declared: Any, qwen: Any) -> None:
    record = chat(turns, **declared)
    assert [message.role for message in record.messages] == ["user", "assistant", "tool", "assistant"]
    (call,) = record.messages[1].calls
    assert (call.name, json.loads(call.arguments)) == ("weather", CALL["arguments"])
    assert json.loads(record.tools) == WEATHER
    call_text = '<tool_call>\n{"name": "weather", "arguments": {"city": "Zürich"}}\n</tool_call>'
    assert trained(qwen, record) == f"{call_text}<|im_end|>It is 21.<|im_end|>"


def test_a_call_can_be_the_answer_and_says_so(qwen: Any) -> None:
    record = chat(OPENAI[:2], tools=WEATHER)
    assert record.answer == '{"name": "weather", "arguments": {"city": "Zürich"}}'
    assert record.prompt == "Weather?"
    assert trained(qwen, record, train_on="last_answer").startswith("<tool_call>")
    other = chat([OPENAI[0], {"role": "assistant", "content": "x"}], tools=WEATHER)
    assert record.question == other.question
    assert record.question != chat(OPENAI[:2], tools=WEATHER[:1]).question


def test_calls_without_ids_get_those_that_mistral_asks_for() -> None:
    record = chat(SHARE_GPT, tools=WEATHER)
    assert record.messages[1].calls == (Call("weather", '{"city": "Zürich"}', "call00000"),)
    assert record.messages[2].call_id == "call00000"
    mistral = tokenizer_of("mistral")
    assert trained(mistral, record).startswith("[TOOL_CALLS] [{")
    short = [dict(turn) for turn in LEGACY]
    fault = "Tool call IDs should be alphanumeric strings with length 9!"
    why = phrase("template.refuses", template=phrase("template.of_model"), fault=fault)
    with refused("row.no_example", ExampleError, reason=why):
        Renderer(mistral, Rendering(max_length=4096)).render(chat(short, tools=WEATHER))


def test_an_answer_with_the_weight_0_stays_in_the_conversation_but_is_not_trained(qwen: Any) -> None:
    turns = [
        {"role": "user", "content": "One?"},
        {"role": "assistant", "content": "wrong", "weight": 0},
        {"role": "user", "content": "Sure?"},
        {"role": "assistant", "content": "1", "weight": 1},
    ]
    assert trained(qwen, chat(turns)) == "1<|im_end|>"
    assert trained(tokenizer_of("qwen3-marked"), chat(turns)).endswith("\n\n1<|im_end|>")
    assert "wrong" not in trained(tokenizer_of("qwen3-marked"), chat(turns))
    assert trained(qwen, chat(turns), template="alpaca") == "1<|im_end|>"
    with refused("row.no_weight", BadRow):
        chat(turns[:2])


def test_duplicates_among_conversations_with_tools_are_found(write: Callable[..., Path]) -> None:
    row = {"messages": OPENAI, "tools": WEATHER}
    reading = read(write("calls.jsonl", [row, row, {**row, "tools": WEATHER[:1]}]))
    assert len(reading.records) == 3
    assert [(p.line, p.reason) for p in reading.problems] == [(2, "exact duplicate of line 1")]


TURN = phrase("turn.by", number=2, role=phrase("role.assistant"))
ITS_CALL, ARGUMENTS = phrase("call", turn=TURN), phrase("call.arguments", name="f", turn=TURN)


@pytest.mark.parametrize(
    ("turn", "code", "values"),
    [
        ({"tool_calls": [1]}, "row.tool_not_object", {"what": ITS_CALL, "kind": "kind.number"}),
        ({"tool_calls": [{"function": {}}]}, "row.tool_without_name", {"what": ITS_CALL}),
        (
            {"tool_calls": [{"function": {"name": "f", "arguments": "{"}}]},
            "row.no_json_text",
            {"what": ARGUMENTS},
        ),
        (
            {"tool_calls": [{"function": {"name": "f", "arguments": [1]}}]},
            "row.arguments_not_object",
            {"what": ARGUMENTS, "kind": "kind.array"},
        ),
        ({"weight": 0.5}, "row.unknown_weight", {"what": TURN, "kind": phrase("kind.number", value="0.5")}),
    ],
)
def test_a_bad_call_is_named_with_its_turn(turn: Any, code: str, values: dict[str, Any]) -> None:
    with refused(code, BadRow, **values):
        chat([OPENAI[0], {"role": "assistant", "content": "x", **turn}])


def test_bad_tools_are_named() -> None:
    named = field("tools")
    first = phrase("tool", number=1, what=named)
    for tools, code, what in (
        ("[", "row.no_json_text", named),
        (["f"], "row.tool_not_object", first),
        ([{"a": 1}], "row.tool_without_name", first),
    ):
        with refused(code, BadRow, what=what):
            chat(OPENAI, tools=tools)
    with refused("row.no_json_text", BadRow, what=named, fault="fault.nested"):
        chat(OPENAI, tools="[" * 100_000)


def test_a_template_without_a_place_for_tools_refuses_them(chatml: Any) -> None:
    model = phrase("template.of_model")
    for template, why in (
        ("chat", phrase("template.no_tools", template=model)),
        ("alpaca", phrase("template.alpaca_tools")),
    ):
        with refused("row.no_example", ExampleError, reason=why):
            Renderer(chatml, Rendering(template)).render(chat(OPENAI, tools=WEATHER))
    with refused("row.no_example", reason=phrase("template.no_calls", template=model, turn=2)):
        Renderer(chatml).render(chat(OPENAI))


def test_arguments_may_be_nested_deeply(qwen: Any) -> None:
    deep = "[" * 1400 + "]" * 1400
    turns = [OPENAI[0], {"role": "assistant", "tool_calls": [{"name": "f", "arguments": f'{{"a": {deep}}}'}]}]
    (example,) = Renderer(qwen, Rendering(max_length=4096)).render(chat(turns))
    assert qwen.decode(example.tokens.ids).count("[") == 1400
