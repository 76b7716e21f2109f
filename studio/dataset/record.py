"""One example in one normal form, whatever file and format it came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import reduce

from studio.catalogue import Phrase, phrase
from studio.files import parsed

PAIRED = ("dpo", "orpo", "simpo")
"""The objectives that learn from pairs of a chosen and a rejected answer."""


def suits(objective: str, format: str) -> bool:
    """Whether an objective of a recipe has a use for rows of a format: sft has one for all of them."""
    if objective in PAIRED:
        return format == "preference"
    return objective != "text" or format == "text"


@dataclass(frozen=True)
class Call:
    """A call of a tool. `arguments` is a JSON object as text; `id` is what the tool's answer refers to."""

    name: str
    arguments: str
    id: str = ""

    @property
    def text(self) -> str:
        """The call in one line of JSON."""
        return f'{{"name": {json.dumps(self.name, ensure_ascii=False)}, "arguments": {self.arguments}}}'


@dataclass(frozen=True)
class Message:
    """One turn of a conversation. `input` is the material an instruction works on (Alpaca's Input block).

    `name` and `call_id` say which tool a tool's turn is by, and which call it answers. `trained` is whether
    an answer is to be learned; else it is only context.
    """

    role: str  # system | user | assistant | tool
    content: str
    input: str = ""
    calls: tuple[Call, ...] = ()
    name: str = ""
    call_id: str = ""
    trained: bool = True

    @property
    def shown(self) -> str:
        """The content with its input below, as a chat template shows it."""
        return f"{self.content}\n\n{self.input}" if self.input else self.content

    @property
    def whole(self) -> str:
        """All that is said: the content with its input, and the calls it makes below."""
        if not self.calls:
            return self.shown
        return "\n".join((*filter(None, (self.shown,)), *(call.text for call in self.calls)))


@dataclass(frozen=True)
class Record:
    """An example: either `messages` or plain `text`. `rejected` is the worse answer of a preference pair.

    `made` says how and from what a row was made; it is empty for a row that somebody wrote. `tools` are
    those the model may call: a JSON array as text, each in OpenAI's shape. `origins` is what its columns say
    of the conversation or document it comes from (`origins.origins_of`), which is no part of its content.
    `left_out` names the fields of the row that carry meaning and are no part of the example.
    """

    line: int
    messages: tuple[Message, ...] = ()
    text: str = ""
    rejected: str = ""
    made: str = ""
    tools: str = ""
    origins: tuple[str, ...] = ()
    left_out: tuple[str, ...] = field(default=(), compare=False)

    @property
    def prompt(self) -> str:
        """What the last answer answers; empty for plain text."""
        for message in reversed(self.before_answer):
            if message.role != "system":
                return message.whole
        return ""

    @property
    def first_prompt(self) -> str:
        """What a conversation begins with, where the last answer answers another turn; else empty."""
        asked = [message for message in self.before_answer if message.role != "system"]
        return asked[0].whole if len(asked) > 1 else ""

    @property
    def turns(self) -> int:
        """How many messages there are without the system's; 0 for plain text."""
        return sum(message.role != "system" for message in self.messages)

    @property
    def answer(self) -> str:
        """The last answer, or all of a plain text."""
        for message in reversed(self.messages):
            if message.role == "assistant":
                return message.whole
        return self.text

    @property
    def before_answer(self) -> tuple[Message, ...]:
        """The turns before the last answer."""
        for place in range(len(self.messages) - 1, -1, -1):
            if self.messages[place].role == "assistant":
                return self.messages[:place]
        return self.messages

    @property
    def question(self) -> str:
        """Equal for examples that ask the same: the tools and all before the last answer, or the text."""
        asked = [f"{m.role}\0{m.whole.strip()}" for m in self.before_answer if m.role != "system"]
        return "\0".join((*asked, *filter(None, (self.tools,)))) if self.messages else self.text.strip()

    @property
    def group_key(self) -> str:
        """Equal for examples that ask the same, or were made from one that does."""
        return _made_from(self.made) or hashlib.sha256(self.question.encode()).hexdigest()[:16]

    @property
    def content(self) -> Record:
        """This record without its place in the file and its origin."""
        return replace(self, line=0, made="", origins=(), left_out=())


def remarks(record: Record) -> Iterator[Phrase]:
    """What deserves a look in a record that can train."""
    yield from _left_out(record)
    answers = [message for message in record.messages if message.role == "assistant" and message.trained]
    if mark := next((mark for mark in TOOL_MARKS for m in answers if mark in m.content), ""):
        yield phrase("row.tool_text", mark=mark)
    if not record.messages:
        return
    if record.prompt.strip() == record.answer.strip():
        yield phrase("row.identical")
    if record.messages[-1].role != "assistant":
        yield phrase("row.unanswered")


TOOL_MARKS = (
    "<tool_response>",
    "<function_response>",
    "FUNCTION RESPONSE:",
    "[TOOL_RESULTS]",
    "\nObservation:",
)
"""Behind these, texts that hold a whole exchange with tools say what a tool gave back."""


def _left_out(record: Record) -> Iterator[Phrase]:
    if record.left_out:
        named = (phrase("field", name=name[:40]) for name in record.left_out)
        shown = reduce(lambda one, other: phrase("fields.two", one=one, other=other), named)
        yield phrase("row.left_out", fields=shown)


def _made_from(made: str) -> str:
    """The kin of the example that a row was made from; empty where it does not say."""
    try:
        how = parsed(made) if made else {}
    except ValueError:
        return ""
    return str(how.get("kin", "")) if isinstance(how, dict) else ""
