"""Replies with all that a server tells of them, and what of them is remembered."""

from __future__ import annotations

from pathlib import Path

from studio.dataset.record import Message
from studio.events import ReplyEnded, ReplyPiece, finished
from studio.generate.contestant import MODEL, Contestant, OpenContestant
from studio.generate.parties import Voice
from studio.generate.remembered import OwnMemory, ReadConversations
from studio.generate.replies import ReplyOptions, replies
from studio.generate.sampling import GREEDY
from studio.jobs.contestants import open_contestants
from studio.models.cache import ModelCache


def opened(model: str) -> OpenContestant:
    return finished(open_contestants(None, [Contestant(kind=MODEL, model=model)], ModelCache()))[0]


def reply(
    who: OpenContestant, prompt: list[int], memory: OwnMemory | None = None, likely: int | None = None
) -> tuple[str, list[ReplyPiece], int]:
    """The text of one reply, its pieces, and how many pieces of the prompt were read."""
    voice = Voice(who.key, who.module, who.tokenizer, who.renderer.stops)
    events = list(
        replies(
            voice, prompt, ReplyOptions(GREEDY, 24, likely, goes_on=likely is not None), [0], memory=memory
        )
    )
    pieces = [event for event in events if isinstance(event, ReplyPiece)]
    assert isinstance(events[-1], ReplyEnded)
    return "".join(piece.text for piece in pieces), pieces, sum(event is None for event in events)


def test_the_next_turn_reads_only_what_is_new_and_gets_the_same_reply() -> None:
    who, memory = opened("starter"), OwnMemory("us", ReadConversations())
    turns = [Message("user", "What is the capital of France? " * 60)]
    first = who.renderer.prompt_ids(turns)
    text, _, _ = reply(who, first, memory)
    turns += [Message("assistant", text), Message("user", "And of Spain?")]
    second = who.renderer.prompt_ids(turns)
    assert memory.recall(second)[1] >= len(first) - 1
    again, _, read = reply(who, second, memory)
    alone, _, read_alone = reply(who, second)
    assert (again, read) == (alone, read_alone)
    assert len(memory.read) == 1  # the longer one in place of its beginning


def test_the_bytes_of_all_tokens_are_the_text_also_where_one_is_a_part_of_a_character(
    tiny_model: Path,
) -> None:
    who = opened(str(tiny_model))
    text, pieces, _ = reply(who, who.renderer.text_ids("Grüße: "), likely=2)
    tokens = [token for piece in pieces for token in piece.tokens]
    data = b"".join(bytes(each.token.data) for each in tokens)
    assert data.decode("utf-8", "replace") == text
    assert all(len(each.token.data) == 1 for each in tokens)
    assert all(len(each.likely) == 2 for each in tokens)
