"""Instructions that can be checked by rule: how many does a contestant follow?

As IFEval counts (Zhou et al., 2023): a prompt is followed where all of its constraints are, strictly as the
answer stands, or loosely without its first line, its last line and asterisks.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass

from studio.catalogue import phrase
from studio.evaluate.answering import AnswerTable
from studio.evaluate.instructions.prompts import (
    Following,
    InstructionPrompt,
    following,
    kinds_of,
    read_prompts,
)
from studio.evaluate.measure import Measure, Setting, told_of
from studio.evaluate.measures.asking import answer_limit, given, question, sampled, texts_of, with_floor
from studio.evaluate.scoring import scored
from studio.evaluate.store import KeptAnswer
from studio.evaluate.task import TaskItem, identified
from studio.events import Answered, Event, Figure
from studio.language import tr
from studio.paths import resource

_MOST_TOKENS = 1024
WHOLE, LOOSE = "", "loose"
_OF_PROMPTS: dict[str, Callable[[Following], Sequence[bool]]] = {
    WHOLE: lambda found: (found.all_strict,),
    LOOSE: lambda found: (found.all_loose,),
}
_OF_EACH: dict[str, Callable[[Following], Sequence[bool]]] = {
    WHOLE: lambda found: found.strict,
    LOOSE: lambda found: found.loose,
}


@dataclass(frozen=True)
class _Set:
    """A file of prompts: the task under which they are asked, and how many the smaller suites ask."""

    task: str
    quick: int
    standard: int


KNOWN = _Set("instructions", 15, 50)
UNSEEN = _Set("unseen_instructions", 15, 20)


def _following(key: str, chosen: _Set, *, each: bool = False) -> Callable[[Setting], Generator[Event]]:
    """The measure of whole prompts, or of each single instruction."""

    def run(setting: Setting) -> Generator[Event]:
        file = resource(f"evaluation/{chosen.task}.jsonl")
        prompts = sampled(setting, read_prompts(file), chosen.quick, chosen.standard)
        found, ids = yield from _followed(setting, chosen.task, prompts)
        if not each:
            whole = {who: [row.all_strict for row in rows] for who, rows in found.items()}
            setting.store.keep_rows(key, WHOLE, ids, whole)
        for part, marks in (_OF_EACH if each else _OF_PROMPTS).items():
            clusters = [place for place, row in enumerate(found[setting.baseline]) for _ in marks(row)]
            values = {who: [kept for row in rows for kept in marks(row)] for who, rows in found.items()}
            yield with_floor(scored(key, values, part=part, clusters=clusters, baseline=setting.baseline))
        if each:
            yield _by_kind(key, prompts, found, setting.titles)

    return run


def _followed(
    setting: Setting, task: str, prompts: Sequence[InstructionPrompt]
) -> Generator[Event, None, tuple[dict[str, list[Following]], list[str]]]:
    """How every contestant follows each prompt, and the ids of the prompts."""
    items = identified(question(prompt.prompt, category=prompt.kinds[0]) for prompt in prompts)
    table = yield from _answered(setting, task, prompts, items)
    found = {
        who: [following(prompt, text) for prompt, text in zip(prompts, texts, strict=True)]
        for who, texts in texts_of(table, items).items()
    }
    return found, [item.id for item in items]


def _answered(
    setting: Setting, task: str, prompts: Sequence[InstructionPrompt], items: Sequence[TaskItem]
) -> Generator[Event, None, AnswerTable]:
    """What every contestant answers, each announced with the share of its constraints that it keeps."""

    def told(index: int, item: TaskItem, answers: Mapping[str, Sequence[KeptAnswer]]) -> Answered:
        rows = []
        for who, each in answers.items():
            kept = following(prompts[index], each[0].text).strict
            rows.append(given(who, each[0], sum(kept) / len(kept)))
        return told_of(task, index, item, rows)

    limit = answer_limit(setting, _MOST_TOKENS)
    return (yield from setting.answers(task, items, limit=limit, tell=told))


def _by_kind(
    key: str,
    prompts: Sequence[InstructionPrompt],
    found: Mapping[str, Sequence[Following]],
    titles: Mapping[str, str],
) -> Figure:
    """The share of each kind of instruction that is followed, strictly."""
    kinds = kinds_of(prompts)
    series = []
    for who, rows in found.items():
        kept: dict[str, list[bool]] = {kind: [] for kind in kinds}
        for prompt, each in zip(prompts, rows, strict=True):
            for kind, mark in zip(prompt.kinds, each.strict, strict=True):
                kept[kind].append(mark)
        series.append({"name": titles[who], "values": [sum(kept[kind]) / len(kept[kind]) for kind in kinds]})
    data = {"x": [_named(kind) for kind in kinds], "series": series, "unit": "share"}
    return Figure(key, "kinds", "bars", phrase("figure.instruction_kinds"), data)


def _named(kind: str) -> str:
    return "JSON" if kind == "json" else kind.replace("_", " ").capitalize()


_ALL, _LONGER = ("quick", "standard", "full"), ("standard", "full")
MEASURES = (
    Measure(
        "instructions",
        tr("Prompts followed"),
        tr(
            "The share of prompts all of whose instructions the answer keeps, as far as a rule "
            "can check them."
        ),
        "share",
        "higher",
        "instructions",
        _ALL,
        _following("instructions", KNOWN),
        primary=True,
        cost=True,
    ),
    Measure(
        "single_instructions",
        tr("Instructions followed"),
        tr(
            "The share of single instructions that are kept, such as a number of words, one to "
            "three a prompt."
        ),
        "share",
        "higher",
        "instructions",
        _ALL,
        _following("single_instructions", KNOWN, each=True),
    ),
    Measure(
        "unseen_instructions",
        tr("Unusual prompts followed"),
        tr(
            "The same for kinds of instructions that models are hardly ever tuned on, such as "
            "growing sentences."
        ),
        "share",
        "higher",
        "instructions",
        _LONGER,
        _following("unseen_instructions", UNSEEN),
    ),
    Measure(
        "unseen_single_instructions",
        tr("Unusual instructions followed"),
        tr("The share of single instructions of such kinds that are kept."),
        "share",
        "higher",
        "instructions",
        _LONGER,
        _following("unseen_single_instructions", UNSEEN, each=True),
    ),
)
