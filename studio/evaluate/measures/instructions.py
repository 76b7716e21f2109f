"""Instructions that can be checked by rule: how many does a contestant follow?

As IFEval counts (Zhou et al., 2023): a prompt is followed where all of its constraints are, strictly as the
answer stands, or loosely without its first line, its last line and asterisks.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence

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
from studio.paths import resource

_MOST_TOKENS = 1024
PARTS: dict[str, Callable[[Following], Sequence[bool]]] = {
    "": lambda found: (found.all_strict,),
    "loose": lambda found: (found.all_loose,),
    "each_strict": lambda found: found.strict,
    "each_loose": lambda found: found.loose,
}
"""Of whole prompts, strictly and loosely; of each single instruction, strictly and loosely."""


def _following(key: str, file: str, quick: int, standard: int) -> Callable[[Setting], Generator[Event]]:
    def run(setting: Setting) -> Generator[Event]:
        prompts = sampled(setting, read_prompts(resource(f"evaluation/{file}")), quick, standard)
        items = identified(question(each.prompt, category=each.kinds[0]) for each in prompts)
        table = yield from _answered(setting, key, prompts, items)
        found = {
            who: [following(prompt, text) for prompt, text in zip(prompts, texts, strict=True)]
            for who, texts in texts_of(setting, table, items).items()
        }
        whole = {who: [each.all_strict for each in rows] for who, rows in found.items()}
        setting.store.keep_rows(key, "", [item.id for item in items], whole)
        for part, chosen in PARTS.items():
            clusters = [number for number, each in enumerate(prompts) for _ in chosen(_example(each))]
            values = {who: [kept for each in rows for kept in chosen(each)] for who, rows in found.items()}
            yield with_floor(scored(key, values, part=part, clusters=clusters, baseline=setting.baseline))
        yield _by_kind(key, prompts, found, {each.key: each.title for each in setting.contestants})

    return run


def _answered(
    setting: Setting, key: str, prompts: Sequence[InstructionPrompt], items: Sequence[TaskItem]
) -> Generator[Event, None, AnswerTable]:
    """What every contestant answers, each announced with the share of its constraints that it keeps."""

    def told(index: int, item: TaskItem, answers: Mapping[str, Sequence[KeptAnswer]]) -> Answered:
        rows = []
        for who, each in answers.items():
            kept = following(prompts[index], each[0].text).strict
            rows.append(given(who, each[0], sum(kept) / len(kept)))
        return told_of(key, index, item, rows)

    limit = answer_limit(setting, _MOST_TOKENS)
    return (yield from setting.answers(key, items, limit=limit, tell=told))


def _example(prompt: InstructionPrompt) -> Following:
    nothing = (False,) * len(prompt.constraints)
    return Following(nothing, nothing)


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
    data = {"x": [kind.replace("_", " ") for kind in kinds], "series": series, "unit": "share"}
    return Figure(key, "kinds", "bars", phrase("figure.instruction_kinds"), data)


_ALL = ("quick", "standard", "full")
MEASURES = (
    Measure(
        "instructions",
        "Instructions followed",
        "The share of prompts all of whose instructions the answer keeps, as far as a rule can check them.",
        "share",
        "higher",
        "instructions",
        _ALL,
        _following("instructions", "instructions.jsonl", 15, 50),
        primary=True,
        cost=True,
    ),
    Measure(
        "unseen_instructions",
        "Unusual instructions followed",
        "The same for kinds of instructions that models are hardly ever tuned on, such as growing sentences.",
        "share",
        "higher",
        "instructions",
        ("standard", "full"),
        _following("unseen_instructions", "unseen_instructions.jsonl", 15, 20),
    ),
)
