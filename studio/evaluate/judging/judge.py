"""What a judge is: somebody who answers questions that have a few possible answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.generate.asking import without_thoughts

REPLY_TOKENS = 1024
"""How long the reply of a judge may be that gives its reason first; models that think aloud need as many."""


@dataclass(frozen=True)
class JudgeQuestion:
    """What a judge reads, and the answers that it may choose from: letters or numbers."""

    text: str
    choices: tuple[str, ...]

    def asked(self, *, alone: bool) -> str:
        """The text with the form of the answer: the choice alone, or after its reason."""
        form = ALONE if alone else REASON_FIRST
        return f"{self.text}\n\n{form.format(choices=_spoken(self.choices))}"


ALONE = "Reply with {choices}, and with nothing else."

REASON_FIRST = """\
Give your reason in one sentence. Then end with your choice, {choices}, in double square brackets, \
as in [[X]] with your choice in place of X."""


def _spoken(choices: tuple[str, ...]) -> str:
    return f"{', '.join(choices[:-1])} or {choices[-1]}"


@dataclass(frozen=True)
class JudgeReply:
    """What a judge replied: its words, or the probability of each choice where its logits are at hand.

    `shares` are of the whole vocabulary, so they sum to less than 1. `refused` says why nothing else came.
    """

    text: str = ""
    shares: Mapping[str, float] = field(default_factory=dict)
    refused: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON holds it; `from_kept` reads it."""
        return {"text": self.text, "shares": dict(self.shares), "refused": self.refused}

    @classmethod
    def from_kept(cls, kept: Mapping[str, Any]) -> JudgeReply:
        return cls(str(kept["text"]), dict(kept["shares"]), str(kept["refused"]))

    @property
    def mass(self) -> float:
        """How much of the probability is on the choices; the rest is on replies that are none of them."""
        return sum(self.shares.values())

    def choice(self, choices: tuple[str, ...]) -> str:
        """What was chosen; empty where that cannot be read beyond doubt."""
        if self.shares:
            return _likeliest(self.shares)
        return choice_in(self.text, choices)

    def expected(self, choices: tuple[str, ...]) -> float | None:
        """The mean of choices that are numbers, by their probabilities; or the one in the text, or None.

        Source: G-Eval (Liu et al., 2023), equation 1, over the probabilities of the choices alone.
        """
        if self.mass > 0:
            return sum(float(choice) * share for choice, share in self.shares.items()) / self.mass
        found = choice_in(self.text, choices)
        return float(found) if found else None


type AskJudge = Callable[[JudgeQuestion], Generator[None, None, JudgeReply]]
"""Yields while the judge works, so that it can be stopped. Raises ServerError for one that is not there,
and NoReply where nothing came of this one question.
"""


@dataclass(frozen=True)
class Judge:
    """A judge: `key` tells it from every other one, `name` is shown, `family` is whose model it is.

    `at_once` is how many questions it may be asked at the same time. `alone` is whether it gives its choice
    without a reason. `count_tokens` says how long a text is to it.
    """

    key: str
    name: str
    family: str
    ask: AskJudge
    at_once: int = 1
    alone: bool = False
    count_tokens: Callable[[str], int] = lambda text: -(-len(text) // 4)


_BRACKETS = re.compile(r"\[\[\s*(\w+)\s*\]\]")
_LAST_LINE = re.compile(
    r"\A[\W_]*(?:(?:final\s+)?(?:verdict|answer|choice|rating|score|result)\b[\W_]*(?:is\b[\W_]*)?)?"
    r"(\w+)(?:\s*(?:/|out\s+of)\s*5)?[\W_]*\Z",
    re.IGNORECASE,
)
"""A line that says nothing but the choice, however it is dressed: "B", "**Verdict: B**", "Score: 4/5"."""


def choice_in(text: str, choices: tuple[str, ...]) -> str:
    """The one choice that a text ends with, as asked or as a line of its own; empty for none or for several.

    What is not said beyond doubt is no choice: nothing is guessed from a letter somewhere in a sentence.
    """
    said = without_thoughts(text)
    if marked := {found.upper() for found in _BRACKETS.findall(said)}:
        return _only(marked, choices)
    lines = said.strip().splitlines()
    alone = _LAST_LINE.match(lines[-1]) if lines else None
    return _only({alone[1].upper()}, choices) if alone else ""


def _only(found: set[str], choices: tuple[str, ...]) -> str:
    known = [choice for choice in choices if choice in found]
    return known[0] if len(known) == 1 and len(found) == 1 else ""


def _likeliest(shares: Mapping[str, float]) -> str:
    best = max(shares.values())
    first = [choice for choice, share in shares.items() if share == best]
    return first[0] if len(first) == 1 and best > 0 else ""


_MARK = re.compile(r"<(?=/?(?:request|reference|answer(?:_[AB])?)>)", re.IGNORECASE)


def enclosed(text: str) -> str:
    """A text as it stands between the marks of a question: it cannot end its own part, or open another."""
    return _MARK.sub("< ", text)


def family_of(name: str) -> str:
    """Whose model it is, by its name or its kind: the letters that begin it, as in qwen or llama."""
    found = re.search(r"[a-z]+", name.rstrip("/").rpartition("/")[2].lower())
    return found[0] if found else ""
