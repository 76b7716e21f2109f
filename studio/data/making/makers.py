"""The ways to make rows from what there is. Each takes a source, asks the model, and drafts rows."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace

from studio.data.making import prompts
from studio.data.making.noise import noisy
from studio.data.making.passages import Passage
from studio.data.making.plan import Plan
from studio.data.making.replies import pairs, single, without_thoughts
from studio.data.records import Message, Record


@dataclass(frozen=True)
class Question:
    """What a model is asked once."""

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float
    seed: int


type Ask = Callable[[Question], Generator[None, None, str]]
"""A model: yields while it works, so that it can be stopped, and returns its reply, or raises NoReply."""


class NoReply(Exception):
    """A question brought nothing that could be kept; another one may. `reason` is in a few words that can be
    counted; the error of a server that refused the question is the cause.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


CUT = "cut at the maximum of new tokens"
FILTERED = "held back by the server's filter"
DECLINED = "declined by the model"
THOUGHT = "reasoning without an answer"
SILENT = "an empty reply"
REFUSED = "refused by the server"


@dataclass(frozen=True)
class Source:
    """What rows are made from; `name` says where it stands, and is different for every source of a plan."""

    name: str
    record: Record | None = None
    passage: Passage | None = None
    examples: tuple[Record, ...] = ()


@dataclass(frozen=True)
class Draft:
    """A row as the model made it, not looked at yet."""

    messages: tuple[Message, ...]
    rejected: str = ""

    @property
    def record(self) -> Record:
        return Record(0, self.messages, rejected=self.rejected)


type Drafts = Generator[None, None, list[Draft]]


@dataclass(frozen=True)
class Maker:
    """A way to make rows. `needs` is examples, passages, either, both (examples with passages) or seeds."""

    name: str
    title: str
    description: str
    needs: str
    make: Callable[[Source, Plan, Ask], Drafts]
    asks_model: bool = True
    compares: str = "question"  # what must be new: the question, or the question with its answer
    near: bool = True  # whether a near duplicate is refused; slips of the keyboard are near by nature
    grounded: bool = False  # whether the answer must come from the passage


def _asked(text: str, source: Source, plan: Plan, ask: Ask) -> Generator[None, None, str]:
    seed = random.Random(f"{plan.seed}\0{source.name}").randrange(2**31)
    question = Question((Message("user", text),), plan.max_tokens, plan.temperature, seed)
    reply = yield from ask(question)
    if not without_thoughts(reply):
        raise NoReply(THOUGHT if reply.strip() else SILENT)
    return reply


def _paraphrase(source: Source, plan: Plan, ask: Ask) -> Drafts:
    record = _example(source)
    text = prompts.PARAPHRASE.format(prompt=_last_turn(record).content)
    reply = yield from _asked(text, source, plan, ask)
    return [_with_prompt(record, single(reply))]


def _question(source: Source, plan: Plan, ask: Ask) -> Drafts:
    answer = source.passage.text if source.passage else _example(source).answer
    reply = yield from _asked(prompts.QUESTION.format(answer=answer), source, plan, ask)
    return [_pair(single(reply), answer, source)]


def _answer(source: Source, plan: Plan, ask: Ask) -> Drafts:
    record = _example(source)
    passage = source.passage.text if source.passage else ""
    text = prompts.ANSWER.format(passage=passage, prompt=record.prompt)
    reply = single((yield from _asked(text, source, plan, ask)))
    return [_pair(record.prompt, "" if reply.strip(" .").upper() == "NONE" else reply, source)]


def _back_translation(source: Source, plan: Plan, ask: Ask) -> Drafts:
    record = _example(source)
    there = prompts.THERE.format(language=plan.through, prompt=_last_turn(record).content)
    foreign = single((yield from _asked(there, source, plan, ask)))
    if not foreign:
        return [_with_prompt(record, "")]
    back = prompts.BACK.format(language=plan.through, original=plan.language, prompt=foreign)
    reply = yield from _asked(back, source, plan, ask)
    return [_with_prompt(record, single(reply))]


def _noise(source: Source, plan: Plan, ask: Ask) -> Drafts:
    record = _example(source)
    yield  # no model is asked, and it may be stopped all the same
    return [_with_prompt(record, noisy(_last_turn(record).content, plan.noise, plan.seed))]


def _from_passage(source: Source, plan: Plan, ask: Ask) -> Drafts:
    passage = source.passage.text if source.passage else ""
    text = prompts.FROM_PASSAGE.format(count=plan.each, passage=passage)
    reply = yield from _asked(text, source, plan, ask)
    return [_pair(question, answer, source) for question, answer in pairs(reply)]


def _from_examples(source: Source, plan: Plan, ask: Ask) -> Drafts:
    shown = "\n\n".join(f"Request: {r.prompt}\nResponse: {r.answer}" for r in source.examples)
    text = prompts.FROM_EXAMPLES.format(examples=shown, count=plan.each)
    reply = yield from _asked(text, source, plan, ask)
    return [_pair(question, answer, source) for question, answer in pairs(reply)]


def _example(source: Source) -> Record:
    if source.record is None:
        raise ValueError(f"{source.name} has no example to start from")
    return source.record


def _last_turn(record: Record) -> Message:
    return next(m for m in reversed(record.before_answer) if m.role == "user")


def _with_prompt(record: Record, prompt: str) -> Draft:
    """The example with its last request in other words; the answer stays."""
    turn = _last_turn(record)
    last = max(i for i, message in enumerate(record.before_answer) if message is turn)
    messages = list(record.messages)
    messages[last] = replace(turn, content=prompt)
    return Draft(tuple(messages), record.rejected)


def _pair(question: str, answer: str, source: Source) -> Draft:
    before = source.record.messages if source.record else ()
    system = tuple(message for message in before[:1] if message.role == "system")
    return Draft((*system, Message("user", question), Message("assistant", answer)))


_ALL = (
    Maker("paraphrase", "Paraphrase", "The same request in other words.", "examples", _paraphrase),
    Maker("question", "Question from an answer", "A request that leads to the answer.", "either", _question),
    Maker(
        "answer",
        "Answer from a passage",
        "A new answer to each request, from the passage that fits it best.",
        "both",
        _answer,
        compares="whole",
        grounded=True,
    ),
    Maker(
        "back-translation",
        "Back-translation",
        "The request through another language and back.",
        "examples",
        _back_translation,
    ),
    Maker(
        "noise",
        "Slips of the keyboard",
        "The same request mistyped; needs no model.",
        "examples",
        _noise,
        asks_model=False,
        near=False,
    ),
    Maker(
        "passages",
        "From documents",
        "Questions that a passage answers, with their answers.",
        "passages",
        _from_passage,
        grounded=True,
    ),
    Maker("seeds", "From examples", "New examples of the kind of a few others.", "seeds", _from_examples),
)

MAKERS = {maker.name: maker for maker in _ALL}
"""Every maker by name."""
