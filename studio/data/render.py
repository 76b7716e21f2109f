"""The one place where text becomes tokens: for colouring, for training and for generating alike."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from studio.data.records import Message, Record
from studio.data.template import AlpacaTemplate, ChatTemplate, Refused, Span, Template, Written
from studio.errors import DataError
from studio.events import Piece


@dataclass(frozen=True)
class Tokens:
    """A rendered example. `trained[i]`: token i is a target; `cut`: how many more did not fit.

    The first token is never a target: nothing stands before it to predict it from.
    """

    ids: tuple[int, ...]
    trained: tuple[bool, ...]
    cut: int = 0

    @property
    def targets(self) -> int:
        """How many tokens are trained; 0 means the example must not be batched."""
        return sum(self.trained)


class ExampleError(DataError):
    """An example that its template refuses; `reason` is the sentence without the line."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"Line {line}: {reason}.")
        self.line = line
        self.reason = reason


class Renderer:
    """Renders records for one tokenizer, template and length.

    `tokenizer` is a transformers fast tokenizer, or mlx-lm's wrapper around one. `template` is auto (the
    chat template where the tokenizer has one, else Alpaca), chat or alpaca. Raises DataError when chat is
    asked of a tokenizer without a chat template.
    """

    def __init__(self, tokenizer: Any, template: str = "auto", max_length: int = 1024) -> None:
        inner = getattr(tokenizer, "_tokenizer", None)
        wrapped = hasattr(inner, "apply_chat_template")
        self._ends = frozenset(tokenizer.eos_token_ids if wrapped else [tokenizer.eos_token_id]) - {None}
        tokenizer = inner if wrapped else tokenizer
        self.max_length = max_length
        self._encoder = _Encoder(tokenizer)
        self._template = self._choose(tokenizer, template)

    @property
    def description(self) -> str:
        """The template, in words."""
        return self._template.description

    def describe(self, format: str) -> str:
        """How records of this format are written, in words: plain text has no template."""
        return "plain text" if format == "text" else self.description

    def render(self, record: Record) -> Tokens:
        """The record's tokens. Raises ExampleError when the template refuses it."""
        return self._tokens(*self._encode([self._write(record)])[0])

    def render_all(self, records: Sequence[Record]) -> list[Tokens | ExampleError]:
        """Each record's tokens, or why it has none: much faster than one by one."""
        written: list[Written | ExampleError] = []
        for record in records:
            try:
                written.append(self._write(record))
            except ExampleError as error:
                written.append(error)
        encoded = iter(self._encode([item for item in written if isinstance(item, Written)]))
        return [item if isinstance(item, ExampleError) else self._tokens(*next(encoded)) for item in written]

    def prompt_ids(self, messages: Sequence[Message]) -> list[int]:
        """The tokens to generate from: the conversation, and the beginning of the next answer.

        Raises DataError when the template refuses the conversation.
        """
        try:
            return self._encoder.ids(self._template.prompt(messages))
        except Refused as error:
            raise DataError(f"This conversation cannot be shown to the model: {error}.") from error

    @cached_property
    def stops(self) -> frozenset[int]:
        """The tokens that end an answer: the model's own, and the one that closes a turn in the template.

        They differ in base models such as Qwen3-0.6B-Base, whose end of text is not the <|im_end|> that its
        chat template writes, and so teaches, after each answer.
        """
        try:
            written = self._template.write((Message("user", "?"), Message("assistant", "!")))
        except Refused:
            return self._ends
        encoding, _ = self._encode([written])[0]
        trained = _trained(encoding.offsets, written.spans)
        last = max((i for i, target in enumerate(trained) if target), default=0)
        return self._ends | (self._encoder.special_ids & {encoding.ids[last]})

    def control_texts(self, record: Record) -> tuple[str, ...]:
        """Words of the example that this tokenizer reads as control tokens, such as </s> in HTML."""
        content = "\n".join((record.text, *(message.whole for message in record.messages)))
        return tuple(sorted(mark for mark in self._encoder.special_texts if mark in content))

    def pieces(self, record: Record) -> tuple[Piece, ...]:
        """Every token with its text; joined, the texts are the exact text rendered."""
        written = self._write(record)
        encoding = self._encoder.encode([written.text])[0]
        trained = _trained(encoding.offsets, written.spans)
        texts = _texts(written.text, encoding.offsets)
        return tuple(
            Piece(
                id=token,
                text=text,
                trained=target and index < self.max_length,
                special=token in self._encoder.special_ids,
                cut=index >= self.max_length,
            )
            for index, (token, text, target) in enumerate(zip(encoding.ids, texts, trained, strict=True))
        )

    def _choose(self, tokenizer: Any, template: str) -> Template:
        has_chat = bool(getattr(tokenizer, "chat_template", None))
        if template == "chat" and not has_chat:
            raise DataError("This model has no chat template. Choose the template auto or alpaca.")
        if has_chat and template != "alpaca":
            return ChatTemplate(tokenizer, self._encoder.special_texts)
        return AlpacaTemplate(self._encoder.start, self._encoder.end)

    def _write(self, record: Record) -> Written:
        if not record.messages:
            text = self._encoder.start + record.text + self._encoder.end
            return Written(text, ((0, len(text)),))
        try:
            return self._template.write(record.messages)
        except Refused as error:
            raise ExampleError(record.line, str(error)) from error

    def _encode(self, written: Sequence[Written]) -> list[tuple[Any, Written]]:
        return list(zip(self._encoder.encode([item.text for item in written]), written, strict=True))

    def _tokens(self, encoding: Any, written: Written) -> Tokens:
        trained = _trained(encoding.offsets, written.spans)
        cut = max(0, len(encoding.ids) - self.max_length)
        return Tokens(tuple(encoding.ids[: self.max_length]), tuple(trained[: self.max_length]), cut)


