"""Which tokens of a text are trained, before anything is cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from studio.data.template import Span, Written


@dataclass(frozen=True)
class Marked:
    """A whole text as tokens. `prompt` counts those before the answer: what a cut may take away."""

    ids: Sequence[int]
    trained: Sequence[bool]
    prompt: int


def mark(encoding: Any, written: Written, train_on: str) -> Marked:
    """The text's tokens (an encoding's `ids` and `offsets`) and which of them `train_on` trains.

    The prompt ends where the first trained answer begins; with "all", where the first answer does. Of a
    further row of a conversation only the answers are trained, with "all" too.
    """
    spans = written.spans[-1:] if train_on == "last_answer" else written.spans
    answers = trained_tokens(encoding.offsets, spans)
    prompt = answers.index(True) if True in answers else len(answers)
    if train_on == "all" and not written.further:
        return Marked(encoding.ids, trained_tokens(encoding.offsets, ((0, len(written.text)),)), prompt)
    return Marked(encoding.ids, answers, prompt)


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


def trained_tokens(offsets: Sequence[Span], spans: Sequence[Span]) -> list[bool]:
    """Which tokens hold a character of a span. An empty token belongs to the span it stands in.

    The first token is never trained: nothing stands before it to predict it from.
    """
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


def token_texts(text: str, offsets: Sequence[Span]) -> list[str]:
    """Each token's part of the text. A character made of several tokens is given to the last of them."""
    texts: list[str] = []
    done = 0
    for index, (_, end) in enumerate(offsets):
        following = offsets[index + 1][0] if index + 1 < len(offsets) else len(text)
        stop = max(done, min(end, following)) if index + 1 < len(offsets) else len(text)
        texts.append(text[done:stop])
        done = stop
    return texts
