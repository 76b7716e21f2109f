"""Prompts times contestants, unattended: every answer is what each gives alone, and adds up as it should."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.dataset.record import Call, Message
from studio.events import AnswersBegin, Event, GridAnswered, GridEnded
from studio.generate.contestant import contestant_of, one_prompt
from studio.generate.sampling import GREEDY
from studio.jobs.answers import ChatJob
from studio.jobs.grid import GridJob, columns_of
from studio.jobs.transcripts import (
    AnswerGrid,
    TranscriptColumn,
    conversations_as_json,
    conversations_as_markdown,
    grid_as_json,
    grid_as_markdown,
)
from studio.models.cache import ModelCache
from studio.runs.folder import RunFolder
from tests.conftest import refused
from tests.generate.test_talking import ended
from tests.jobs.openai_server import openai_server
from tests.jobs.test_contestants import runs

__all__ = ["runs"]

SHORT = GREEDY.model_copy(update={"max_tokens": 8})
PROMPTS = ("Say the number 7", "Hi", "Say the number 31", "Hi")
ANSWERS = (
    GridAnswered(0, "base", "7", 2, 0.5, "stop"),
    GridAnswered(1, "base", "", 8, 1.5, "length"),
    GridAnswered(0, "tuned", "7 ", 4, 1.0, "stop"),
    GridAnswered(1, "tuned", "Hi | <b>\n```\nx\n```", 8, 2.0, "length"),
)
TITLES = (("base", "Base"), ("tuned", "Tuned"))
GRID = AnswerGrid(("Say 7", "Hi"), columns_of(TITLES, ANSWERS), ANSWERS, "Be kind")


def grid(run: RunFolder, *keys: str) -> list[Event]:
    who = tuple(map(contestant_of, keys))
    return list(GridJob(run, who, PROMPTS, SHORT, "Be brief.").run_events(ModelCache()))


def test_every_prompt_is_answered_by_everybody_as_in_a_talk_of_its_own(runs: Path) -> None:
    run = RunFolder(runs / "first")
    events = grid(run, "base", "tuned", "tuned*0.5")
    found = {(each.who, each.place): each for each in events if isinstance(each, GridAnswered)}
    assert len(found) == 3 * len(PROMPTS)
    talks = one_prompt(PROMPTS[2], ("base", "tuned", "tuned*0.5"), "Be brief.")
    alone = ended(list(ChatJob(run, talks, SHORT).run_events(ModelCache())))
    assert {who: found[who, 2].text for who in alone} == {who: each.text for who, each in alone.items()}
    assert isinstance(events[-1], GridEnded)
    assert [(each.who, each.answers) for each in events[-1].columns] == [
        (who, len(PROMPTS)) for who in ("base", "tuned", "tuned*0.5")
    ]
    assert events[-1].columns[0].same == len(PROMPTS)


def test_a_server_has_its_column_also_where_it_fails(runs: Path) -> None:
    with openai_server(lambda body, _: "ok") as there:
        events = grid(RunFolder(runs / "first"), "base", f"server:{there.url}#gpt")
    assert isinstance(events[-1], GridEnded)
    assert events[-1].columns[1].answers == len(PROMPTS)
    texts = [each.text for each in events if isinstance(each, GridAnswered) and each.who != "base"]
    assert texts == ["ok"] * len(PROMPTS)


def test_one_contestant_is_asked_once(runs: Path) -> None:
    with refused("contestant.twice", key="base"):
        grid(RunFolder(runs / "first"), "base", "base")


def test_the_statistics_are_means_and_counts() -> None:
    base, tuned = GRID.columns
    assert (base.tokens, base.seconds, base.characters) == (5.0, 1.0, 0.5)
    assert (base.cut, base.empty, base.same) == (1, 1, 2)
    assert (tuned.tokens, tuned.seconds, tuned.same) == (6.0, 1.5, 1)
    assert columns_of((), ()) == ()
    assert columns_of(TITLES, ())[1].tokens == 0.0


def test_a_grid_is_written_as_json_that_holds_all_of_it() -> None:
    told = json.loads(grid_as_json(GRID, SHORT))
    assert told["system"] == "Be kind"
    assert told["rows"][1]["answers"]["tuned"]["text"] == ANSWERS[3].text
    assert told["sampling"]["max_tokens"] == 8
    assert [column["cut"] for column in told["columns"]] == [1, 1]


def test_a_grid_is_written_as_markdown_that_nothing_in_an_answer_breaks() -> None:
    told = grid_as_markdown(GRID, SHORT)
    assert "| Base | 2 | 5.0 | 1.00 | 1 | 1 | 2 |" in told
    assert "````text\nHi | <b>\n```\nx\n```\n````" in told


def test_conversations_are_written_with_who_answered_and_their_calls() -> None:
    turns = (
        Message("system", "Be brief."),
        Message("user", "Weather?"),
        Message("assistant", "", calls=(Call("weather", '{"city": "Bern"}', "1"),)),
    )
    told = [TranscriptColumn(AnswersBegin("starter", "first", 1200, "tuned", "Tuned"), turns)]
    (written,) = json.loads(conversations_as_json(told, SHORT))["conversations"]
    assert (written["who"], written["run"], written["step"]) == ("tuned", "first", 1200)
    assert written["messages"][2]["tool_calls"][0]["function"]["name"] == "weather"
    markdown = conversations_as_markdown(told, SHORT)
    assert "## Tuned (first, step 1,200)" in markdown
    assert '{"name": "weather", "arguments": {"city": "Bern"}}' in markdown


@pytest.mark.parametrize("text", ["plain", "```\ncode\n```", "``````"])
def test_a_fence_is_longer_than_any_inside(text: str) -> None:
    told = conversations_as_markdown(
        [TranscriptColumn(AnswersBegin("m", "", 0, "base"), (Message("user", text),))], SHORT
    )
    fence = told.split("text\n")[0].splitlines()[-1]
    assert f"{fence}text\n{text}\n{fence}" in told
    assert fence not in text
