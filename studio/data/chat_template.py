"""Conversations written by a Jinja chat template, and where in their text the answers stand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from traceback import walk_tb
from typing import Any

from studio.data.records import Call, Message
from studio.data.template import Refused, Span, Written

_MARK = re.compile(r"\{%([-+]?)\s*(generation|endgeneration)\s*([-+]?)%\}")
_BEGIN, _END = "\ufdd0", "\ufdd1"
"""Characters that no text may hold (Unicode keeps them for programs): they show where an answer stands."""

_FAULTS = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What a template's own code can do wrong, beside the errors of Jinja."""

_ALIKE = 8
"""Characters by which two writings of the same answer are laid over each other; any call is longer."""


class ChatTemplate:
    """The model's own chat template, or the one in `source`.

    Trained is what the template's {% generation %} marks enclose, and the token that closes the turn. Where
    it has no marks, it is what follows the generation prompt, up to and including that token: exactly what
    the model must write when it answers. It is found by writing the conversation up to each answer. A
    template that rewrites earlier turns (Qwen3 strips their thinking) defeats that for the turns that it
    rewrites; they are then not trained.
    """

    def __init__(
        self,
        tokenizer: Any,
        closing: Iterable[str],
        source: str | None = None,
        description: str = "the model's chat template",
    ) -> None:
        self._tokenizer = tokenizer
        self._closing = tuple(sorted({mark for mark in closing if mark}, key=len, reverse=True))
        self._given = source
        self.description = description

    def write(self, messages: Sequence[Message], tools: str = "") -> Written:
        text, marked = self._marked(messages, tools)
        answers = [index for index, message in enumerate(messages) if message.role == "assistant"]
        trained = [index for index in answers if messages[index].trained]
        if len(marked) == len(answers):
            return Written(text, tuple(s for s, i in zip(marked, answers, strict=True) if i in trained))
        if marked and trained == answers:
            return Written(text, marked)
        spans = [self._answer(text, messages, index, tools) for index in trained]
        if spans and spans[-1] is None:
            lost = any(m.role == "system" and m.content.strip() not in text for m in messages)
            raise Refused("template.no_system" if lost else "template.no_answer", template=self.description)
        return Written(text, tuple(span for span in spans if span is not None))

    def prompt(self, messages: Sequence[Message], tools: str = "") -> str:
        return self._apply(self._source(tools), messages, tools, add_generation_prompt=True)

    def _marked(self, messages: Sequence[Message], tools: str) -> tuple[str, tuple[Span, ...]]:
        """The text, and the spans between {% generation %} marks, each with its closing token."""
        source = self._source(tools)
        showing = _showing(source)
        has_marks = _BEGIN in showing and not any(_BEGIN in m.whole or _END in m.whole for m in messages)
        self._has_place(source, messages, tools)
        text = self._apply(showing if has_marks else source, messages, tools)
        self._says_all(text, messages)
        if not has_marks:
            return text, ()
        first, *rest = text.split(_BEGIN)
        pairs = [part.partition(_END) for part in rest]
        plain = first
        spans: list[Span] = []
        for inside, _, after in pairs:
            spans.append((len(plain), len(plain) + len(inside)))
            plain += inside + after
        return plain, tuple((start, self._with_closing(plain, start, end)) for start, end in spans)

    def _answer(self, text: str, messages: Sequence[Message], index: int, tools: str) -> Span | None:
        """Where in `text` the answer at `index` stands with its closing token; None if not certain."""
        before = self.prompt(messages[:index], tools) if index else ""
        if not text.startswith(before):
            return None
        start = len(before)
        message = messages[index]
        if not message.calls and (end := self._exact_end(text, start, message.content.strip())):
            return start, end
        last = index + 1 == len(messages)
        alone = text if last else self._apply(self._source(tools), messages[: index + 1], tools)
        upto = self._closed(alone, start)
        if len(upto) > start and text.startswith(upto):
            return start, len(upto)
        return _kept(text, start, upto[start:], message) if upto.startswith(before) else None

    def _exact_end(self, text: str, start: int, content: str) -> int:
        """The end of the closing token when exactly `content` and then that token follow; else 0."""
        begin = _skip_space(text, start)
        if not text.startswith(content, begin):
            return 0
        mark = _skip_space(text, begin + len(content))
        return next((mark + len(c) for c in self._closing if text.startswith(c, mark)), 0)

    def _closed(self, text: str, start: int) -> str:
        """`text` up to the first of the closing tokens at its end (Phi-3 writes two) or its last letter."""
        text = end = text.rstrip()
        while mark := next((c for c in self._closing if text.endswith(c) and len(text) - len(c) > start), ""):
            end = text
            text = text[: -len(mark)].rstrip()
        return end

    def _with_closing(self, text: str, start: int, end: int) -> int:
        if text[start:end].rstrip().endswith(self._closing):
            return end
        mark = _skip_space(text, end)
        return next((mark + len(c) for c in self._closing if text.startswith(c, mark)), end)

    def _has_place(self, source: str, messages: Sequence[Message], tools: str) -> None:
        """Raises Refused when the template would silently leave out tools or their calls."""
        if tools and not re.search(r"\btools\b", source):
            raise Refused("template.no_tools", template=self.description)
        called = next((number for number, message in enumerate(messages, 1) if message.calls), 0)
        if called and "tool_calls" not in source:
            raise Refused("template.no_calls", template=self.description, turn=called)

    def _says_all(self, text: str, messages: Sequence[Message]) -> None:
        """Raises Refused when a tool's answer was silently left out."""
        for number, message in enumerate(messages, 1):
            if message.role == "tool" and not _says(text, message.content.strip()):
                raise Refused("template.no_tool_answer", template=self.description, turn=number)

    def _source(self, tools: str) -> str:
        """The template; some models have another for conversations with tools."""
        return self._given or (self._with_tools if tools else self._without_tools)

    @cached_property
    def _without_tools(self) -> str:
        return str(self._tokenizer.get_chat_template())

    @cached_property
    def _with_tools(self) -> str:
        return str(self._tokenizer.get_chat_template(tools=[]))

    def _apply(self, source: str, messages: Sequence[Message], tools: str, **options: Any) -> str:
        from jinja2 import TemplateError

        turns = [_turn(message) for message in messages]
        given = json.loads(tools) if tools else None
        try:
            text = self._tokenizer.apply_chat_template(
                turns, tools=given, chat_template=source, tokenize=False, **options
            )
        except (TemplateError, *_FAULTS) as error:
            raise self._refused(error) from error
        return str(text)

    def _refused(self, error: Exception) -> Refused:
        """What the template says, with its line in one that the person can edit."""
        frames = walk_tb(error.__traceback__) if self._given else ()
        lines = [line for frame, line in frames if frame.f_code.co_filename == "<template>"]
        said = {"template": self.description, "fault": str(error).rstrip(".")}
        if not lines:
            return Refused("template.refuses", **said)
        return Refused("template.refuses_in_line", line=lines[-1], **said)


