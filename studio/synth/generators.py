"""The ways to generate rows from what there is. Each takes a source, asks the model, and drafts rows."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace

from studio.dataset.documents.passages import Passage
from studio.dataset.record import Message, Record
from studio.generate.asking import SILENT, THOUGHT, AskModel, NoReply, Question, without_thoughts
from studio.language import tr
from studio.synth.plan import Plan
from studio.synth.replies import pairs, single

_BESIDE = "sq vn xv sf wr dg fh gj uo hk jl k; nk bm ip o[ wa et ad ry yi cb qe zc tu xs"
_NEIGHBOURS = dict(zip("abcdefghijklmnopqrstuvwxyz", _BESIDE.split(), strict=True))


def noisy(text: str, share: float, seed: int) -> str:
    """The text with about `share` of its words mistyped, at least one where a word can be.

    Numbers, addresses and code stay as they are, as a typo there would change the meaning.
    """
    draw = random.Random(f"{seed}\0{text}")
    pieces = re.split(r"(\s+)", text)
    able = [i for i, piece in enumerate(pieces) if re.fullmatch(r"[^\W\d_]{3,}[.,;:!?]*", piece)]
    count = min(len(able), max(1, round(share * len(able)))) if share > 0 else 0
    for place in draw.sample(able, count):
        typo = draw.choice(_TYPOS)(pieces[place], draw)
        pieces[place] = typo if typo != pieces[place] else _doubled(typo, draw)
    return "".join(pieces)


def _swapped(word: str, draw: random.Random) -> str:
    at = draw.randrange(len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _left_out(word: str, draw: random.Random) -> str:
    at = draw.randrange(1, len(word))
    return word[:at] + word[at + 1 :]


def _doubled(word: str, draw: random.Random) -> str:
    at = draw.randrange(len(word))
    return word[:at] + word[at] + word[at:]


def _beside(word: str, draw: random.Random) -> str:
    able = [i for i, letter in enumerate(word) if letter.lower() in _NEIGHBOURS]
    if not able:
        return _doubled(word, draw)
    at = draw.choice(able)
    return word[:at] + draw.choice(_NEIGHBOURS[word[at].lower()]) + word[at + 1 :]


def _other_case(word: str, draw: random.Random) -> str:
    return (
        word.swapcase()
        if draw.random() < 0.3
        else word.lower()
        if word != word.lower()
        else word.capitalize()
    )


def _spaced(word: str, draw: random.Random) -> str:
    at = draw.randrange(1, len(word) - 1)
    return f"{word[:at]} {word[at:]}"


_TYPOS: tuple[Callable[[str, random.Random], str], ...] = (
    _swapped,
    _left_out,
    _doubled,
    _beside,
    _other_case,
    _spaced,
)


PARAPHRASE = """\
Rewrite the request below in other words. Keep its meaning, its language and every fact, name and number \
in it. Do not answer it. Reply with the rewritten request and nothing else.

Request:
{prompt}"""

QUESTION = """\
Below is an answer. Write the one request that a person would have made to get exactly this answer. \
Use the language of the answer. Do not repeat the answer. Reply with the request and nothing else.

Answer:
{answer}"""

ANSWER = """\
Answer the question from the passage below, and from nothing else. Use the passage's own words \
where they fit. If the passage does not answer it, reply with the single word NONE. \
Reply with the answer and nothing else.

Passage:
{passage}

Question:
{prompt}"""

THERE = """\
Translate the request below into {language}. Do not answer it. Reply with the translation and nothing else.

Request:
{prompt}"""

BACK = """\
Translate the {language} request below into {original}. Do not answer it. \
Reply with the translation and nothing else.

Request:
{prompt}"""

FROM_PASSAGE = """\
Read the passage. Write {count} questions that it answers, each with its answer. \
A question must be clear to somebody who does not see the passage: no "the passage", no "the author". \
An answer is one to three sentences, in the passage's language, and says nothing that the passage \
does not say. Reply with a JSON array and nothing else: [{{"question": "…", "answer": "…"}}]

Passage:
{passage}"""

FROM_EXAMPLES = """\
Here are examples of a dataset. Each has a request and the right response.

{examples}

