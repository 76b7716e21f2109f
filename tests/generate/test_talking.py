"""Conversations with several contestants at once are what each would have alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from studio.dataset.record import Message
from studio.events import AnswerEnded, AnswerPiece, AnswersBegin, Event
from studio.generate.contestant import Contestant, Talk, called, contestant_of
from studio.generate.parties import Contest
from studio.generate.sampling import GREEDY, Sampling
from studio.generate.stream import answer
from studio.generate.talking import asked_talk, talking
from studio.jobs.answers import ChatJob
from studio.jobs.talks import turns_of
from studio.models.cache import ModelCache
from studio.runs.folder import RunFolder
from tests.conftest import refused
from tests.jobs.openai_server import Body, openai_server
from tests.jobs.test_contestants import opened, runs

__all__ = ["runs"]

SHORT = GREEDY.model_copy(update={"max_tokens": 10})
DRAWN = Sampling(
    temperature=1.2,
    max_tokens=14,
    seed=7,
    repetition_penalty=1.3,
    presence_penalty=0.4,
    frequency_penalty=0.2,
)
FIRST = (Message("user", "Say the number 7"),)
LATER = (
    Message("system", "Be brief."),
    *FIRST,
    Message("assistant", "seven"),
    Message("user", "And the one after it?"),
)
TALKS = (("base", FIRST), ("tuned", LATER), ("tuned@2", FIRST), ("tuned*0.5", LATER), ("tuned", FIRST))


def talks(asked: Sequence[tuple[str, tuple[Message, ...]]] = TALKS, **more: object) -> tuple[Talk, ...]:
    return tuple(Talk(contestant=contestant_of(key), turns=turns, **more) for key, turns in asked)


def chat(
    run: RunFolder | None, asked: tuple[Talk, ...], sampling: Sampling, cache: ModelCache | None = None
) -> list[Event]:
    return list(ChatJob(run, asked, sampling).run_events(cache or ModelCache()))


def ended(events: Sequence[Event]) -> dict[str, AnswerEnded]:
    return {event.who: event for event in events if isinstance(event, AnswerEnded)}


@pytest.fixture(scope="module")
def first(runs: Path) -> RunFolder:
    return RunFolder(runs / "first")


@pytest.mark.parametrize("sampling", [SHORT, DRAWN], ids=["greedy", "drawn with penalties"])
def test_talks_of_one_base_are_answered_in_one_batch_as_each_is_alone(runs: Path, sampling: Sampling) -> None:
    contest = Contest(opened(runs, "first", "base", "tuned", "tuned@2", "tuned*0.5"))
    assert len(contest.parties) == 1
    names = called(talks())
    assert names == ("base", "tuned", "tuned@2", "tuned*0.5", "tuned (5)")
    asked = [
        asked_talk(name, contest.of(key), turns) for name, (key, turns) in zip(names, TALKS, strict=True)
    ]
    events = list(talking(contest, asked, sampling))
    together = ended([event for event in events if event])
    for each in asked:
        who = contest.of(each.contestant)
        stops = who.renderer.stops
        alone = list(answer(each.who, who.module, who.tokenizer, each.prompt, sampling, stops))[-1]
        assert isinstance(alone, AnswerEnded)
        found = together[each.who]
        assert (found.text, found.tokens, found.finish_reason) == (
            *(alone.text, alone.tokens),
            alone.finish_reason,
        )
    assert len({each.text for each in together.values()}) > 1


def test_all_answers_are_streamed_at_once_and_pieces_join_to_them(first: RunFolder) -> None:
    events = chat(first, talks(), SHORT)
    begun = [event for event in events if isinstance(event, AnswersBegin)]
    assert [each.who for each in begun] == list(called(talks()))
    assert [each.step for each in begun] == [0, 4, 2, 4, 4]
    assert [each.run for each in begun] == ["", *["first"] * 4]
    assert all(each.is_shared and each.fingerprint and each.prompt_tokens and each.template for each in begun)
    pieces = [event for event in events if isinstance(event, AnswerPiece) and event.text]
    before_any_end = events[: next(n for n, e in enumerate(events) if isinstance(e, AnswerEnded))]
    assert {e.who for e in pieces if e in before_any_end} == set(called(talks()))
    for who, answered in ended(events).items():
        assert "".join(each.text for each in pieces if each.who == who) == answered.text


def test_an_answer_that_is_continued_is_the_one_that_was_never_cut(first: RunFolder) -> None:
    asked = talks((("base", FIRST), ("tuned", LATER)))
    whole = ended(chat(first, asked, DRAWN))
    begun = tuple(each.model_copy(update={"begun_ids": whole[each.contestant.key].ids[:5]}) for each in asked)
    events = chat(first, begun, DRAWN.model_copy(update={"max_tokens": DRAWN.max_tokens - 5}))
    again = ended(events)
    assert {who: (each.text, each.ids) for who, each in again.items()} == {
        who: (each.text, each.ids) for who, each in whole.items()
    }
    assert [each.tokens for each in again.values()] == [each.tokens - 5 for each in whole.values()]
    pieces = [event.text for event in events if isinstance(event, AnswerPiece) and event.who == "base"]
    assert "".join(pieces) == whole["base"].text


def test_an_answer_goes_on_after_a_text_that_a_person_began(first: RunFolder) -> None:
    (answered,) = ended(chat(first, talks((("tuned", FIRST),), begun="The number"), SHORT)).values()
    assert answered.text.startswith("The number")
    assert len(answered.text) > len("The number")


def test_a_raw_talk_is_read_without_a_template(first: RunFolder, runs: Path) -> None:
    asked = talks((("base", FIRST),), is_raw=True)
    begin, *_ = [event for event in chat(first, asked, SHORT) if isinstance(event, AnswersBegin)]
    (base,) = opened(runs, "first", "base")
    assert begin.prompt_tokens == len(base.renderer.text_ids(FIRST[0].content))
    assert begin.template == ""


def test_models_by_folder_are_asked_without_any_run(tiny_model: Path) -> None:
    asked = talks(((f"model:{tiny_model}", FIRST), (f"model:{tiny_model}", LATER)))
    events = chat(None, asked, SHORT)
    assert len(ended(events)) == 2
    with refused("contestant.no_run", key="tuned"):
        chat(None, talks((("tuned", FIRST),)), SHORT)


def test_a_server_answers_beside_the_models_here(first: RunFolder) -> None:
    asked: list[Body] = []

    def answers(body: Body, _: int) -> str:
        asked.append(body)
        return "eight"

    with openai_server(answers) as there:
        key = f"server:{there.url}#gpt"
        events = chat(first, talks((("tuned", FIRST), (key, LATER))), DRAWN)
    assert ended(events)[key].text == "eight"
    assert "".join(e.text for e in events if isinstance(e, AnswerPiece) and e.who == key) == "eight"
    assert [turn["role"] for turn in asked[0]["messages"]] == ["system", "user", "assistant", "user"]
    assert (asked[0]["seed"], asked[0]["temperature"]) == (7, 1.2)


def test_a_server_that_is_gone_ends_its_own_answer_only(first: RunFolder) -> None:
    gone = replace(FIRST[0], content="Hi")
    lost = Talk(
        contestant=Contestant(kind="server", server="http://127.0.0.1:9/v1", model="m"), turns=(gone,)
    )
    found = ended(chat(first, (*talks((("tuned", FIRST),)), lost), SHORT))
    assert found[lost.contestant.key].finish_reason == "failed"
    assert found["tuned"].text


@pytest.mark.parametrize("way", ["system_prompt", "few_shot", "retrieval"])
def test_an_approach_known_by_its_name_shows_what_the_runs_rows_have(way: str, runs: Path) -> None:
    run = RunFolder(runs / "first")
    talk = Talk(contestant=contestant_of(f"base+{way}"), turns=FIRST)
    turns = turns_of(talk, run)
    assert turns != FIRST
    told = " ".join(turn.content for turn in turns)
    assert {"system_prompt": "words", "few_shot": "Say the number", "retrieval": "[1]"}[way] in told
    assert turns[-1].content.endswith(FIRST[0].content)
    begins = [
        event
        for event in chat(run, (talk, *talks((("base", FIRST),))), SHORT)
        if isinstance(event, AnswersBegin)
    ]
    assert begins[0].prompt_tokens > begins[1].prompt_tokens


def test_an_approach_without_rows_to_show_is_refused() -> None:
    talk = Talk(contestant=contestant_of("base+few_shot"), turns=FIRST)
    with refused("approach.no_rows"):
        turns_of(talk, None)
