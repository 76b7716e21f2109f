"""Records as text: with the template for conversations, as it stands for plain text, twice for pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from studio.data.chat_template import ChatTemplate
from studio.data.encoder import Encoder
from studio.data.records import Message, Record
from studio.data.template import AlpacaTemplate, Refused, Template, Written
from studio.errors import DataError


class Writer:
    """Writes what an objective needs of a record. `template` is auto, chat or alpaca.

    Raises DataError when chat is asked of a tokenizer without a chat template.
    """

    def __init__(self, tokenizer: Any, encoder: Encoder, template: str, objective: str) -> None:
        self._start, self._end = encoder.start, encoder.end
        self._objective = objective
        self.template: Template = AlpacaTemplate(encoder.start, encoder.end)
        has_chat = bool(getattr(tokenizer, "chat_template", None))
        if template == "chat" and not has_chat:
            raise DataError("This model has no chat template. Choose the template auto or alpaca.")
        if has_chat and template != "alpaca":
            self.template = ChatTemplate(tokenizer, encoder.special_texts)

    def plain(self, text: str) -> Written:
        """The text as it stands, between the tokenizer's own beginning and end."""
        whole = self._start + text + self._end
        return Written(whole, ((0, len(whole)),))

    def write(self, record: Record) -> tuple[Written, ...]:
        """The record's text; for an objective of pairs, that with the chosen and that with the rejected
        answer, which are equal up to the answer. Raises Refused with why there is none.
        """
        if self._objective == "text" and record.messages:
            raise Refused("a conversation, not plain text; set the objective to sft for it")
        if self._objective in ("dpo", "orpo"):
            return self._pair(record)
        if not record.messages:
            return (self.plain(record.text),)
        written = self.template.write(record.messages, record.tools)
        return (written,)

    def _pair(self, record: Record) -> tuple[Written, Written]:
        if not (record.messages and record.rejected):
            raise Refused('no pair of "chosen" and "rejected"; set the objective to sft for it')
        chosen = self.template.write(_with_answer(record, record.answer), record.tools)
        rejected = self.template.write(_with_answer(record, record.rejected), record.tools)
        if _before_answer(chosen) != _before_answer(rejected):
            raise Refused("the template writes another prompt for the rejected answer than for the chosen")
        return chosen, rejected


def _with_answer(record: Record, answer: str) -> Sequence[Message]:
    *asked, chosen = record.messages
    return (*asked, replace(chosen, content=answer, trained=True))


def _before_answer(written: Written) -> str:
    return written.text[: written.spans[-1][0]]
