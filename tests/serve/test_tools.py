"""Tools are shown to a model by its template, and its calls of them come back as calls."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from studio.events import MadeCall, ReplyBegins, ReplyEnded, ReplyPiece
from studio.serve.bodies import ReplyBodies
from studio.serve.request import chat_request
from tests.serve.conftest import Serving, serving, train

CALL = '<tool_call>{"name": "sky", "arguments": {"at": "Oslo"}}</tool_call>'
TEMPLATE = (
    "{% if tools %}<|im_start|>system\n{% for tool in tools %}{{ tool.function.name }} {% endfor %}"
    "<|im_end|>\n{% endif %}{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{{ message.content or '' }}{% for call in message.tool_calls or [] %}"
    "<tool_call>{{ call.function | tojson }}</tool_call>{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TOOLS: list[Any] = [{"type": "function", "function": {"name": "sky", "parameters": {"type": "object"}}}]
ASK: list[Any] = [{"role": "user", "content": "Question 3"}]


@pytest.fixture(scope="module")
def caller(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A run that learned to look at the sky, whatever it is asked."""
    folder = tmp_path_factory.mktemp("caller")
    model = shutil.copytree(starter / "model", folder / "model")
    config = json.loads((model / "tokenizer_config.json").read_text())
    (model / "tokenizer_config.json").write_text(json.dumps({**config, "chat_template": TEMPLATE}))
    run = train(
        folder,
        str(model),
        CALL,
        {"epochs": 6, "learning_rate": 0.01, "watch.forgetting": False},
    )
    with serving(run, []) as found:
        yield found


@pytest.mark.long
def test_a_call_of_a_tool_is_told_as_one(caller: Serving) -> None:
    create = caller.client.chat.completions.create
    asked: dict[str, Any] = {"model": "talker", "messages": ASK, "temperature": 0, "max_tokens": 100}
    choice = create(**asked, tools=TOOLS).choices[0]
    (call,) = choice.message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("sky", {"at": "Oslo"})
    assert (choice.message.content, choice.finish_reason) == (None, "tool_calls")
    chunks = [chunk.choices[0] for chunk in create(**asked, tools=TOOLS, stream=True)]
    (told,) = [chunk.delta.tool_calls[0] for chunk in chunks if chunk.delta.tool_calls]
    assert (told.index, told.function.to_dict()) == (0, call.function.to_dict())
    assert chunks[-1].finish_reason == "tool_calls"
    # What the tool gave goes back in, and a reply without tools is text.
    answered = [
        *ASK,
        choice.message.to_dict(),
        {"role": "tool", "tool_call_id": call.id, "content": "blue"},
    ]
    assert create(**{**asked, "messages": answered}, tools=TOOLS).usage.prompt_tokens > len("blue")
    for without in ({}, {"tools": TOOLS, "tool_choice": "none"}):
        plain = create(**asked, **without).choices[0]
        assert plain.message.content.startswith('<tool_call>{"name": "sky"')
        assert (plain.finish_reason, plain.message.tool_calls) == ("stop", None)
    with pytest.raises(openai.BadRequestError, match="not enforced"):
        create(**asked, tools=[{**TOOLS[0], "function": {**TOOLS[0]["function"], "strict": True}}])


@pytest.mark.parametrize(
    ("text", "before"),
    [
        (f"Let me look. {CALL}", "Let me look."),
        (CALL, None),
        ('Yes.[TOOL_CALLS][{"name": "sky", "arguments": {}}]', "Yes."),
        ('{"name": "sky", "arguments": {}}', None),
    ],
)
def test_what_is_said_before_a_call_is_text_and_the_call_is_none(text: str, before: str | None) -> None:
    asked = chat_request({"model": "m", "messages": ASK, "tools": TOOLS, "stream": True})
    told, streamed = ReplyBodies(asked), ""
    ended = ReplyEnded(0, 9, "tool_calls", (MadeCall("sky", "{}"),))
    for event in (ReplyBegins(5, "0123"), ReplyPiece(0, text[:9]), ReplyPiece(0, text[9:]), ended):
        told.take(event)
        for chunk in told.chunks(event):
            streamed += chunk["choices"][0]["delta"].get("content", "")
    message = told.whole()["choices"][0]["message"]
    assert (message["content"], streamed) == (before, before or "")
    assert message["tool_calls"][0]["function"] == {"name": "sky", "arguments": "{}"}
