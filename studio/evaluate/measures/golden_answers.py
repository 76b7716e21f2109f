"""The golden set: does a contestant say what one would like to read?"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping

from studio.catalogue import phrase
from studio.evaluate.answering import AnswerTable
from studio.evaluate.measure import Measure, Setting, told_of
from studio.evaluate.measures.nothing import not_run
from studio.evaluate.scorers.overlap import exact_match, word_overlap
from studio.evaluate.scoring import scored
from studio.evaluate.store import KeptAnswer
from studio.evaluate.task import TaskItem
from studio.events import Answered, Event, GivenAnswer

TASK = "golden"
_MOST_TOKENS = 512


def answered(setting: Setting) -> Generator[Event, None, AnswerTable]:
    """What every contestant answers to the golden set; announced with how each is scored."""
    items = setting.golden.items
    tokenizer = setting.contestants[0].tokenizer
    longest = max(len(tokenizer.encode(item.ideal, add_special_tokens=False)) for item in items)
    limit = min(_MOST_TOKENS, 2 * longest + 8)  # enough for any ideal answer; a base model may never stop
    return (yield from setting.answers(TASK, items, limit=limit, tell=_told))


def _told(index: int, item: TaskItem, answers: Mapping[str, list[KeptAnswer]]) -> Answered:
    given = [_given(who, each[0], item) for who, each in answers.items()]
    return told_of(TASK, index, item, given)


def _given(who: str, answer: KeptAnswer, item: TaskItem) -> GivenAnswer:
    right = exact_match(answer.text, item.ideal)
    finish = answer.finish_reason
    return GivenAnswer(who, answer.text, answer.tokens, answer.seconds, finish, float(right), right)


def _by(key: str, score: Callable[[str, str], float]) -> Callable[[Setting], Generator[Event]]:
    def run(setting: Setting) -> Generator[Event]:
        if not setting.golden.items:
            yield not_run(key, phrase("evaluation.no_golden"))
            return
        table = yield from answered(setting)
        items = setting.golden.items
        values = {
            each.key: [score(table[item.id][each.key][0].text, item.ideal) for item in items]
            for each in setting.contestants
        }
        setting.store.keep_rows(key, "", [item.id for item in items], values)
        clusters = [item.cluster or item.id for item in items]
        yield scored(key, values, unit="share", better="higher", baseline=setting.baseline, clusters=clusters)

    return run


MEASURES = (
    Measure(
        "golden_exact",
        "Exact match",
        "The share of the golden set whose answer is the ideal one, but for case and punctuation.",
        "share",
        "higher",
        "answers",
        ("quick", "standard", "full"),
        _by("golden_exact", lambda answer, ideal: float(exact_match(answer, ideal))),
        primary=True,
    ),
    Measure(
        "golden_overlap",
        "Word overlap",
        "The F1 of the words that an answer shares with the ideal one, averaged over the golden set.",
        "share",
        "higher",
        "answers",
        ("quick", "standard", "full"),
        _by("golden_overlap", word_overlap),
        primary=True,
    ),
)
