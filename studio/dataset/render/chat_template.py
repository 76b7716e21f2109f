"""Conversations written by a Jinja chat template, and where in their text the answers stand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from traceback import walk_tb
from typing import Any

from jinja2 import TemplateError

from studio.catalogue import Phrase, phrase, said_by
from studio.dataset.record import Call, Message
from studio.dataset.render import sandbox
from studio.dataset.render.places import Span
from studio.dataset.render.template import Refused, Written
from studio.errors import DataError

_MARK = re.compile(r"\{%([-+]?)\s*(generation|endgeneration)\s*([-+]?)%\}")
_BEGIN, _END = "\ufdd0", "\ufdd1"
"""Characters that no text may hold (Unicode keeps them for programs): they show where an answer stands."""

_FAULTS = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What a template's own code can do wrong, beside the errors of Jinja."""

_STAND = "\ufdd2"
"""Stands in the place of an answer, to find out where that is."""

_OPENED = re.compile(r"(<([a-z][\w:.-]*)>)\s*\Z")
"""What a prompt opens at its end and the answer is to close."""

MOST_ROWS = 250
"""Rows that one conversation may become: each holds all before its answer."""

_ALIKE = 8
"""Characters by which two writings of the same answer are laid over each other; any call is longer."""


@dataclass(frozen=True)
class Sources:
    """A template's text; some models have another for conversations with tools. `tokens` are the special
    tokens that both are given.
    """

    plain: str
    with_tools: str
    tokens: Mapping[str, str]

    @classmethod
    def of(cls, tokenizer: Any) -> Sources:
        """A tokenizer's own. Raises DataError where it has several and says not which."""
        try:
            plain, with_tools = tokenizer.get_chat_template(), tokenizer.get_chat_template(tools=[])
        except ValueError as error:
            raise DataError("template.several") from error
        return cls(str(plain), str(with_tools), special_tokens(tokenizer))

    def for_tools(self, tools: str) -> str:
        """The text for a conversation with these tools, or none."""
        return self.with_tools if tools else self.plain


