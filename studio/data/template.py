"""How messages become text, and which spans of that text the model must learn to write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from studio.data.records import Message

type Span = tuple[int, int]

_GENERATION = re.compile(r"\{%-?\s*generation\s*-?%\}")


class Refused(ValueError):
    """Why a template cannot write a conversation: a clause, without the line."""


@dataclass(frozen=True)
class Written:
    """A whole example as text, and the spans (start, end in characters) that are trained."""

    text: str
    spans: tuple[Span, ...]


class Template(Protocol):
    """A way to write conversations."""

    description: str

    def write(self, messages: Sequence[Message]) -> Written:
        """The whole conversation; raises Refused."""
        ...

    def prompt(self, messages: Sequence[Message]) -> str:
        """The conversation up to where the model's next answer begins."""
        ...


class AlpacaTemplate:
    """The Alpaca prompt, for models without a chat template; `start` and `end` are the bos and eos texts.

    Every answer is closed by `end`, so that a model learns to stop in the middle of a conversation too.
    """

    description = "Alpaca prompt"

    def __init__(self, start: str, end: str) -> None:
        self._start = start
        self._end = end

    def write(self, messages: Sequence[Message]) -> Written:
        text = self._start
        spans: list[Span] = []
        for index, message in enumerate(messages):
            text += _alpaca_block(message)
            if message.role == "assistant":
                begin = len(text)
                text += message.content + self._end
                spans.append((begin, len(text)))
                text += "\n\n" if index + 1 < len(messages) else ""
        return Written(text, tuple(spans))

    def prompt(self, messages: Sequence[Message]) -> str:
        return self.write(messages).text + ("\n\n" if _is_answered(messages) else "") + "### Response:\n"


def _is_answered(messages: Sequence[Message]) -> bool:
    return bool(messages) and messages[-1].role == "assistant"


def _alpaca_block(message: Message) -> str:
    match message.role:
        case "user":
            block = f"### Instruction:\n{message.content}\n\n"
            return block + (f"### Input:\n{message.input}\n\n" if message.input else "")
        case "assistant":
            return "### Response:\n"
        case "system":
            return f"{message.content}\n\n"
    raise Refused(f"the Alpaca prompt has no place for a turn by {message.role}")


class ChatTemplate:
    """The model's own chat template.

    Trained is what follows the generation prompt, up to and including the token that closes the turn:
    exactly what the model must write when it answers. It is found by writing the conversation up to each
    answer. A template that rewrites earlier turns (Qwen3 strips their thinking) defeats that; then the
    template's {% generation %} marks decide, and where it has none, only the last answer is trained.
    """

    description = "the model's chat template"

    def __init__(self, tokenizer: Any, closing: Iterable[str]) -> None:
        self._tokenizer = tokenizer
        self._closing = tuple(sorted({mark for mark in closing if mark}, key=len, reverse=True))

    def write(self, messages: Sequence[Message]) -> Written:
        text = self._apply(messages)
        answers = [index for index, message in enumerate(messages) if message.role == "assistant"]
        spans = [self._answer(text, messages, index) for index in answers]
        found = tuple(span for span in spans if span is not None)
        if len(found) == len(answers):
            return Written(text, found)
        if marked := self._marked(text, messages):
            return Written(text, marked)
        if spans[-1] is None:
            raise Refused("the chat template does not show where the last answer begins")
        return Written(text, (spans[-1],))

    def prompt(self, messages: Sequence[Message]) -> str:
        return self._apply(messages, add_generation_prompt=True)

    def _answer(self, text: str, messages: Sequence[Message], index: int) -> Span | None:
        """Where in `text` the answer at `index` stands with its closing token; None if not certain."""
        before = self.prompt(messages[:index]) if index else ""
        if not text.startswith(before):
            return None
        start = len(before)
        if end := self._exact_end(text, start, messages[index].content.strip()):
            return start, end
        last = index + 1 == len(messages)
        upto = self._closed(text if last else self._apply(messages[: index + 1]), start)
        return (start, len(upto)) if len(upto) > start and text.startswith(upto) else None

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

    def _marked(self, text: str, messages: Sequence[Message]) -> tuple[Span, ...]:
        """The spans between {% generation %} marks, each with its closing token."""
        if not _GENERATION.search(str(self._tokenizer.chat_template)):
            return ()
        options = {"return_dict": True, "return_assistant_tokens_mask": True}
        encoded = self._apply_to_tokens(messages, options)
        spans: list[Span] = []
        inside = False
        for mark, (start, end) in zip(encoded["assistant_masks"], encoded["offset_mapping"], strict=True):
            if mark and inside:
                spans[-1] = (spans[-1][0], end)
            elif mark:
                spans.append((start, end))
            inside = bool(mark)
        return tuple((start, self._with_closing(text, start, end)) for start, end in spans)

    def _with_closing(self, text: str, start: int, end: int) -> int:
        if text[start:end].rstrip().endswith(self._closing):
            return len(text[:end].rstrip())
        mark = _skip_space(text, end)
        return next((mark + len(c) for c in self._closing if text.startswith(c, mark)), end)

    def _apply(self, messages: Sequence[Message], **options: Any) -> str:
        return str(self._call(messages, tokenize=False, **options))

    def _apply_to_tokens(self, messages: Sequence[Message], options: dict[str, Any]) -> Any:
        return self._call(
            messages, tokenize=True, tokenizer_kwargs={"return_offsets_mapping": True}, **options
        )

    def _call(self, messages: Sequence[Message], **options: Any) -> Any:
        from jinja2 import TemplateError

        turns = [{"role": message.role, "content": message.whole} for message in messages]
        try:
            return self._tokenizer.apply_chat_template(turns, **options)
        except (TemplateError, TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
            raise Refused(f"the model's chat template refuses it: {error}") from error


def _skip_space(text: str, start: int) -> int:
    while start < len(text) and text[start].isspace():
        start += 1
    return start
