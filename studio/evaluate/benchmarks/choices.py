"""How likely every contestant finds each choice of a question, for whatever is made of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from studio.dataset.record import Message
from studio.evaluate.questions import ChoiceQuestion, read_choices
from studio.events import Event, Progress
from studio.language import tr
from studio.paths import resource

if TYPE_CHECKING:
    from studio.evaluate.benchmarks.likelihood import Continuation
    from studio.evaluate.measure import Setting
    from studio.generate.contestant import OpenContestant

_CACHE = "choices"


def choices_of(setting: Setting) -> tuple[ChoiceQuestion, ...]:
    """The person's own questions, else those in the box."""
    own = setting.options.choices
    return read_choices(Path(own).expanduser() if own else resource("evaluation") / "choices.jsonl")


def choice_likelihoods(
    setting: Setting, questions: Sequence[ChoiceQuestion]
) -> Generator[Event, None, dict[str, list[list[float]]]]:
    """For each contestant log p of every choice of every question, as an answer to it.

    It is kept in the evaluation, so whoever asks again is told at once.
    """
    found: dict[str, list[list[float]]] = {}
    for contestant in setting.contestants:
        key = _key(contestant, questions)
        known = setting.store.known(_CACHE, key)
        if known is None:
            known = yield from _asked(contestant, questions)
            setting.store.remember(_CACHE, key, known)
        found[contestant.key] = known
    return found


def _key(contestant: OpenContestant, questions: Sequence[ChoiceQuestion]) -> str:
    asked = [[each.question, each.choices] for each in questions]
    told = json.dumps([contestant.key, contestant.fingerprint, contestant.renderer.description, asked])
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _asked(
    contestant: OpenContestant, questions: Sequence[ChoiceQuestion]
) -> Generator[Event, None, list[list[float]]]:
    from studio.evaluate.benchmarks.likelihood import likelihoods
    from studio.evaluate.benchmarks.replies import longest_of

    asked = [each for question in questions for each in continuations(contestant, question)]
    values, done = [0.0] * len(asked), 0
    for batch in likelihoods(contestant.module, asked, longest_of(contestant)):
        for place, each in batch.items():
            values[place] = each.value
        done += len(batch)
        yield Progress(tr("Multiple choice: {title}", title=contestant.title), done, len(asked))
    rest = iter(values)
    return [[next(rest) for _ in question.choices] for question in questions]


def continuations(contestant: OpenContestant, question: ChoiceQuestion) -> list[Continuation]:
    """Each choice as the answer to the question, in the template that the contestant was tuned with."""
    from studio.evaluate.benchmarks.likelihood import Continuation

    renderer = contestant.renderer
    context = tuple(renderer.prompt_ids([Message("user", question.question)]))
    return [Continuation(context, tuple(renderer.bare_ids(choice)[1])) for choice in question.choices]