class ChatTemplate:
    """A model's own chat template, or a given one.

    Trained is what the template's {% generation %} marks enclose, and the token that closes the turn. Where
    it has no marks, it is what follows the generation prompt, up to and including that token: exactly what
    the model must write when it answers. It is found by writing the conversation up to each answer.

    A template that rewrites what came before (Qwen3 strips earlier thinking, Mistral moves the system's
    words into the last question) or adds to the prompt (a <think>) shows some answers otherwise than the
    model would write them. Each of those has a row of its own: the conversation up to it. So has each
    answer that the template never shows like that: its prompt, and after it the answer.
    """

    def __init__(self, sources: Sources, closing: Iterable[str], description: Phrase, *, own: bool) -> None:
        """`own`: whether the template is a file of the person's, in which a line can be named."""
        self.sources = sources
        self.closing = tuple(sorted({mark for mark in closing if mark}, key=len, reverse=True))
        self.own = own
        self.description = description

    @classmethod
    def of(cls, tokenizer: Any, closing: Iterable[str]) -> ChatTemplate:
        """The model's own. Raises DataError where the tokenizer has several and says not which."""
        return cls(Sources.of(tokenizer), closing, phrase("template.of_model"), own=False)

    @classmethod
    def given(cls, tokenizer: Any, closing: Iterable[str], source: str, description: Phrase) -> ChatTemplate:
        """The one in `source`, for a tokenizer's special tokens."""
        return cls(Sources(source, source, special_tokens(tokenizer)), closing, description, own=True)

    def rows(
        self, messages: Sequence[Message], tools: str = "", *, last: bool = False
    ) -> tuple[Written, ...]:
        text, marked = self._marked(messages, tools)
        if by_marks := _by_marks(text, marked, messages):
            return (replace(by_marks, spans=by_marks.spans[-1:]) if last else by_marks,)
        left = _trained(messages)[-1 if last else 0 :]
        prompts: dict[int, str] = {}
        rows: list[Written] = []
        while left:
            found = {i: span for i in left if (span := self._shown(text, messages, i, tools, prompts))}
            if found:
                rows.insert(0, Written(text, tuple(found.values()), further=bool(rows)))
            if left[-1] not in found:
                row = self._continued(messages[: left[-1] + 1], tools)
                rows.insert(int(bool(found)), replace(row, further=bool(rows)))
            if len(rows) > MOST_ROWS:
                raise Refused("template.too_many_rows", template=self.description, limit=MOST_ROWS)
            left = [index for index in left[:-1] if index not in found]
            if left:
                messages = messages[: left[-1] + 1]
                text = self._apply(messages, tools)
        return tuple(rows)

    def whole(self, messages: Sequence[Message], tools: str = "") -> Written:
        text, marked = self._marked(messages, tools)
        if by_marks := _by_marks(text, marked, messages):
            return by_marks
        spans = [self._answer(text, messages, index, tools, {}) for index in _trained(messages)]
        if spans and spans[-1] is None:
            raise Refused("template.no_answer", template=self.description)
        return Written(text, tuple(span for span in spans if span is not None))

    def prompt(self, messages: Sequence[Message], tools: str = "") -> str:
        return self._apply(messages, tools, prompt=True)

    def _marked(self, messages: Sequence[Message], tools: str) -> tuple[str, tuple[Span, ...]]:
        """The text, and the spans between {% generation %} marks, each with its closing token."""
        source = self.sources.for_tools(tools)
        showing = _showing(source)
        has_marks = _BEGIN in showing and not any(_BEGIN in m.whole or _END in m.whole for m in messages)
        self._has_place(source, messages, tools)
        text = self._apply(messages, tools, source=showing if has_marks else source)
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

    def _shown(
        self, text: str, messages: Sequence[Message], index: int, tools: str, prompts: dict[int, str]
    ) -> Span | None:
        """Where in `text` the answer at `index` stands as the model would write it, its thoughts with it."""
        span = self._answer(text, messages, index, tools, prompts)
        return span if span and _thought(messages[index].content) in text[slice(*span)] else None

    def _answer(
        self, text: str, messages: Sequence[Message], index: int, tools: str, prompts: dict[int, str]
    ) -> Span | None:
        """Where in `text` the answer at `index` stands with its closing token; None if not certain.

        `prompts` keeps what comes before the answers, from one text of a conversation to the next.
        """
        if index and index not in prompts:
            prompts[index] = self.prompt(messages[:index], tools)
        before = prompts.get(index, "")
        if not text.startswith(before):
            return None
        start = len(before)
        message = messages[index]
        if not message.calls and (end := self._exact_end(text, start, message.content.strip())):
            return start, end
        last = index + 1 == len(messages)
        alone = text if last else self._apply(messages[: index + 1], tools)
        upto = self._closed(alone, start)
        if len(upto) > start and text.startswith(upto):
            return start, len(upto)
        return _kept(text, start, upto[start:], message) if upto.startswith(before) else None

    def _continued(self, messages: Sequence[Message], tools: str) -> Written:
        """The row of a last answer that the template shows otherwise than the model would write it: its
        prompt, and the answer as it stands in the text, with what it thought, after it.
        """
        *before, message = messages
        prompt = self.prompt(before, tools) if before else ""
        text = self._apply(messages, tools)
        other = self._apply((*before, Message(message.role, _STAND)), tools)
        start = min(other.find(_STAND), _alike(text, other))
        if start < 0 or not all(_says(prompt, m.content.strip()) for m in before if m.role == "system"):
            code = "template.no_answer" if start < 0 else "template.no_system"
            raise Refused(code, template=self.description)
        end = len(self._closed(text, start))
        closing = self._closed(other, start).partition(_STAND)[2]
        answer = _completed(prompt, text[:start], text[start:end], message.content.strip(), closing)
        if not _says(answer, message.content.rpartition("</think>")[2].strip()):
            raise Refused("template.no_answer", template=self.description)
        whole = prompt + answer
        return Written(whole + text[end:], ((len(prompt), len(whole)),))

    def _exact_end(self, text: str, start: int, content: str) -> int:
        """The end of the closing token when exactly `content` and then that token follow; else 0."""
        begin = _skip_space(text, start)
        if not text.startswith(content, begin):
            return 0
        mark = _skip_space(text, begin + len(content))
        return next((mark + len(c) for c in self.closing if text.startswith(c, mark)), 0)

    def _closed(self, text: str, start: int) -> str:
        """`text` up to the first of the closing tokens at its end (Phi-3 writes two) or its last letter."""
        text = end = text.rstrip()
        while mark := next((c for c in self.closing if text.endswith(c) and len(text) - len(c) > start), ""):
            end = text
            text = text[: -len(mark)].rstrip()
        return end

    def _with_closing(self, text: str, start: int, end: int) -> int:
        if text[start:end].rstrip().endswith(self.closing):
            return end
        mark = _skip_space(text, end)
        return next((mark + len(c) for c in self.closing if text.startswith(c, mark)), end)

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

    def _apply(
        self, messages: Sequence[Message], tools: str, *, source: str = "", prompt: bool = False
    ) -> str:
        source, tokens = source or self.sources.for_tools(tools), self.sources.tokens
        try:
            given = json.loads(tools) if tools else None
            turns = [_turn(message) for message in messages]
            try:
                return sandbox.render(source, tokens, turns, given, prompt=prompt)
            except TypeError:  # DeepSeek's add a call's arguments to a text, others ask for an object
                if not any(message.calls for message in messages):
                    raise
            turns = [_turn(message, as_text=True) for message in messages]
            return sandbox.render(source, tokens, turns, given, prompt=prompt)
        except (TemplateError, *_FAULTS) as error:
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> Refused:
        """What the template says, with its line in one that the person can edit."""
        frames = walk_tb(error.__traceback__) if self.own else ()
        lines = [line for frame, line in frames if frame.f_code.co_filename == "<template>"]
        fault = said_by(error)
        if not lines:
            return Refused("template.refuses", template=self.description, fault=fault)
        return Refused("template.refuses_in_line", template=self.description, line=lines[-1], fault=fault)


