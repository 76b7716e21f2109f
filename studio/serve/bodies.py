"""Replies as OpenAI's protocol has them, whole and in chunks, at /v1/chat/completions and /v1/completions."""

from __future__ import annotations

import secrets
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from studio.events import Event, MadeCall, ReplyBegins, ReplyEnded, ReplyPiece, ReplyToken, WeighedToken
from studio.generate.calls import CALL_MARKS
from studio.serve.refusal import JsonBody
from studio.serve.request import ServedRequest


@dataclass
class _Choice:
    """A reply as far as it has come."""

    text: str = ""
    tokens: list[ReplyToken] = field(default_factory=list)
    told: int = 0  # characters that are told already, for the offsets of later tokens
    ended: ReplyEnded | None = None


class ReplyBodies:
    """Makes bodies of what a request's job announces, in the order in which it does."""

    def __init__(self, request: ServedRequest) -> None:
        self._request = request
        self._kind = "chat.completion" if request.is_chat else "text_completion"
        prefix = "chatcmpl" if request.is_chat else "cmpl"
        self._head: JsonBody = {
            "id": f"{prefix}-{secrets.token_hex(12)}",
            "created": int(time.time()),
            "model": request.model,
        }
        self._choices: defaultdict[int, _Choice] = defaultdict(_Choice)
        self._prompt_tokens = 0

    @property
    def tokens(self) -> int:
        """Tokens drawn for replies that are complete."""
        return sum(each.ended.tokens for each in self._choices.values() if each.ended)

    def take(self, event: Event) -> None:
        """Note what has come, for the whole body and the usage."""
        match event:
            case ReplyBegins(prompt_tokens, fingerprint):
                self._prompt_tokens = prompt_tokens
                self._head["system_fingerprint"] = f"fp_{fingerprint[:12]}"
            case ReplyPiece(choice, text, tokens):
                self._choices[choice].text += text
                self._choices[choice].tokens += tokens
            case ReplyEnded(choice):
                self._choices[choice].ended = event

    def whole(self) -> JsonBody:
        """The body of a reply that is told at once."""
        choices = [self._whole(number, choice) for number, choice in sorted(self._choices.items())]
        return {**self._head, "object": self._kind, "choices": choices, "usage": self._usage()}

    def chunks(self, event: Event) -> Iterator[JsonBody]:
        """What is sent of an event, which was taken before, where the reply is streamed."""
        match event:
            case ReplyBegins() if self._request.is_chat:
                for number in range(self._request.count * len(self._request.prompts)):
                    yield self._chunk(number, {"role": "assistant", "content": ""})
            case ReplyPiece(choice, text, tokens) if (text or tokens) and not self._request.has_tools:
                yield self._piece(choice, text, tokens)
            case ReplyEnded(choice, _, reason):
                yield from self._held_back(choice)
                yield self._chunk(choice, {}, reason)

    def usage_chunk(self) -> JsonBody:
        """The last chunk, where usage was asked for."""
        return {**self._head, "object": self._chunk_kind, "choices": [], "usage": self._usage()}

    @property
    def _chunk_kind(self) -> str:
        return "chat.completion.chunk" if self._request.is_chat else self._kind

    def _usage(self) -> JsonBody:
        prompt, replied = self._prompt_tokens, self.tokens
        return {"prompt_tokens": prompt, "completion_tokens": replied, "total_tokens": prompt + replied}

    def _whole(self, number: int, choice: _Choice) -> JsonBody:
        ended = choice.ended
        body: JsonBody = {"index": number, "finish_reason": ended.finish_reason if ended else "stop"}
        weighed = self._request.likely is not None
        if not self._request.is_chat:
            log_probs = _old_log_probs(choice.tokens, 0, self._request.likely or 0) if weighed else None
            return {**body, "text": choice.text, "logprobs": log_probs}
        message: JsonBody = {"role": "assistant", "content": choice.text, "refusal": None}
        if ended is not None and ended.calls:
            message |= {"content": _before_calls(choice.text), "tool_calls": _calls(ended.calls)}
        return {**body, "message": message, "logprobs": _log_probs(choice.tokens) if weighed else None}

    def _held_back(self, number: int) -> Iterator[JsonBody]:
        """A reply that may call tools is told when it is known whether it does."""
        if not self._request.has_tools:
            return
        choice = self._choices[number]
        calls = choice.ended.calls if choice.ended else ()
        text = _before_calls(choice.text) if calls else choice.text
        if text or choice.tokens:
            yield self._piece(number, text or "", choice.tokens)
        for place, call in enumerate(_calls(calls)):
            yield self._chunk(number, {"tool_calls": [{"index": place, **call}]})

    def _piece(self, number: int, text: str, tokens: Sequence[ReplyToken]) -> JsonBody:
        weighed = self._request.likely is not None
        if self._request.is_chat:
            return self._chunk(number, {"content": text}, log_probs=_log_probs(tokens) if weighed else None)
        choice = self._choices[number]
        told, choice.told = choice.told, choice.told + sum(len(each.token.text) for each in tokens)
        log_probs = _old_log_probs(tokens, told, self._request.likely or 0) if weighed else None
        return self._chunk(number, {"text": text}, log_probs=log_probs)

    def _chunk(
        self, number: int, delta: JsonBody, reason: str | None = None, log_probs: JsonBody | None = None
    ) -> JsonBody:
        choice: JsonBody = {"index": number, "finish_reason": reason, "logprobs": log_probs}
        choice |= {"delta": delta} if self._request.is_chat else {"text": "", **delta}
        usage = {"usage": None} if self._request.counts_usage else {}
        return {**self._head, "object": self._chunk_kind, "choices": [choice], **usage}


def _calls(calls: Sequence[MadeCall]) -> list[JsonBody]:
    return [
        {
            "id": f"call_{secrets.token_hex(8)}",
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for call in calls
    ]


def _before_calls(text: str) -> str | None:
    """What a reply says before the first mark of a call; nothing of one that is a call without any."""
    place = min((at for mark in CALL_MARKS if (at := text.find(mark)) >= 0), default=0)
    return text[:place].strip() or None


def _log_probs(tokens: Sequence[ReplyToken]) -> JsonBody:
    content = [
        {**_weighed(each.token), "top_logprobs": [_weighed(other) for other in each.likely]}
        for each in tokens
    ]
    return {"content": content, "refusal": None}


def _weighed(token: WeighedToken) -> JsonBody:
    return {"token": token.text, "logprob": token.log_prob, "bytes": list(token.data) or None}


def _old_log_probs(tokens: Sequence[ReplyToken], begun: int, likely: int) -> JsonBody:
    """The same as the older of the two protocols has it; offsets are places in the text of the tokens."""
    offsets: list[int] = []
    for each in tokens:
        offsets.append(begun)
        begun += len(each.token.text)
    tops: Any = [{other.text: other.log_prob for other in each.likely} for each in tokens]
    return {
        "tokens": [each.token.text for each in tokens],
        "token_logprobs": [each.token.log_prob for each in tokens],
        "top_logprobs": tops if likely else None,
        "text_offset": offsets,
    }
