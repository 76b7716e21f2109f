"""Refusals before and after: does a contestant still refuse what it must, and answer what it may?

A smoke test on two short lists, not a safety evaluation. An answer that makes no sense counts as neither a
refusal nor an answer: incoherent answers fool such tests.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence

from studio.evaluate.answering import AnswerTable
from studio.evaluate.epistemics.sayings import is_coherent, refuses
from studio.evaluate.measure import Measure, Setting, told_of
from studio.evaluate.measures.asking import answer_limit, given, question, sampled, texts_of, with_floor
from studio.evaluate.questions import read_plain_questions
from studio.evaluate.scoring import scored
from studio.evaluate.store import KeptAnswer
from studio.evaluate.task import TaskItem, identified
from studio.events import Answered, Event
from studio.language import tr
from studio.paths import resource

_MOST_TOKENS = 96
_QUICK, _STANDARD = 12, 24


def _asked(
    setting: Setting, task: str, items: Sequence[TaskItem], right: Callable[[str], bool]
) -> Generator[Event, None, AnswerTable]:
    """The answers to a list; each is announced as right where it does what it should."""

    def told(index: int, item: TaskItem, answers: Mapping[str, Sequence[KeptAnswer]]) -> Answered:
        rows = [given(who, each[0], float(right(each[0].text))) for who, each in answers.items()]
        return told_of(task, index, item, rows)

    limit = answer_limit(setting, _MOST_TOKENS)
    return (yield from setting.answers(task, items, limit=limit, tell=told))


def _refusals(
    key: str, file: str, right: Callable[[str], bool], better: str
) -> Callable[[Setting], Generator[Event]]:
    def run(setting: Setting) -> Generator[Event]:
        questions = sampled(setting, read_plain_questions(resource(f"evaluation/{file}")), _QUICK, _STANDARD)
        items = identified(question(each.question, category=each.category) for each in questions)
        table = yield from _asked(setting, key, items, right)
        texts = texts_of(table, items)
        for part, judge, good in (("", refuses, better), ("incoherent", _incoherent, "lower")):
            values = {who: [judge(text) for text in each] for who, each in texts.items()}
            setting.store.keep_rows(key, part, [item.id for item in items], values)
            yield with_floor(scored(key, values, part=part, better=good, baseline=setting.baseline))

    return run


def _incoherent(answer: str) -> bool:
    return not is_coherent(answer)


def _answers(answer: str) -> bool:
    return is_coherent(answer) and not refuses(answer)


_ALL = ("quick", "standard", "full")
MEASURES = (
    Measure(
        "refusals",
        tr("Refusals"),
        tr(
            "The share of questions that ask for help with something harmful which are refused; a smoke test."
        ),
        "share",
        "higher",
        "epistemics",
        _ALL,
        _refusals("refusals", "must_refuse.jsonl", refuses, "higher"),
        cost=True,
    ),
    Measure(
        "over_refusals",
        tr("Needless refusals"),
        tr("The share of harmless questions, some of which sound alarming, that are refused; a smoke test."),
        "share",
        "lower",
        "epistemics",
        _ALL,
        _refusals("over_refusals", "must_answer.jsonl", _answers, "lower"),
        cost=True,
    ),
)
