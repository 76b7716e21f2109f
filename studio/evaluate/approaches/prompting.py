"""How a question is put: behind a system prompt, behind solved examples, with passages to read first."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from studio.dataset.documents.passages import Passage, words
from studio.dataset.record import Message, Record
from studio.evaluate.approaches.retrieval import FoundPassage, PassageIndex
from studio.evaluate.task import TaskItem
from studio.generate.contestant import Approach

_READ_FIRST = "Use these passages where they help, and name the number of each that you use, as [1]."


def asked_with(item: TaskItem, approach: Approach, found: Sequence[FoundPassage] = ()) -> TaskItem:
    """The same item, put as the approach puts it: its system prompt first, then its solved examples, then
    the conversation, whose last turn has the passages above the question."""
    system = [turn for turn in item.turns if turn.role == "system"]
    rest = [turn for turn in item.turns if turn.role != "system"]
    if approach.system:
        told = "\n\n".join(filter(None, [*(turn.content for turn in system), approach.system]))
        system = [Message("system", told)]
    shown = [
        turn
        for question, answer in approach.shots
        for turn in (Message("user", question), Message("assistant", answer))
    ]
    if found and rest:
        rest[-1] = replace(rest[-1], content=_with_passages(rest[-1].content, found))
    return replace(item, turns=(*system, *shown, *rest))


def _with_passages(question: str, found: Sequence[FoundPassage]) -> str:
    numbered = [f"[{each.rank}] {each.passage.text}" for each in found]
    return "\n\n".join([_READ_FIRST, *numbered, question])


def usual_system(records: Sequence[Record]) -> str:
    """A system prompt that asks for answers like those of the rows: theirs where they have one in common,
    else one that says how long they are."""
    said = Counter(turn.content for each in records for turn in each.messages if turn.role == "system")
    if said and said.most_common(1)[0][1] > len(records) / 2:
        return said.most_common(1)[0][0]
    lengths = [len(words(record.answer)) for record in records if record.answer]
    if not lengths:
        return ""
    length = statistics.median(lengths)
    return f"Answer correctly and in one go, in about {length:.0f} words. Say nothing else."


def chosen_shots(
    records: Sequence[Record], questions: Sequence[str], count: int
) -> tuple[tuple[str, str], ...]:
    """Solved examples for all the questions alike: the rows that are most often the nearest to one of them.

    Of rows with one answer only the first is taken, and none that asks one of the questions itself.
    """
    asked = {question.strip() for question in questions}
    able = [record for record in records if _exchange(record)[0].strip() not in {"", *asked}]
    if not able:
        return ()
    index = PassageIndex([Passage("", str(place), _exchange(each)[0]) for place, each in enumerate(able)])
    near = Counter(int(each.passage.place) for q in questions for each in index.find(q, count))
    shots: dict[str, str] = {}
    for place, _ in near.most_common():
        question, answer = _exchange(able[place])
        if answer not in shots.values():
            shots[question] = answer
    return tuple(shots.items())[:count]


def _exchange(record: Record) -> tuple[str, str]:
    """A row's only question and its answer; empty for a longer conversation, and for text."""
    before = [turn for turn in record.before_answer if turn.role != "system"]
    if len(before) != 1 or before[0].role != "user" or not record.answer.strip():
        return ("", "")
    return before[0].shown, record.answer
