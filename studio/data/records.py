"""One example in one normal form, whatever file and format it came from."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Message:
    """One turn of a conversation. `input` is the material an instruction works on (Alpaca's Input block)."""

    role: str  # system | user | assistant | tool
    content: str
    input: str = ""

    @property
    def whole(self) -> str:
        """The content with its input below, as a chat template shows it."""
        return f"{self.content}\n\n{self.input}" if self.input else self.content


@dataclass(frozen=True)
class Record:
    """An example: either `messages` or plain `text`. `rejected` is the worse answer of a preference pair.

    `made` says how and from what a row was made; it is empty for a row that somebody wrote.
    """

    line: int
    messages: tuple[Message, ...] = ()
    text: str = ""
    rejected: str = ""
    made: str = ""

    @property
    def prompt(self) -> str:
        """What the last answer answers; empty for plain text."""
        return next((m.whole for m in reversed(self.before_answer) if m.role != "system"), "")

    @property
    def answer(self) -> str:
        """The last answer, or all of a plain text."""
        return next((m.content for m in reversed(self.messages) if m.role == "assistant"), self.text)

    @property
    def before_answer(self) -> tuple[Message, ...]:
        """The turns before the last answer."""
        turns = [i for i, m in enumerate(self.messages) if m.role == "assistant"]
        return self.messages[: turns[-1]] if turns else self.messages

    @property
    def question(self) -> str:
        """Equal for examples that ask the same: all that comes before the last answer, or the text."""
        asked = [f"{m.role}\0{m.whole.strip()}" for m in self.before_answer if m.role != "system"]
        return "\0".join(asked) if self.messages else self.text.strip()

    @property
    def content(self) -> Record:
        """This record without its place in the file and its origin: equal for exact duplicates."""
        return replace(self, line=0, made="")