@lru_cache(maxsize=8)
def _showing(source: str) -> str:
    """The template, writing _BEGIN and _END where its {% generation %} marks are."""
    return _MARK.sub(_shown, source)


def _shown(mark: re.Match[str]) -> str:
    """The mark, writing _BEGIN or _END; it still controls the white space on both of its sides."""
    left, name, right = mark.groups()
    if name == "generation":
        return f"{{%{left} if true %}}{{{{ '{_BEGIN}' }}}}{{% generation {right}%}}"
    return f"{{%{left} endgeneration %}}{{{{ '{_END}' }}}}{{% endif {right}%}}"


def _turn(message: Message) -> dict[str, Any]:
    turn: dict[str, Any] = {"role": message.role, "content": message.shown}
    if message.calls:
        turn["tool_calls"] = [_called(call) for call in message.calls]
    if message.name:
        turn["name"] = message.name
    if message.call_id:
        turn["tool_call_id"] = message.call_id
    return turn


def _called(call: Call) -> dict[str, Any]:
    function = {"name": call.name, "arguments": json.loads(call.arguments)}
    return {**({"id": call.id} if call.id else {}), "type": "function", "function": function}


def _kept(text: str, start: int, alone: str, message: Message) -> Span | None:
    """The answer where the conversation shows only its end: all of the content and the calls, but not what
    the template puts before them in a last turn (Qwen3's empty thinking).
    """
    said = (message.content.strip(), *(call.name for call in message.calls))
    first = text[start : start + _ALIKE]
    place = alone.find(first)
    while place >= 0 and not text.startswith(alone[place:], start):
        place = alone.find(first, place + 1)
    whole = alone[place:] if place >= 0 else ""
    return (start, start + len(whole)) if whole and all(part in whole for part in said) else None


def _says(text: str, content: str) -> bool:
    return content in text or json.dumps(content, ensure_ascii=False)[1:-1] in text


def _skip_space(text: str, start: int) -> int:
    while start < len(text) and text[start].isspace():
        start += 1
    return start
