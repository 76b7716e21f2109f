"""How messages become text, and which spans of that text the model must learn to write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress, count, takewhile
from typing import Protocol

from studio.catalogue import Phrase, Unusable, phrase
from studio.dataset.record import Message
from studio.dataset.render.places import PlacedTokens, Span


class Refused(Unusable):
    """Why a template cannot write a conversation: a clause, without the line."""


@dataclass(frozen=True)
class Written:
    """A whole example as text, and the spans (start, end in characters) that are trained.

    `further` is a row beside the one of the whole conversation: whatever else is asked for, only its spans
    train, for the rest of it trains there.
    """

    text: str
    spans: tuple[Span, ...]
    further: bool = False


class Template(Protocol):
    """A way to write conversations. `tools` is a record's: a JSON array as text, or nothing."""

    description: Phrase

    def rows(
        self, messages: Sequence[Message], tools: str = "", *, last: bool = False
    ) -> tuple[Written, ...]:
        """The conversation in as many texts as it takes to show every trained answer as the model would
        write it, in the order of the answers; with `last`, for the last of them alone. Raises Refused.
        """
        ...

    def whole(self, messages: Sequence[Message], tools: str = "") -> Written:
        """The conversation in one text, without the answers that it shows otherwise: as the first release
        wrote it, for runs that go on from there. Raises Refused when the last answer is one of them.
        """
        ...

    def prompt(self, messages: Sequence[Message], tools: str = "") -> str:
        """The conversation up to where the model's next answer begins."""
        ...


class AlpacaTemplate:
    """The Alpaca prompt, for models without a chat template; `start` and `end` are the bos and eos texts.

    Every answer is closed by `end`, so that a model learns to stop in the middle of a conversation too.
    """

    description = phrase("template.alpaca")

    def __init__(self, start: str, end: str) -> None:
        self._start = start
        self._end = end

    def rows(
        self, messages: Sequence[Message], tools: str = "", *, last: bool = False
    ) -> tuple[Written, ...]:
        written = self._write(messages, tools)
        return (replace(written, spans=written.spans[-1:]) if last else written,)

    def whole(self, messages: Sequence[Message], tools: str = "") -> Written:
        return self._write(messages, tools)

    def prompt(self, messages: Sequence[Message], tools: str = "") -> str:
        text = self._write(messages, tools).text
        return text + ("\n\n" if _is_answered(messages) else "") + "### Response:\n"

    def _write(self, messages: Sequence[Message], tools: str) -> Written:
        if tools or any(message.calls for message in messages):
            raise Refused("template.alpaca_tools")
        text = self._start
        spans: list[Span] = []
        for index, message in enumerate(messages):
            text += _alpaca_block(message)
            if message.role == "assistant":
                begin = len(text)
                text += message.content + self._end
                if message.trained:
                    spans.append((begin, len(text)))
                text += "\n\n" if index + 1 < len(messages) else ""
        return Written(text, tuple(spans))


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
    raise Refused("template.alpaca_turn", role=message.role)


@dataclass(frozen=True, slots=True)
class Marked:
    """A whole text as tokens. `prompt` counts those before the answer: what a cut may take away."""

    ids: Sequence[int]
    trained: Sequence[bool]
    prompt: int


def mark(placed: PlacedTokens, written: Written, train_on: str) -> Marked:
    """The text's tokens and which of them `train_on` trains.

    The prompt ends where the first trained answer begins; with "all", where the first answer does. Of a
    further row of a conversation only the answers are trained, with "all" too.
    """
    spans = written.spans[-1:] if train_on == "last_answer" else written.spans
    answers = placed.trained(spans)
    prompt = next(compress(count(), answers), len(answers))
    if train_on == "all" and not written.further:
        return Marked(placed.ids, placed.trained(((0, len(written.text)),)), prompt)
    return Marked(placed.ids, answers, prompt)


def align(chosen: Marked, rejected: Marked) -> tuple[Marked, Marked]:
    """The sides of a pair with one prompt in common, token for token; all after it up to the end is answer.

    A token can reach over the border between prompt and answer (a line end before the answer and one at its
    beginning become one token). Where it does so in one side only, the prompts differ in their last tokens;
    then the answers of both begin where the tokens first differ, so that both sides still say their whole
    text and the same is scored in both.
    """
    same = takewhile(lambda pair: pair[0] == pair[1], zip(chosen.ids, rejected.ids, strict=False))
    shared = min(sum(1 for _ in same), chosen.prompt, rejected.prompt)
    return _from(chosen, shared), _from(rejected, shared)


def _from(side: Marked, prompt: int) -> Marked:
    """The side, trained from the end of this prompt on; its first token is never a target."""
    trained = [on or max(1, prompt) <= place < side.prompt for place, on in enumerate(side.trained)]
    return replace(side, trained=trained, prompt=prompt)
