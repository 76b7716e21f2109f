"""Conversations with several contestants at once, each answer streamed as it comes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from studio.dataset.record import Message
from studio.events import AnswerEnded, AnswerPiece, MadeCall
from studio.generate.asking import NoReply, Question, replying_server, without_thoughts
from studio.generate.batch import AskedPrompt, BatchAnswer, Came, answers_of
from studio.generate.calls import made_calls
from studio.generate.contestant import OpenContestant
from studio.generate.parties import Contest
from studio.generate.sampling import Sampling
from studio.generate.served import CUT, REFUSED, ServedContestant

type Answering = Iterator[AnswerPiece | AnswerEnded | None]
"""An answer's pieces, and how it ended; None between two steps."""


@dataclass(frozen=True)
class AskedTalk:
    """What a contestant reads: its prompt, and what its answer begins with. `who` is what events call it."""

    who: str
    contestant: str
    prompt: tuple[int, ...]
    begun: tuple[int, ...] = ()
    offered: bool = False  # whether there are tools to be called


def asked_talk(
    who: str,
    opened: OpenContestant,
    turns: Sequence[Message],
    begun: tuple[int, ...] | str = (),
    tools: str = "",
    *,
    is_raw: bool = False,
    typed_as_text: bool = True,
) -> AskedTalk:
    """A conversation as a contestant reads it; raw, its last turn as it stands, without a template.

    Raises DataError where the template refuses the conversation.
    """
    renderer = opened.renderer
    if is_raw:
        prompt = renderer.text_ids(turns[-1].content, typed_as_text=typed_as_text)
    else:
        prompt = renderer.prompt_ids(turns, tools, typed_as_text=typed_as_text)
    ids = tuple(renderer.piece_ids(begun)) if isinstance(begun, str) else begun
    return AskedTalk(who, opened.key, tuple(prompt), ids, offered=bool(tools))


def talking(contest: Contest, asked: Sequence[AskedTalk], sampling: Sampling) -> Answering:
    """All the answers: those of one copy of the weights in one batch, several copies taking turns."""
    prompts = [AskedPrompt(each.contestant, each.prompt, begun=each.begun) for each in asked]
    return in_turn([_told(contest, asked, answers_of(p, prompts, sampling)) for p in contest.parties])


@dataclass
class _Clock:
    """When an answer's first text came."""

    began: float = field(default_factory=time.perf_counter)
    first: dict[int, float] = field(default_factory=dict)

    @property
    def passed(self) -> float:
        return time.perf_counter() - self.began


def _told(contest: Contest, asked: Sequence[AskedTalk], came: Iterator[Came]) -> Answering:
    clock = _Clock()
    for each in came:
        if each is None:
            yield None
            continue
        place, what = each
        clock.first.setdefault(place, clock.passed)
        if isinstance(what, str):
            yield AnswerPiece(asked[place].who, what)
        else:
            stops = contest.of(asked[place].contestant).renderer.stops
            yield _ended(asked[place], what, stops, clock.passed, clock.first[place])


def _ended(
    asked: AskedTalk, answer: BatchAnswer, stops: frozenset[int], seconds: float, first: float
) -> AnswerEnded:
    return AnswerEnded(
        asked.who,
        answer.text,
        len(asked.prompt) + len(asked.begun),
        answer.tokens,
        answer.tokens / seconds if seconds > 0 else 0.0,
        first,
        answer.finish_reason,
        answer.ids[:-1] if answer.ids and answer.ids[-1] in stops else answer.ids,
        _calls(answer.text, offered=asked.offered),
    )


def _calls(text: str, *, offered: bool) -> tuple[MadeCall, ...]:
    return tuple(MadeCall(call.name, call.arguments) for call in made_calls(text, offered=offered))


def served_talk(
    who: str, contestant: ServedContestant, turns: Sequence[Message], sampling: Sampling
) -> Answering:
    """The answer of a server's model. Raises ServerError."""
    question = Question(tuple(turns), sampling.max_tokens, sampling.temperature, sampling.seed)
    clock = _Clock()
    try:
        with replying_server(contestant.server) as send:
            reply = yield from send(question)
    except NoReply:
        yield AnswerEnded(who, "", 0, 0, 0.0, clock.passed, REFUSED)
        return
    text, seconds = without_thoughts(reply.text), clock.passed
    yield AnswerPiece(who, text)
    finish = "length" if reply.finish in CUT else "stop"
    speed, calls = reply.tokens / seconds, _calls(text, offered=False)
    yield AnswerEnded(who, text, 0, reply.tokens, speed, seconds, finish, calls=calls)


def in_turn(streams: Sequence[Answering]) -> Answering:
    """Answers as they are streamed, a step of each in turn, until all have ended."""
    running = list(streams)
    while running:
        for stream in list(running):
            for event in stream:
                yield event
                if event is None:
                    break
            else:
                running.remove(stream)