def special_tokens(tokenizer: Any) -> dict[str, str]:
    """A tokenizer's special tokens, by the names under which templates know them."""
    return {
        name: str(token) for name, token in tokenizer.special_tokens_map.items() if isinstance(token, str)
    }


def _trained(messages: Sequence[Message]) -> list[int]:
    """Which turns are answers to learn."""
    return [index for index, turn in enumerate(messages) if turn.role == "assistant" and turn.trained]


def _by_marks(text: str, marked: tuple[Span, ...], messages: Sequence[Message]) -> Written | None:
    """What the template itself says is trained, where it says so of every answer."""
    answers = [index for index, turn in enumerate(messages) if turn.role == "assistant"]
    trained = _trained(messages)
    if len(marked) == len(answers):
        return Written(text, tuple(s for s, i in zip(marked, answers, strict=True) if i in trained))
    return Written(text, marked) if marked and trained == answers else None


def _thought(content: str) -> str:
    """What an answer thinks before it speaks; often nothing."""
    thought, ends, _ = content.partition("</think>")
    return thought.rpartition("<think>")[2].strip() if ends else ""


def _alike(one: str, other: str) -> int:
    """How many characters the two begin with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _completed(prompt: str, before: str, answer: str, content: str, closing: str) -> str:
    """The answer as it follows its prompt, where the template writes `answer` after `before` instead.

    Thoughts that the template leaves out are said as in the content. Where the prompt opens them and the
    answer has none, they are closed at once: else the model would learn to answer in its thoughts.
    """
    if _thought(content) not in answer:
        answer = content + closing
    opened = _OPENED.search(prompt)
    if opened and not before.rstrip().endswith(opened[1]):
        rest = answer.lstrip().removeprefix(opened[1])
        if f"</{opened[2]}>" not in rest:
            rest = f"\n\n</{opened[2]}>\n\n{rest.lstrip()}"
        return rest.removeprefix("\n") if prompt.endswith("\n") else rest
    space = before[len(before.rstrip()) :]
    return answer if prompt[-1:].isspace() else space + answer


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


def _turn(message: Message, *, as_text: bool = False) -> dict[str, Any]:
    """The turn as templates are given it; the arguments of calls as objects, or as their text."""
    turn: dict[str, Any] = {"role": message.role, "content": message.shown}
    if message.calls:
        turn["tool_calls"] = [_called(call, as_text) for call in message.calls]
    if message.name:
        turn["name"] = message.name
    if message.call_id:
        turn["tool_call_id"] = message.call_id
    return turn


def _called(call: Call, as_text: bool) -> dict[str, Any]:
    arguments = call.arguments if as_text else json.loads(call.arguments)
    function = {"name": call.name, "arguments": arguments}
    return {**({"id": call.id} if call.id else {}), "type": "function", "function": function}


def _kept(text: str, start: int, alone: str, message: Message) -> Span | None:
    """The answer where the conversation shows only its end: all of the content and the calls, but not what
    the template puts before them in a last turn (Qwen3's empty thinking).
    """
    texts = (message.content.strip(), *(call.name for call in message.calls))
    first = text[start : start + _ALIKE]
    place = alone.find(first)
    while place >= 0 and not text.startswith(alone[place:], start):
        place = alone.find(first, place + 1)
    whole = alone[place:] if place >= 0 else ""
    return (start, start + len(whole)) if whole and all(part in whole for part in texts) else None


def _says(text: str, content: str) -> bool:
    return content in text or json.dumps(content, ensure_ascii=False)[1:-1] in text


def _skip_space(text: str, start: int) -> int:
    while start < len(text) and text[start].isspace():
        start += 1
    return start
