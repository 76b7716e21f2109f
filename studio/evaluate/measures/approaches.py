"""The golden set asked in other ways than by tuning: is a better prompt, or reading first, as good?"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from itertools import chain

from studio.catalogue import phrase
from studio.evaluate.approaches.asking import AskedApproach, asked_in_all_ways
from studio.evaluate.approaches.grounding import cited
from studio.evaluate.approaches.putting import approach_of
from studio.evaluate.approaches.recommendation import ApproachResult, Recommendation, recommend
from studio.evaluate.measure import Measure, Setting
from studio.evaluate.measures.golden_answers import asked_of, judged
from studio.evaluate.measures.nothing import not_run
from studio.evaluate.scoring import scored
from studio.evaluate.task import TaskItem
from studio.events import Event, Figure
from studio.generate.contestant import APPROACHES
from studio.language import tr

KEY = "approaches"
TOKENS, SECONDS, FAITHFULNESS, PRECISION = "tokens", "seconds", "faithfulness", "context_precision"
"""The parts beside the share of right answers."""
_MOST_TOKENS = 512
_QUESTIONS = 60  # at most, evenly taken from the golden set
_SHOWN = 20  # questions whose passages are told, from the first on
_NONE = "-"


def _approaches(setting: Setting) -> Generator[Event]:
    golden = setting.golden.items
    if not golden:
        yield not_run(KEY, phrase("evaluation.no_golden"))
        return
    count = min(len(golden), _QUESTIONS)
    items = [golden[place * len(golden) // count] for place in range(count)]
    ways = yield from _asked(setting, items)
    right = {each.key: _right(setting, items, each) for each in ways}
    clusters = [item.cluster or item.id for item in items]
    setting.store.keep_rows(KEY, "", [item.id for item in items], right)
    yield scored(KEY, right, baseline=setting.baseline, clusters=clusters)
    yield from _costs(setting, ways, clusters)
    yield _table(ways, right)
    yield _advice(recommend([_result(each, right[each.key]) for each in ways], clusters))
    if reading := [each for each in ways if each.reads]:
        yield from _grounds(reading, clusters)
        yield _citations(items, reading)


def _asked(setting: Setting, items: Sequence[TaskItem]) -> Generator[Event, None, list[AskedApproach]]:
    """Every approach to every question."""
    options, index = setting.options, (yield from setting.passages())
    records, questions = setting.records, [item.prompt for item in items]
    approaches = [approach_of(name, options, records, questions) for name in APPROACHES]
    limit = setting.golden_limit(_MOST_TOKENS)
    return (
        yield from asked_in_all_ways(
            setting.contestants, approaches, items, index, setting.store, options.passages, limit
        )
    )


def _right(setting: Setting, items: Sequence[TaskItem], asked: AskedApproach) -> list[float]:
    """Whether each answer is right, by the scorers that were chosen for the golden set."""
    pairs = zip(items, asked.answers, strict=True)
    return [float(judged(answer.text, item, asked_of(item, setting.options)).right) for item, answer in pairs]


def _costs(setting: Setting, ways: Sequence[AskedApproach], clusters: Sequence[str]) -> Generator[Event]:
    """What an answer takes: tokens read and written, and seconds."""
    found = {TOKENS: {each.key: _tokens(each) for each in ways}, SECONDS: {w.key: w.seconds for w in ways}}
    for part, values in found.items():
        yield scored(
            KEY, values, part=part, unit=part, better="lower", baseline=setting.baseline, clusters=clusters
        )


def _tokens(asked: AskedApproach) -> list[float]:
    pairs = zip(asked.tokens_read, asked.tokens_written, strict=True)
    return [read + written for read, written in pairs]


def _grounds(reading: Sequence[AskedApproach], clusters: Sequence[str]) -> Generator[Event]:
    """How faithful answers are to what was read, and how precise what was found."""
    yield scored(KEY, {each.key: each.faithful for each in reading}, part=FAITHFULNESS, clusters=clusters)
    yield scored(KEY, {reading[0].key: reading[0].precise}, part=PRECISION, clusters=clusters)


def _result(asked: AskedApproach, right: Sequence[float]) -> ApproachResult:
    return ApproachResult(asked.key, asked.title, right, _mean(_tokens(asked)), _mean(asked.seconds))


def _table(ways: Sequence[AskedApproach], right: Mapping[str, Sequence[float]]) -> Figure:
    heads = [tr("Approach"), tr("Right"), tr("Tokens read"), tr("Tokens written"), tr("Seconds")]
    rows = []
    for each in ways:
        numbers = [f"{_mean(each.tokens_read):.0f}", f"{_mean(each.tokens_written):.0f}"]
        grounds = [_per_cent(each.faithful), _per_cent(each.precise)] if each.reads else [_NONE, _NONE]
        rows.append(
            [each.title, _per_cent(right[each.key]), *numbers, f"{_mean(each.seconds):.2f}", *grounds]
        )
    heads += ["Faithfulness", "Context precision"]
    return Figure(KEY, "table", "table", phrase("approach.table"), {"heads": heads, "rows": rows})


def _advice(found: Recommendation) -> Figure:
    rows = [[str(reason)] for reason in found.reasons]
    return Figure(KEY, "recommendation", "table", found.headline, {"heads": [tr("Why")], "rows": rows})


def _citations(items: Sequence[TaskItem], reading: Sequence[AskedApproach]) -> Figure:
    """Which passages were read before each question, and which of them the answers name."""
    heads = [tr("Question"), tr("Passages"), *(tr("{title} cites", title=each.title) for each in reading)]
    rows = []
    for place, item in enumerate(items[:_SHOWN]):
        sources = [f"[{each.rank}] {each.passage.source}" for each in reading[0].found[place]]
        named = [_cites(each.answers[place].text, len(each.found[place])) for each in reading]
        rows.append([item.prompt, "; ".join(sources) or _NONE, *named])
    return Figure(KEY, "passages", "table", phrase("approach.passages"), {"heads": heads, "rows": rows})


def _cites(text: str, count: int) -> str:
    return ", ".join(f"[{number}]" for number in cited(text, count)) or _NONE


def _seconds(asked: AskedApproach) -> str:
    return f"{_mean(asked.seconds):.2f}"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _per_cent(values: Sequence[float | None]) -> str:
    known = list(chain.from_iterable([] if value is None else [value] for value in values))
    return f"{100 * _mean(known):.0f} %" if known else _NONE


MEASURES = (
    Measure(
        KEY,
        tr("Other approaches"),
        tr(
            "The golden set by a better prompt, by solved examples, by passages to read first, "
            "tuned, and tuned "
            "with passages; faithfulness and context precision by shared words, without a judge."
        ),
        "share",
        "higher",
        "approaches",
        ("full",),
        _approaches,
    ),
)
