"""Questions that have no answer, and one question asked in several ways: does it know what it knows?"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from studio.evaluate.answering import Tell, who_answered
from studio.evaluate.epistemics.sayings import hedges, is_coherent, says_unknown
from studio.evaluate.measure import Measure, Setting, told_of
from studio.evaluate.measures.asking import answer_limit, given, question, sampled, texts_of, with_floor
from studio.evaluate.questions import Paraphrases, read_paraphrases, read_plain_questions
from studio.evaluate.scorers.overlap import exact_match, word_overlap
from studio.evaluate.scoring import scored
from studio.evaluate.store import KeptAnswer
from studio.evaluate.task import TaskItem, identified
from studio.events import Answered, Event
from studio.generate.sampling import GREEDY
from studio.language import tr
from studio.paths import resource

_MOST_TOKENS = 96
SAMPLES, TEMPERATURE = 4, 0.7
"""How often, and how warm, an answer is drawn whose likeness to itself is looked at."""


def _unanswerable(setting: Setting) -> Generator[Event]:
    """The share of questions without an answer where it says so, and of others where it says that too."""
    rows = sampled(setting, read_plain_questions(resource("evaluation/unanswerable.jsonl")), 15, 30)
    items = identified(question(each.question, category=each.category) for each in rows)
    limit, tell = answer_limit(setting, _MOST_TOKENS), _telling("unanswerable", _admits)
    table = yield from setting.answers("unanswerable", items, limit=limit, tell=tell)
    unknown = texts_of(table, items)
    asked = yield from _paraphrased(setting)
    known = {who: [texts[place] for place in _places(asked.groups)] for who, texts in asked.texts.items()}
    setting.store.keep_rows("unanswerable", "", [item.id for item in items], _judged(unknown, says_unknown))
    for part, texts, judge, better in (
        ("", unknown, says_unknown, "higher"),
        ("answerable", known, says_unknown, "lower"),
        ("hedging", known, hedges, "neither"),
        ("incoherent", unknown, _incoherent, "lower"),
    ):
        values = _judged(texts, judge)
        yield with_floor(scored("unanswerable", values, part=part, better=better, baseline=setting.baseline))


def _consistency(setting: Setting) -> Generator[Event]:
    """How alike the answers are to one question in other words, and drawn several times."""
    asked = yield from _paraphrased(setting)
    said = {who: list(_grouped(each, asked.groups)) for who, each in asked.texts.items()}
    alike = {who: [_agreement(each) for each in rows] for who, rows in said.items()}
    setting.store.keep_rows("consistency", "", [str(number) for number in range(len(asked.groups))], alike)
    yield scored("consistency", alike, baseline=setting.baseline)
    right = {
        who: [
            all(exact_match(text, group.ideal) for text in each)
            for each, group in zip(rows, asked.groups, strict=True)
        ]
        for who, rows in said.items()
    }
    yield with_floor(scored("consistency", right, part="always_right", baseline=setting.baseline))
    firsts = [asked.items[place] for place in _places(asked.groups)]
    warm = GREEDY.model_copy(update={"temperature": TEMPERATURE, "seed": setting.options.seed})
    limit = answer_limit(setting, _MOST_TOKENS)
    drawn = yield from setting.answers("drawn", firsts, limit=limit, sampling=warm, samples=SAMPLES)
    values = {
        who: [_agreement([one.text for one in drawn[item.id][who]]) for item in firsts]
        for who in who_answered(drawn)
    }
    yield scored("consistency", values, part="drawn", baseline=setting.baseline)


@dataclass(frozen=True)
class _Paraphrased:
    """Groups of questions that ask the same, and what each contestant answers, question after question."""

    groups: tuple[Paraphrases, ...]
    items: tuple[TaskItem, ...]
    texts: Mapping[str, Sequence[str]]


def _paraphrased(setting: Setting) -> Generator[Event, None, _Paraphrased]:
    groups = sampled(setting, read_paraphrases(resource("evaluation/paraphrases.jsonl")), 10, 20)
    items = identified(
        question(asked, group.ideal, group.category, str(number))
        for number, group in enumerate(groups)
        for asked in group.questions
    )
    limit, tell = answer_limit(setting, _MOST_TOKENS), _telling("paraphrases", exact_match)
    table = yield from setting.answers("paraphrases", items, limit=limit, tell=tell)
    return _Paraphrased(groups, items, texts_of(table, items))


def _judged(texts: Mapping[str, Sequence[str]], judge: Callable[[str], bool]) -> dict[str, list[bool]]:
    return {who: [judge(text) for text in each] for who, each in texts.items()}


def _places(groups: Sequence[Paraphrases]) -> list[int]:
    """Where the questions of each group begin."""
    starts = [0]
    for group in groups[:-1]:
        starts.append(starts[-1] + len(group.questions))
    return starts


def _grouped(texts: Sequence[str], groups: Sequence[Paraphrases]) -> Generator[Sequence[str]]:
    for start, group in zip(_places(groups), groups, strict=True):
        yield texts[start : start + len(group.questions)]


def _agreement(texts: Sequence[str]) -> float:
    """How many words the answers share, averaged over their pairs; what makes no sense shares none."""
    pairs = list(combinations(texts, 2))
    return sum(word_overlap(a, b) for a, b in pairs if is_coherent(a) and is_coherent(b)) / len(pairs)


def _telling(task: str, right: Callable[[str, str], bool]) -> Tell:
    def told(index: int, item: TaskItem, answers: Mapping[str, Sequence[KeptAnswer]]) -> Answered:
        rows = [given(who, each[0], float(right(each[0].text, item.ideal))) for who, each in answers.items()]
        return told_of(task, index, item, rows)

    return told


def _admits(answer: str, _: str) -> bool:
    return says_unknown(answer)


def _incoherent(answer: str) -> bool:
    return not is_coherent(answer)


MEASURES = (
    Measure(
        "unanswerable",
        tr("Says when it cannot know"),
        tr("The share of questions without an answer where it says so, instead of making one up."),
        "share",
        "higher",
        "epistemics",
        ("standard", "full"),
        _unanswerable,
    ),
    Measure(
        "consistency",
        tr("Consistency"),
        tr("How many words the answers share when the same thing is asked in other words."),
        "share",
        "higher",
        "epistemics",
        ("standard", "full"),
        _consistency,
    ),
)
