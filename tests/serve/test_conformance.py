"""The official client of OpenAI is understood, and understands, whatever it asks."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import openai
import pytest

from studio.dataset.record import Message
from studio.events import AnswerEnded
from studio.generate.contestant import Talk, contestant_of
from studio.generate.sampling import GREEDY
from studio.jobs.answers import ChatJob
from studio.models.cache import ModelCache
from tests.serve.conftest import Serving

ASK = [{"role": "user", "content": "What is the capital of France?"}]
SCHEMA = {
    "type": "object",
    "properties": {"sure": {"type": "boolean"}, "kind": {"enum": ["city", "river"]}},
    "required": ["sure", "kind"],
    "additionalProperties": False,
}


def chat(served: Serving, **asked: Any) -> Any:
    asked = {"model": "starter", "messages": ASK, "temperature": 0, "max_tokens": 24, **asked}
    return served.client.chat.completions.create(**asked)


def refused(served: Serving, kind: type[openai.APIStatusError], **asked: Any) -> Any:
    """The body of the error that the client raises."""
    with pytest.raises(kind) as raised:
        chat(served, **asked)
    body: Any = raised.value.body
    assert body["message"]
    return body["code"], body["param"]


def test_models_are_runs_their_checkpoints_and_bases_and_named_folders(served: Serving) -> None:
    names = [model.id for model in served.client.models.list()]
    assert names == ["starter", "talker", "talker@2", "base:talker"]
    assert served.client.models.retrieve("talker@2").owned_by == "tuning-studio"
    with pytest.raises(openai.NotFoundError, match="There is starter, talker"):
        served.client.models.retrieve("gpt-5")


def test_a_greedy_reply_is_what_studio_chat_answers(served: Serving) -> None:
    talks = [
        Talk(contestant=contestant_of(who), turns=(Message("user", ASK[0]["content"]),))
        for who in ("tuned", "base", "tuned@2")
    ]
    job = ChatJob(served.run, tuple(talks), GREEDY.model_copy(update={"max_tokens": 24}))
    answers = {e.who: e for e in job.run_events(ModelCache()) if isinstance(e, AnswerEnded)}
    for name, who in (("talker", "tuned"), ("base:talker", "base"), ("talker@2", "tuned@2")):
        reply = chat(served, model=name)
        assert reply.choices[0].message.content == answers[who].text
        assert reply.choices[0].finish_reason == answers[who].finish_reason
        assert reply.usage.completion_tokens == answers[who].tokens
        assert reply.usage.prompt_tokens == answers[who].prompt_tokens


def test_a_stream_is_the_same_reply_in_pieces_with_usage_at_its_end(served: Serving) -> None:
    whole = chat(served)
    *chunks, last = list(chat(served, stream=True, stream_options={"include_usage": True}))
    assert (
        "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole.choices[0].message.content
    )
    assert len(chunks) > 3
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices[0].finish_reason] == [
        whole.choices[0].finish_reason
    ]
    assert (last.choices, last.usage) == ([], whole.usage)
    assert {chunk.id for chunk in (*chunks, last)} == {last.id}
    with served.client.chat.completions.with_streaming_response.create(
        model="starter", messages=ASK, max_tokens=3, stream=True
    ) as raw:
        lines = [line for line in raw.iter_lines() if line]
    assert raw.headers["content-type"].startswith("text/event-stream")
    assert lines[-1] == "data: [DONE]"


def test_a_reply_ends_before_a_stop_text_and_at_the_most_tokens(served: Serving) -> None:
    whole = chat(served).choices[0].message.content
    word = whole.split()[2]
    for stop in (word, ["never said", word]):
        reply = chat(served, stop=stop, logprobs=True)
        choice = reply.choices[0]
        assert (choice.message.content, choice.finish_reason) == (whole[: whole.index(word)], "stop")
        assert "".join(each.token for each in choice.logprobs.content).startswith(choice.message.content)
    for name in ("max_tokens", "max_completion_tokens"):
        reply = served.client.chat.completions.create(model="starter", messages=ASK, **{name: 2})
        assert (reply.choices[0].finish_reason, reply.usage.completion_tokens) == ("length", 2)


def test_a_seed_gives_the_same_reply_again_and_choices_differ(served: Serving) -> None:
    drawn = {"temperature": 1.5, "n": 3, "seed": 7, "presence_penalty": 0.5, "frequency_penalty": 0.5}
    first, again, other = (chat(served, **{**drawn, "seed": seed}) for seed in (7, 7, 8))
    texts = [[choice.message.content for choice in reply.choices] for reply in (first, again, other)]
    assert texts[0] == texts[1] != texts[2]
    assert len(set(texts[0])) == 3
    assert [choice.index for choice in first.choices] == [0, 1, 2]
    assert first.system_fingerprint == again.system_fingerprint != ""
    streamed = ["", "", ""]
    for chunk in chat(served, **drawn, stream=True):
        streamed[chunk.choices[0].index] += chunk.choices[0].delta.content or ""
    assert streamed == texts[0]


def test_log_probabilities_are_of_the_tokens_with_the_likeliest_beside(served: Serving) -> None:
    reply = chat(served, logprobs=True, top_logprobs=3).choices[0]
    tokens = reply.logprobs.content
    assert b"".join(bytes(each.bytes) for each in tokens).decode().strip() == reply.message.content
    for each in tokens:
        assert each.logprob == each.top_logprobs[0].logprob <= 0  # greedy: the drawn one is the likeliest
        assert [top.logprob for top in each.top_logprobs] == sorted(
            (top.logprob for top in each.top_logprobs), reverse=True
        )
    chunks = list(chat(served, logprobs=True, stream=True))
    parts = [chunk.choices[0].logprobs.content for chunk in chunks if chunk.choices[0].logprobs]
    assert [each.token for part in parts for each in part] == [each.token for each in tokens]
    assert refused(served, openai.BadRequestError, top_logprobs=3) == ("invalid_value", "top_logprobs")


def test_every_kind_of_turn_is_read(served: Serving) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    turns: list[Any] = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]},
        {"role": "assistant", "content": "Hi.", "refusal": None, "annotations": []},
        *ASK,
    ]
    plain: list[Any] = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi."},
        *ASK,
    ]
    assert chat(served, messages=turns).choices == chat(served, messages=plain).choices
    picture = [{"type": "image_url", "image_url": {"url": "data:"}}]
    asked = {"messages": [{"role": "user", "content": picture}]}
    assert refused(served, openai.BadRequestError, **asked) == (
        "unsupported_content",
        "messages[0].content[0]",
    )
    with_tools = [*ASK, {"role": "assistant", "content": None, "tool_calls": [call]}]
    with_tools += [{"role": "tool", "tool_call_id": "call_1", "content": "rain"}]
    assert refused(served, openai.BadRequestError, messages=with_tools) == ("tools_not_supported", "tools")


def test_a_model_goes_on_from_texts_and_tokens(served: Serving) -> None:
    def complete(**asked: Any) -> Any:
        asked = {"model": "starter", "temperature": 0, "max_tokens": 6, **asked}
        return served.client.completions.create(**asked)

    reply = complete(prompt="The capital of France", logprobs=2)
    text, log_probs = reply.choices[0].text, reply.choices[0].logprobs
    assert text.startswith(" ")
    assert "".join(log_probs.tokens) == text
    assert log_probs.text_offset[1] == len(log_probs.tokens[0])
    assert all(len(tops) == 2 for tops in log_probs.top_logprobs)
    assert complete(prompt="The capital of France", max_tokens=None).usage.completion_tokens <= 16
    both = complete(prompt=["The capital of France", "Gold is"], n=2)
    assert [choice.index for choice in both.choices] == [0, 1, 2, 3]
    assert both.choices[0].text == both.choices[1].text == text
    assert both.choices[2].text != text
    assert (
        "".join(chunk.choices[0].text for chunk in complete(prompt="The capital of France", stream=True))
        == text
    )
    with pytest.raises(openai.BadRequestError, match="no echo"):
        complete(prompt="Gold", echo=True)
    with pytest.raises(openai.BadRequestError, match="token 99999"):
        complete(prompt=[5, 99999])


def test_a_reply_keeps_to_a_json_schema_even_of_a_model_that_knows_no_json(served: Serving) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "told", "schema": SCHEMA, "strict": True}}
    for asked in ({}, {"temperature": 2.0, "seed": 3}, {"stop": None, "n": 2}):
        for choice in chat(served, response_format=form, **asked).choices:
            jsonschema.validate(json.loads(choice.message.content), SCHEMA)
            assert choice.finish_reason == "stop"
    assert chat(served, response_format={"type": "json_object"}).choices[0].message.content.startswith("{")
    for schema in ({"type": "objct"}, {"not": {"type": "string"}}):
        form = {"type": "json_schema", "json_schema": {"name": "told", "schema": schema}}
        found = refused(served, openai.BadRequestError, response_format=form)
        assert found == ("invalid_json_schema", "response_format")


def test_what_cannot_be_done_is_refused_with_the_part_that_is_at_fault(served: Serving) -> None:
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({"temperature": 3}, "invalid_value", "temperature"),
        ({"temperature": "warm"}, "invalid_value", "temperature"),
        ({"n": 9}, "invalid_value", "n"),
        ({"stop": [""]}, "invalid_value", "stop"),
        ({"messages": []}, "invalid_value", "messages"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "invalid_value", "messages[0].role"),
        ({"messages": [{"content": "x"}]}, "missing_required_parameter", "messages[0].role"),
        ({"logit_bias": {"5": 1}}, "unknown_parameter", "logit_bias"),
        ({"extra_body": {"num_ctx": 5}}, "unknown_parameter", "num_ctx"),
        ({"tools": [{"type": "function"}]}, "invalid_value", "tools"),
        ({"tool_choice": "required"}, "unsupported_value", "tool_choice"),
        ({"messages": [{"role": "user", "content": "word " * 6000}]}, "context_length_exceeded", None),
    ]
    for asked, code, param in wrong:
        assert refused(served, openai.BadRequestError, **asked) == (code, param), asked
    assert refused(served, openai.NotFoundError, model="gpt-5") == ("model_not_found", "model")
    assert refused(served, openai.NotFoundError, model="talker@9") == ("model_not_found", "model")
