"""Records as text: with the template for conversations, as it stands for plain text, twice for pairs."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from studio.catalogue import phrase
from studio.dataset.record import PAIRED, Message, Record
from studio.dataset.render.chat_template import ChatTemplate
from studio.dataset.render.encoder import Encoder
from studio.dataset.render.isolated import Apart, Asked, guarded
from studio.dataset.render.template import AlpacaTemplate, Refused, Template, Written
from studio.errors import DataError

END = "<|im_end|>"

_SOURCE = """\
{{- START }}
{%- if tools or (messages and messages[0].role == 'system') %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages and messages[0].role == 'system' %}
        {{- messages[0].content }}
        {%- if tools %}
            {{- '\\n\\n' }}
        {%- endif %}
    {%- endif %}
    {%- if tools %}
        {{- '# Tools\\n\\nYou may call one or more functions to assist with the user query.\\n\\n' }}
        {{- 'You are provided with function signatures within <tools></tools> XML tags:\\n<tools>' }}
        {%- for tool in tools %}
            {{- '\\n' + tool | tojson }}
        {%- endfor %}
        {{- '\\n</tools>\\n\\nFor each function call, return a json object with function name and ' }}
        {{- 'arguments within <tool_call></tool_call> XML tags:\\n<tool_call>\\n' }}
        {{- '{"name": <function-name>, "arguments": <args-json-object>}\\n</tool_call>' }}
    {%- endif %}
    {{- '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if message.role == 'assistant' %}
        {{- '<|im_start|>assistant\\n' }}
        {%- generation %}
        {{- message.content }}
        {%- for call in message.tool_calls or [] %}
            {{- '\\n' if message.content or not loop.first else '' }}
            {{- '<tool_call>\\n{"name": ' + call.function.name | tojson }}
            {{- ', "arguments": ' + call.function.arguments | tojson + '}\\n</tool_call>' }}
        {%- endfor %}
        {{- CLOSE }}
        {%- endgeneration %}
        {{- '\\n' }}
    {%- elif message.role == 'tool' %}
        {%- if loop.first or messages[loop.index0 - 1].role != 'tool' %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\\n<tool_response>\\n' + message.content + '\\n</tool_response>' }}
        {%- if loop.last or messages[loop.index0 + 1].role != 'tool' %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- elif message.role != 'system' or not loop.first %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""


def chatml_source(start: str, close: str) -> str:
    """The template. `start` begins every text; `close` ends an answer: END, and where the tokenizer has no
    such token, the one that it stops at behind it.
    """
    return _SOURCE.replace("START", json.dumps(start)).replace("CLOSE", json.dumps(close))


class Writer:
    """Writes what an objective needs of a record. `template` is auto, chat, alpaca, chatml or a .jinja file.

    Raises DataError when chat is asked of a tokenizer without a chat template, and when the file cannot be
    used as one.
    """

    def __init__(self, tokenizer: Any, encoder: Encoder, template: str, objective: str) -> None:
        self._start, self._end = encoder.start, encoder.end
        self._objective = objective
        self.template = _template(tokenizer, encoder, template)

    def plain(self, text: str) -> Written:
        """The text as it stands, between the tokenizer's own beginning and end."""
        whole = self._start + text + self._end
        return Written(whole, ((0, len(whole)),))

    def write(self, record: Record, *, last: bool = False, whole: bool = False) -> list[tuple[Written, ...]]:
        """The record's rows, each one text; for an objective of pairs one row of two texts, that with the
        chosen and that with the rejected answer, which are equal up to the answer.

        `last` asks for the last answer alone, `whole` for one row as the first release wrote it. Raises
        Refused with why there is none.
        """
        if self._objective == "text" and record.messages:
            raise Refused("row.conversation")
        if self._objective in PAIRED:
            return [self._pair(record, whole)]
        if not record.messages:
            return [(self.plain(record.text),)]
        if whole:
            return [(self.template.whole(record.messages, record.tools),)]
        return [(written,) for written in self.template.rows(record.messages, record.tools, last=last)]

    def _pair(self, record: Record, whole: bool) -> tuple[Written, Written]:
        if not (record.messages and record.rejected):
            raise Refused("row.no_pair")
        chosen, rejected = (
            self._side(_with_answer(record, answer), record.tools, whole)
            for answer in (record.answer, record.rejected)
        )
        if _before_answer(chosen) != _before_answer(rejected):
            raise Refused("row.prompts_differ")
        return chosen, rejected

    def _side(self, messages: Sequence[Message], tools: str, whole: bool) -> Written:
        if whole:
            return self.template.whole(messages, tools)
        return self.template.rows(messages, tools, last=True)[-1]

    def asking(
        self, records: Sequence[Record], *, last: bool = False, whole: bool = False
    ) -> Generator[None]:
        """Have at hand what `write` needs of these records, where the template runs in another process.

        Yields while it waits for it.
        """
        if isinstance(self.template, Apart):
            asked = (each for record in records for each in self._asked(record, last, whole))
            yield from self.template.asking(list(asked))

    def _asked(self, record: Record, last: bool, whole: bool) -> Iterator[Asked]:
        what = "whole" if whole else "rows"
        if self._objective in PAIRED:
            if record.messages and record.rejected:
                for answer in (record.answer, record.rejected):
                    yield what, tuple(_with_answer(record, answer)), record.tools, not whole
        elif record.messages and self._objective != "text":
            yield what, record.messages, record.tools, last and not whole


def _template(tokenizer: Any, encoder: Encoder, name: str) -> Template:
    has_chat = bool(getattr(tokenizer, "chat_template", None))
    match name:
        case "alpaca":
            return AlpacaTemplate(encoder.start, encoder.end)
        case "chatml":
            return _chatml(tokenizer, encoder)
        case "auto" | "chat":
            if has_chat:
                return guarded(ChatTemplate.of(tokenizer, encoder.special_texts))
            if name == "chat":
                raise DataError("template.none")
            return AlpacaTemplate(encoder.start, encoder.end)
    from studio.dataset.render.user_template import custom_template

    return custom_template(Path(name).expanduser(), tokenizer, encoder.special_texts)


def _chatml(tokenizer: Any, encoder: Encoder) -> ChatTemplate:
    """ChatML; a tokenizer that has no token for its end writes that as text, and then its own end."""
    close = END if END in encoder.special_texts else END + encoder.end
    source = chatml_source(encoder.start, close)
    return ChatTemplate.given(tokenizer, (*encoder.special_texts, close), source, phrase("template.chatml"))


def _with_answer(record: Record, answer: str) -> Sequence[Message]:
    *asked, chosen = record.messages
    return (*asked, replace(chosen, content=answer, trained=True))


def _before_answer(written: Written) -> str:
    return written.text[: written.spans[-1][0]]