class _Encoder:
    """A tokenizer's fast core: texts to ids and character offsets, adding and cutting nothing."""

    def __init__(self, tokenizer: Any) -> None:
        self._core = tokenizer.backend_tokenizer
        added = tokenizer.added_tokens_decoder
        special = {token for token, entry in added.items() if entry.special}
        self.special_ids = frozenset(special | set(tokenizer.all_special_ids))
        self.end: str = tokenizer.eos_token or ""
        self.special_texts = {added[token].content for token in special} | {self.end} - {""}
        self.start = _start(tokenizer)

    def ids(self, text: str) -> list[int]:
        """The text's tokens."""
        return list(self._whole(self._core).encode(text, add_special_tokens=False).ids)

    def encode(self, texts: Sequence[str]) -> list[Any]:
        """For each text its `ids` and `offsets`; offsets cover the spaces that belong to a token."""
        return list(self._whole(self._exact).encode_batch(list(texts), add_special_tokens=False))

    @cached_property
    def _exact(self) -> Any:
        """The core, or a copy of it where its offsets would leave out spaces (Llama 3, GPT-2)."""
        post_processor = self._core.post_processor
        if post_processor is None or b'"trim_offsets":true' not in post_processor.__getstate__():
            return self._core
        from tokenizers import Tokenizer

        return Tokenizer.from_str(json.dumps({**json.loads(self._core.to_str()), "post_processor": None}))

    def _whole(self, core: Any) -> Any:
        """The core without cutting and padding, which another user of the tokenizer may have left on."""
        if core.truncation is not None:
            core.no_truncation()
        if core.padding is not None:
            core.no_padding()
        return core


def _start(tokenizer: Any) -> str:
    """The bos token's text when the tokenizer itself puts it before a text, else nothing."""
    bos = tokenizer.bos_token
    return bos if bos and tokenizer("").input_ids[:1] == [tokenizer.bos_token_id] else ""


def _trained(offsets: Sequence[Span], spans: Sequence[Span]) -> list[bool]:
    """Which tokens hold a character of a span. An empty token belongs to the span it stands in."""
    trained = [False] * len(offsets)
    position = 0
    for begin, end in spans:
        while position < len(offsets) and not _reaches(offsets[position], begin):
            position += 1
        while position < len(offsets) and offsets[position][0] < end:
            trained[position] = True
            position += 1
    if trained:
        trained[0] = False
    return trained


def _reaches(offset: Span, begin: int) -> bool:
    return offset[1] > begin or offset[0] >= begin


def _texts(text: str, offsets: Sequence[Span]) -> list[str]:
    """Each token's part of the text. A character made of several tokens is given to the last of them."""
    texts: list[str] = []
    done = 0
    for index, (_, end) in enumerate(offsets):
        following = offsets[index + 1][0] if index + 1 < len(offsets) else len(text)
        stop = max(done, min(end, following)) if index + 1 < len(offsets) else len(text)
        texts.append(text[done:stop])
        done = stop
    return texts
