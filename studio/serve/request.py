"""What a request asks for, read strictly: what this server cannot do is refused, and not passed over."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from studio.catalogue import Phrase, Said, Unusable, phrase, said_by, wrong_value
from studio.dataset.read.tools import calls_in, tools
from studio.dataset.record import Message
from studio.generate.sampling import MOST_STOPS, Sampling
from studio.jobs.replies import ReplyPrompt
from studio.serve.refusal import HttpRefusal

MOST_CHOICES = 8
_PENALTIES = ("presence_penalty", "frequency_penalty")
_AS_SENT = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
_DRAWN = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", *_PENALTIES)
_KEPT_EMPTY = ("messages", "prompt", "input")


@dataclass(frozen=True)
class ServedRequest:
    """A request as a job takes it, and how the reply is to be told."""

    model: str
    prompts: tuple[ReplyPrompt, ...]
    sampling: Sampling
    limit: int
    count: int
    likely: int | None
    form: str
    is_chat: bool
    streams: bool
    counts_usage: bool

    @property
    def has_tools(self) -> bool:
        return any(prompt.tools for prompt in self.prompts)


class _StreamOptions(BaseModel):
    model_config = _AS_SENT

    include_usage: bool = False
    include_obfuscation: bool = False


class _Request(BaseModel):
    """What both kinds have in common. What changes no answer (user, metadata …) may be there."""

    model_config = _AS_SENT

    model: str
    temperature: float = Field(1.0, ge=0, le=2)
    top_p: float = Field(1.0, ge=0, le=1)
    top_k: int = Field(0, ge=0, le=1000)
    min_p: float = Field(0.0, ge=0, le=1)
    repetition_penalty: float = Field(1.0, ge=1, le=2)
    presence_penalty: float = Field(0.0, ge=-2, le=2)
    frequency_penalty: float = Field(0.0, ge=-2, le=2)
    seed: int | None = None
    stop: str | list[str] = Field(default_factory=list)
    n: int = Field(1, ge=1, le=MOST_CHOICES)
    stream: bool = False
    stream_options: _StreamOptions = _StreamOptions()
    user: str = ""
    metadata: Any = None
    store: bool = False
    service_tier: str = ""
    safety_identifier: str = ""
    prompt_cache_key: str = ""

    def sampling(self) -> Sampling:
        """How tokens are drawn; without a seed by one of chance. Raises HttpRefusal."""
        stops = [self.stop] if isinstance(self.stop, str) else self.stop
        if not all(stops) or len(stops) > MOST_STOPS:
            raise _wrong("stop", phrase("serve.stops", most=MOST_STOPS))
        seed = secrets.randbelow(2**31) if self.seed is None else self.seed % 2**31
        drawn = {name: getattr(self, name) for name in _DRAWN} | {"stop": tuple(stops), "seed": seed}
        drawn |= {} if self.top_p else {"temperature": 0.0, "top_p": 1.0}  # the likeliest alone
        return Sampling.model_validate(drawn)


class _ChatTurn(BaseModel):
    model_config = _AS_SENT

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[dict[str, Any]] = ""
    name: str = ""
    tool_calls: Any = None
    tool_call_id: str = ""


class _ResponseFormat(BaseModel):
    model_config = _AS_SENT

    type: Literal["text", "json_object", "json_schema"]
    json_schema: dict[str, Any] = Field(default_factory=dict)


class _ChatRequest(_Request):
    messages: list[dict[str, Any]] = Field(min_length=1)
    max_tokens: int = Field(0, ge=1)
    max_completion_tokens: int = Field(0, ge=1)
    logprobs: bool = False
    top_logprobs: int | None = Field(None, ge=0, le=20)
    tools: list[Any] = Field(default_factory=list)
    tool_choice: Any = "auto"
    parallel_tool_calls: bool = True
    response_format: _ResponseFormat = _ResponseFormat(type="text")


class _CompletionRequest(_Request):
    prompt: str | list[str] | list[int] | list[list[int]]
    max_tokens: int = Field(16, ge=1)
    logprobs: int | None = Field(None, ge=0, le=20)


def chat_request(body: object) -> ServedRequest:
    """What is asked at /v1/chat/completions. Raises HttpRefusal with the part that is at fault."""
    sent = _checked(_ChatRequest, body)
    if sent.top_logprobs is not None and not sent.logprobs:
        raise _wrong("top_logprobs", phrase("serve.needs_logprobs"))
    turns = tuple(_turns(sent.messages))
    prompt = ReplyPrompt(turns, _tools(sent))
    form = _form(sent.response_format)
    if form and prompt.tools:
        raise _unsupported("response_format", phrase("serve.form_and_tools"))
    return ServedRequest(
        sent.model,
        (prompt,),
        sent.sampling(),
        sent.max_completion_tokens or sent.max_tokens,
        sent.n,
        (sent.top_logprobs or 0) if sent.logprobs else None,
        form,
        True,
        sent.stream,
        sent.stream_options.include_usage,
    )


def completion_request(body: object) -> ServedRequest:
    """What is asked at /v1/completions. Raises HttpRefusal with the part that is at fault."""
    sent = _checked(_CompletionRequest, body)
    prompts = tuple(_prompts(sent.prompt))
    if not prompts or len(prompts) * sent.n > 4 * MOST_CHOICES:
        raise _wrong("prompt", phrase("serve.prompts", most=4 * MOST_CHOICES))
    return ServedRequest(
        sent.model,
        prompts,
        sent.sampling(),
        sent.max_tokens,
        sent.n,
        sent.logprobs,
        "",
        False,
        sent.stream,
        sent.stream_options.include_usage,
    )


def _checked[M: BaseModel](kind: type[M], body: object, place: str = "") -> M:
    """The body as it should be. What is null or empty counts as not there, as clients often send all."""
    if not isinstance(body, Mapping):
        raise _wrong(place or "body", phrase("serve.no_object"))
    there = {
        name: value for name, value in body.items() if name in _KEPT_EMPTY or value not in (None, {}, [])
    }
    try:
        return kind.model_validate(there)
    except ValidationError as error:
        raise _refused(error, place) from error


def _refused(error: ValidationError, place: str) -> HttpRefusal:
    first: Any = error.errors()[0]
    fields = [part for part in first["loc"] if isinstance(part, int) or str(part).isidentifier()]
    param = place + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fields[:3])
    param = param.removeprefix(".")
    match first["type"]:
        case "extra_forbidden":
            return HttpRefusal("serve.unknown", name=param)
        case "missing":
            return HttpRefusal("serve.missing", name=param)
    said = wrong_value(param, first)
    return HttpRefusal(said)


def _turns(messages: list[dict[str, Any]]) -> list[Message]:
    found: list[Message] = []
    names: dict[str, str] = {}  # of the tools that were called, by the call's id
    for place, message in enumerate(messages):
        param = f"messages[{place}]"
        turn = _checked(_ChatTurn, message, param)
        try:
            calls = calls_in(turn.tool_calls, phrase("call.answer")) if turn.tool_calls else ()
        except Unusable as error:
            raise _wrong(f"{param}.tool_calls", said_by(error)) from error
        names |= {call.id: call.name for call in calls}
        role = "system" if turn.role == "developer" else turn.role
        name = turn.name or names.get(turn.tool_call_id, "")
        content = _content(turn.content, f"{param}.content")
        found.append(Message(role, content, calls=calls, name=name, call_id=turn.tool_call_id))
    return found


def _content(content: str | list[dict[str, Any]], param: str) -> str:
    if isinstance(content, str):
        return content
    for place, part in enumerate(content):
        if part.get("type") != "text" or not isinstance(part.get("text"), str):
            kind = str(part.get("type"))[:40]
            raise HttpRefusal("serve.no_text", name=f"{param}[{place}]", kind=kind)
    return "".join(part["text"] for part in content)


def _tools(sent: _ChatRequest) -> str:
    """The tools as a JSON array, or nothing where none may be called. Raises HttpRefusal."""
    if sent.tool_choice not in ("auto", "none"):
        raise _unsupported("tool_choice", phrase("serve.tool_choice"))
    if not sent.tools or sent.tool_choice == "none":
        return ""
    try:
        found = tools({"tools": sent.tools})
    except Unusable as error:
        raise _wrong("tools", said_by(error)) from error
    for tool in json.loads(found):
        function = tool.get("function")
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise _wrong("tools", phrase("serve.no_function"))
        if function.get("strict"):
            raise _unsupported("tools", phrase("serve.strict_tools"))
    return found


def _form(asked: _ResponseFormat) -> str:
    """The JSON schema that the reply is to have; nothing where it is free. Raises HttpRefusal."""
    if asked.type == "text":
        return ""
    if asked.type == "json_object":
        return json.dumps({"type": "object"})
    schema = asked.json_schema.get("schema")
    if not isinstance(schema, dict):
        raise HttpRefusal("serve.missing", name="response_format.json_schema.schema")
    return json.dumps(schema)


def _prompts(sent: str | list[str] | list[int] | list[list[int]]) -> list[ReplyPrompt]:
    if isinstance(sent, str):
        return [ReplyPrompt(text=sent)]
    if sent and isinstance(sent[0], int):
        return [_of_ids(sent)]
    return [ReplyPrompt(text=each) if isinstance(each, str) else _of_ids(each) for each in sent]


def _of_ids(ids: Any) -> ReplyPrompt:
    if not ids:
        raise _wrong("prompt", phrase("serve.no_tokens"))
    return ReplyPrompt(ids=tuple(ids))


def _unsupported(name: str, reason: Phrase) -> HttpRefusal:
    return HttpRefusal("serve.unsupported", name=name, reason=reason)


def _wrong(name: str, reason: Said) -> HttpRefusal:
    return HttpRefusal("serve.value", name=name, reason=reason)
