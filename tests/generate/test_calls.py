"""Calls of tools are found in answers as each family writes them, and only where they are made."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from studio.dataset.render.render import Renderer, Rendering
from studio.generate.calls import made_calls
from studio.generate.contestant import Talk, contestant_of
from studio.generate.talking import asked_talk
from tests.generate.test_talking import FIRST
from tests.jobs.test_contestants import opened, runs

__all__ = ["runs"]

WEATHER = ("weather", {"city": "Bern", "days": 2})
WRITTEN = {
    "Qwen and Hermes": "Let me look.\n<tool_call>\n"
    '{"name": "weather", "arguments": {"city": "Bern", "days": 2}}\n</tool_call>',
    "an end that never came": '<tool_call>{"name": "weather", "arguments": {"city": "Bern", "days": 2}}',
    "Mistral": '[TOOL_CALLS] [{"name": "weather", "arguments": {"city": "Bern", "days": 2}}]',
    "newer Mistral": '[TOOL_CALLS]weather[ARGS]{"city": "Bern", "days": 2}',
    "newer Mistral with an id": '[TOOL_CALLS]weather[CALL_ID]a1b2[ARGS]{"city": "Bern", "days": 2}',
    "Llama 3 with its tag": '<|python_tag|>{"name": "weather", "parameters": {"city": "Bern", "days": 2}}',
    "a function with parameters": "<function=weather><parameter=city>Bern</parameter>"
    "<parameter=days>2</parameter></function>",
}
BARE = '{"name": "weather", "parameters": {"city": "Bern", "days": 2}}'


def told(answer: str, *, offered: bool = False) -> list[tuple[str, object]]:
    return [(call.name, json.loads(call.arguments)) for call in made_calls(answer, offered=offered)]


@pytest.mark.parametrize("answer", WRITTEN.values(), ids=WRITTEN)
def test_a_call_is_found_as_its_family_writes_it(answer: str) -> None:
    assert told(answer) == [WEATHER]


def test_several_calls_come_in_their_order() -> None:
    two = [f'<tool_call>{{"name": "{name}", "arguments": {{}}}}</tool_call>' for name in "ab"]
    assert told("\n".join(two)) == [("a", {}), ("b", {})]
    assert told('[TOOL_CALLS]a[ARGS]{}[TOOL_CALLS]b[ARGS]{"x": 1}') == [("a", {}), ("b", {"x": 1})]


def test_bare_json_is_a_call_only_where_tools_were_offered() -> None:
    assert told(BARE) == []
    assert told(BARE, offered=True) == [WEATHER]
    assert told(f"Write this: {BARE}", offered=True) == [], "it is talked about, not made"


@pytest.mark.parametrize("answer", ["", "[TOOL_CALLS]", "<tool_call>{", "<|python_tag|>print(1)", "{}"])
def test_what_is_no_call_is_none(answer: str) -> None:
    assert told(answer, offered=True) == []


def test_offered_tools_stand_in_the_prompt(runs: Path) -> None:
    (base,) = opened(runs, "first", "base")
    base = replace(base, renderer=Renderer(base.tokenizer, Rendering("chatml")))
    tools = json.dumps([{"type": "function", "function": {"name": "weather_of_bern", "parameters": {}}}])
    talk = Talk(contestant=contestant_of("base"), turns=FIRST, tools=tools)
    plain, asked = asked_talk("base", base, FIRST), asked_talk("base", base, FIRST, (), talk.tools)
    assert not plain.offered
    assert asked.offered
    assert "weather_of_bern" in base.tokenizer.decode(list(asked.prompt))