Write {count} new examples of the same kind, language and length, about other things. \
Do not repeat a request from above. \
Reply with a JSON array and nothing else: [{{"question": "the request", "answer": "the response"}}]"""


@dataclass(frozen=True)
class GenerationSource:
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
class RowGenerator:
    """A way to make rows. `needs` is examples, passages, either, both (examples with passages) or seeds."""

    name: str
    title: str
    description: str
    needs: str
    make: Callable[[GenerationSource, Plan, AskModel], Drafts]
    asks_model: bool = True
    compares: str = "question"  # what must be new: the question, or the question with its answer
    near: bool = True  # whether a near duplicate is refused; typos are near by nature
    grounded: bool = False  # whether the answer must come from the passage


def _asked(text: str, source: GenerationSource, plan: Plan, ask: AskModel) -> Generator[None, None, str]:
    seed = random.Random(f"{plan.seed}\0{source.name}").randrange(2**31)
    question = Question((Message("user", text),), plan.max_tokens, plan.temperature, seed)
    reply = yield from ask(question)
    if not without_thoughts(reply):
        raise NoReply(THOUGHT if reply.strip() else SILENT)
    return reply


def _paraphrase(source: GenerationSource, plan: Plan, ask: AskModel) -> Drafts:
    record = _example(source)
    text = PARAPHRASE.format(prompt=_last_turn(record).content)
    reply = yield from _asked(text, source, plan, ask)
    return [_with_prompt(record, single(reply))]


def _question(source: GenerationSource, plan: Plan, ask: AskModel) -> Drafts:
    answer = source.passage.text if source.passage else _example(source).answer
    reply = yield from _asked(QUESTION.format(answer=answer), source, plan, ask)
    return [_pair(single(reply), answer, source)]


def _answer(source: GenerationSource, plan: Plan, ask: AskModel) -> Drafts:
    record = _example(source)
    passage = source.passage.text if source.passage else ""
    text = ANSWER.format(passage=passage, prompt=record.prompt)
    reply = single((yield from _asked(text, source, plan, ask)))
    return [_pair(record.prompt, "" if reply.strip(" .").upper() == "NONE" else reply, source)]


def _back_translation(source: GenerationSource, plan: Plan, ask: AskModel) -> Drafts:
    record = _example(source)
    there = THERE.format(language=plan.through, prompt=_last_turn(record).content)
    foreign = single((yield from _asked(there, source, plan, ask)))
    if not foreign:
        return [_with_prompt(record, "")]
    back = BACK.format(language=plan.through, original=plan.language, prompt=foreign)
    reply = yield from _asked(back, source, plan, ask)
    return [_with_prompt(record, single(reply))]


def _noise(source: GenerationSource, plan: Plan, ask: AskModel) -> Drafts:
    record = _example(source)
    yield  # no model is asked, and it may be stopped all the same
    return [_with_prompt(record, noisy(_last_turn(record).content, plan.noise, plan.seed))]


def _from_passage(source: GenerationSource, plan: Plan, ask: AskModel) -> Drafts:
    passage = source.passage.text if source.passage else ""
    text = FROM_PASSAGE.format(count=plan.each, passage=passage)
    reply = yield from _asked(text, source, plan, ask)
    return [_pair(question, answer, source) for question, answer in pairs(reply)]


def _from_examples(source: GenerationSource, plan: Plan, ask: AskModel) -> Drafts:
    shown = "\n\n".join(f"Request: {r.prompt}\nResponse: {r.answer}" for r in source.examples)
    text = FROM_EXAMPLES.format(examples=shown, count=plan.each)
    reply = yield from _asked(text, source, plan, ask)
    return [_pair(question, answer, source) for question, answer in pairs(reply)]


def _example(source: GenerationSource) -> Record:
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


def _pair(question: str, answer: str, source: GenerationSource) -> Draft:
    before = source.record.messages if source.record else ()
    system = tuple(message for message in before[:1] if message.role == "system")
    return Draft((*system, Message("user", question), Message("assistant", answer)))


_ALL = (
    RowGenerator(
        "paraphrase", tr("Paraphrase"), tr("The same request in other words."), "examples", _paraphrase
    ),
    RowGenerator(
        "question",
        tr("Question from an answer"),
        tr("A request that leads to the answer."),
        "either",
        _question,
    ),
    RowGenerator(
        "answer",
        tr("Answer from a passage"),
        tr("A new answer to each request, from the passage that fits it best."),
        "both",
        _answer,
        compares="whole",
        grounded=True,
    ),
    RowGenerator(
        "back-translation",
        tr("Back-translation"),
        tr("The request through another language and back."),
        "examples",
        _back_translation,
    ),
    RowGenerator(
        "noise",
        tr("Typos"),
        tr("The same request mistyped; needs no model."),
        "examples",
        _noise,
        asks_model=False,
        near=False,
    ),
    RowGenerator(
        "passages",
        tr("From documents"),
        tr("Questions that a passage answers, with their answers."),
        "passages",
        _from_passage,
        grounded=True,
    ),
    RowGenerator(
        "seeds", tr("From examples"), tr("New examples of the kind of a few others."), "seeds", _from_examples
    ),
)

GENERATORS = {generator.name: generator for generator in _ALL}
"""Every generator by name."""
