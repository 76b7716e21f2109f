"""The golden set: does a contestant say what one would like to read? One measure for each scorer."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING

from studio.catalogue import Unusable, phrase
from studio.errors import DataError
from studio.evaluate.answering import AnswerTable, who_answered
from studio.evaluate.failures.kinds import AnswerCase, failures_of
from studio.evaluate.measure import Measure, Setting, told_of
from studio.evaluate.measures.nothing import not_run
from studio.evaluate.scorers.assertions import USUAL, Assertions, GradedAnswer, assertions_of, usual_of
from studio.evaluate.scorers.overlap import exact_match, word_overlap
from studio.evaluate.scorers.registry import SCORERS, fitting
from studio.evaluate.scorers.rulings import ruled_values
from studio.evaluate.scorers.scorer import Scorer
from studio.evaluate.scorers.sequences import signatures
from studio.evaluate.scorers.texts import EXACT, NORMALIZED, OVERLAP
from studio.evaluate.scoring import scored
from studio.evaluate.store import KeptAnswer, Ruling
from studio.evaluate.task import TaskItem
from studio.events import Answered, Event, Figure, GivenAnswer
from studio.generate.sampling import GREEDY
from studio.language import tr

if TYPE_CHECKING:
    from studio.evaluate.golden import Golden
    from studio.evaluate.options import EvaluationOptions

TASK = "golden"
EXACT_KEY, CHECKS_KEY = "golden_exact", "golden_checks"
WARM = GREEDY.model_copy(update={"temperature": 0.7})
"""How several answers to one question are drawn."""

_MOST_TOKENS = 512
_OWN_KEYS = {NORMALIZED.key: EXACT_KEY, OVERLAP.key: "golden_overlap", EXACT.key: "golden_same_text"}
"""The measures that are not called after their scorer: two are older than the others."""

_OF_FORM = ("json", "json_schema")

type _Values = dict[str, list[float | None]]


def answered(setting: Setting) -> Generator[Event, None, AnswerTable]:
    """What every contestant answers to the golden set; announced with how each is scored."""
    items, rulings = setting.golden.items, setting.store.rulings()

    def tell(index: int, item: TaskItem, answers: Mapping[str, list[KeptAnswer]]) -> Answered:
        asked = asked_of(item, setting.options)
        given = [
            _given(setting, who, each[0], item, asked, rulings.get((item.id, who)))
            for who, each in answers.items()
        ]
        return told_of(TASK, index, item, given)

    limit, samples = setting.golden_limit(_MOST_TOKENS), setting.options.samples
    sampling = GREEDY if samples == 1 else WARM.model_copy(update={"seed": setting.options.seed})
    return (
        yield from setting.answers(TASK, items, limit=limit, sampling=sampling, samples=samples, tell=tell)
    )


def asked_of(item: TaskItem, options: EvaluationOptions) -> Assertions:
    """What is asked of the answers to an item: by its own checks, else by those of the whole set.

    Raises DataError where that cannot be, naming the item.
    """
    usual = usual_of(options.scorers) if options.scorers else USUAL
    try:
        return assertions_of(item.extras, item.ideal, usual)
    except Unusable as error:
        raise DataError("golden.bad_item", item=item.id, reason=error.phrase) from error


def keys_asked_for(golden: Golden, options: EvaluationOptions) -> set[str]:
    """The measures that a golden set or a person asks for by naming scorers; none where neither does."""
    if not (options.scorers or any("checks" in item.extras for item in golden.items)):
        return set()
    scorers = {each.scorer.key for item in golden.items for each in asked_of(item, options).each}
    return {CHECKS_KEY, *map(key_of, scorers)}


def key_of(scorer: str) -> str:
    """The key of the measure that reports a scorer."""
    return _OWN_KEYS.get(scorer, f"golden_{scorer}")


def _given(
    setting: Setting, who: str, answer: KeptAnswer, item: TaskItem, asked: Assertions, ruling: Ruling | None
) -> GivenAnswer:
    found = judged(answer.text, item, asked)
    right = found.right if ruling is None else ruling.right
    kinds = failures_of(case_of(setting, answer, item, right, found))
    finish = answer.finish_reason
    return GivenAnswer(who, answer.text, answer.tokens, answer.seconds, finish, found.score, right, kinds)


def judged(text: str, item: TaskItem, asked: Assertions) -> GradedAnswer:
    """What the checks of an item say of an answer. Raises DataError where one cannot tell."""
    try:
        return asked.judge(text)
    except Unusable as error:
        raise DataError("golden.bad_item", item=item.id, reason=error.phrase) from error


def case_of(
    setting: Setting, answer: KeptAnswer, item: TaskItem, right: bool | None, found: GradedAnswer | None
) -> AnswerCase:
    """An answer with what is known of it, to be sorted into kinds of failure."""
    graded = found.graded if found else ()
    return AnswerCase(
        answer.text,
        item.prompt,
        item.ideal,
        right,
        answer.finish_reason,
        any(each.scorer in _OF_FORM and not each.passed for each in graded),
        setting.shared_runs.longest(answer.text),
    )


def _exact(setting: Setting, table: AnswerTable) -> _Values:
    return _each(setting, table, lambda text, item: float(exact_match(text, item.ideal)))


def _overlap(setting: Setting, table: AnswerTable) -> _Values:
    return _each(setting, table, lambda text, item: word_overlap(text, item.ideal))


def _checks(setting: Setting, table: AnswerTable) -> _Values:
    """Right or not by all checks of a row; nothing where no row and nobody names any."""
    if not keys_asked_for(setting.golden, setting.options):
        return {}
    asked = {item.id: asked_of(item, setting.options) for item in setting.golden.items}
    return _each(setting, table, lambda text, item: float(judged(text, item, asked[item.id]).right))


def _by(scorer: Scorer) -> Callable[[Setting, AnswerTable], _Values]:
    """The grades of one scorer: of the rows that ask for it or, where none does, of those that it fits."""

    def values(setting: Setting, table: AnswerTable) -> _Values:
        asked = {item.id: asked_of(item, setting.options) for item in setting.golden.items}
        if any(each.scorer is scorer for assertions in asked.values() for each in assertions.each):
            return _each(setting, table, lambda text, item: judged(text, item, asked[item.id]).of(scorer.key))
        fits = {item.id for item in setting.golden.items if scorer in fitting(item.ideal)}
        grades = {item.id: scorer.prepare(item.ideal, {}) for item in setting.golden.items if item.id in fits}
        if not grades:
            return {}
        return _each(setting, table, lambda text, item: grades[item.id](text) if item.id in grades else None)

    return values


def _each(setting: Setting, table: AnswerTable, score: Callable[[str, TaskItem], float | None]) -> _Values:
    """The score of every contestant's answers to every item, None where an item is not scored so.

    Of several samples it is the mean: the rows are what is compared.
    """
    items = setting.golden.items
    return {
        who: [_mean([score(kept.text, item) for kept in table[item.id][who]]) for item in items]
        for who in who_answered(table)
    }


def _mean(scores: Sequence[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return math.fsum(known) / len(known) if known else None


def _measuring(
    key: str,
    unit: str,
    values_of: Callable[[Setting, AnswerTable], _Values],
    *,
    ruled: bool = False,
    nothing: str = "golden.not_asked",
) -> Callable[[Setting], Generator[Event]]:
    def run(setting: Setting) -> Generator[Event]:
        if not setting.golden.items:
            yield not_run(key, phrase("evaluation.no_golden"))
            return
        table = yield from answered(setting)
        values = values_of(setting, table)
        if not values:
            yield not_run(key, phrase(nothing))
            return
        yield from _scores(setting, key, unit, values, ruled)

    return run


def _scores(setting: Setting, key: str, unit: str, values: _Values, ruled: bool) -> Generator[Event]:
    """The score of the whole and, where a person overruled the scorer, the share of answers concerned."""
    items = setting.golden.items
    there = [all(each[place] is not None for each in values.values()) for place in range(len(items))]
    items = tuple(item for item, kept in zip(items, there, strict=True) if kept)
    numbers = {
        who: [each for each, kept in zip(found, there, strict=True) if kept and each is not None]
        for who, found in values.items()
    }
    clusters, ids = [item.cluster or item.id for item in items], [item.id for item in items]
    rulings = setting.store.rulings() if ruled else {}
    numbers, changed = ruled_values(ids, numbers, rulings)
    setting.store.keep_rows(key, "", ids, numbers, clusters=clusters)
    first = setting.baseline
    yield scored(key, numbers, unit=unit, better="higher", baseline=first, clusters=clusters)
    if any(map(any, changed.values())):
        yield scored(key, changed, part="overruled", unit="share", better="neither", baseline=first)


def _named(scorer: Scorer) -> Measure:
    """The measure that reports a scorer."""
    key = key_of(scorer.key)
    run = _measuring(key, scorer.unit, _by(scorer))
    if scorer.key in ("chrf", "bleu"):
        run = _signed(key, scorer, run)
    return Measure(key, scorer.title, scorer.help, scorer.unit, "higher", "answers", ("full",), run)


def _signed(
    key: str, scorer: Scorer, run: Callable[[Setting], Generator[Event]]
) -> Callable[[Setting], Generator[Event]]:
    """With the signature that such scores are printed with."""

    def signed(setting: Setting) -> Generator[Event]:
        yield from run(setting)
        if setting.golden.items:
            rows = [[scorer.title, signatures()[scorer.key]]]
            heads = [str(phrase("golden.scorer")), str(phrase("golden.signature"))]
            title = phrase("golden.signature_of", title=scorer.title)
            yield Figure(key, "signature", "table", title, {"heads": heads, "rows": rows})

    return signed


_ALL = ("quick", "standard", "full")
MEASURES: Sequence[Measure] = (
    Measure(
        EXACT_KEY,
        tr("Exact match"),
        tr("The share of the golden set whose answer is the ideal one, but for case and punctuation."),
        "share",
        "higher",
        "answers",
        _ALL,
        _measuring(EXACT_KEY, "share", _exact, ruled=True),
        primary=True,
    ),
    Measure(
        "golden_overlap",
        tr("Word overlap"),
        tr("The F1 of the words that an answer shares with the ideal one, averaged over the golden set."),
        "share",
        "higher",
        "answers",
        _ALL,
        _measuring("golden_overlap", "share", _overlap),
        primary=True,
    ),
    Measure(
        CHECKS_KEY,
        tr("Checks passed"),
        tr(
            "The share of the golden set whose answer is right by the checks that its row or a "
            "person asks for."
        ),
        "share",
        "higher",
        "answers",
        ("full",),
        _measuring(CHECKS_KEY, "share", _checks, ruled=True, nothing="golden.no_checks"),
        primary=True,
    ),
    *(_named(scorer) for scorer in SCORERS if scorer not in (NORMALIZED, OVERLAP)),
)
