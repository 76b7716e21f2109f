"""Whose answers a judge prefers, how it is biased, and whether it decides as the person does."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence

from studio.catalogue import Phrase, phrase
from studio.evaluate.answering import AnswerTable, who_answered
from studio.evaluate.judging.agreement import agreement_scores
from studio.evaluate.judging.chosen import asked, chosen_judge, families_in
from studio.evaluate.judging.judge import Judge
from studio.evaluate.judging.pairs import (
    LOST,
    TIED,
    WON,
    Pair,
    PairVerdict,
    questions_of,
    request_of,
    verdicts,
)
from studio.evaluate.judging.trust import bias_panel, bias_table, no_verdict
from studio.evaluate.judging.win_rate import raw_win_rate, win_rate_at_equal_lengths, win_rate_score
from studio.evaluate.measure import Measure, Setting
from studio.evaluate.measures.golden_answers import TASK, answered
from studio.evaluate.measures.nothing import not_run
from studio.evaluate.store import EvaluationStore
from studio.evaluate.task import TaskItem
from studio.events import Answered, Event, Score
from studio.language import tr

WIN_RATE, CONTROLLED, AGREEMENT = "judge_win_rate", "judge_win_rate_at_equal_lengths", "judge_agreement"
_SAID = "verdicts"
"""The part under which every verdict is kept, also those of a judge that has no say."""
_WORDS = "judged_pairs"


def why_not(setting: Setting) -> Phrase | None:
    """Why no judge can be asked here; None where one can."""
    if not setting.options.judge:
        return phrase("judge.none")
    if not setting.golden.items:
        return phrase("evaluation.no_golden")
    return None if len(setting.titles) > 1 else phrase("judge.one_contestant")


def judged_items(setting: Setting) -> Sequence[TaskItem]:
    """As many of the golden set as are to be judged, evenly taken from all of it."""
    items, count = setting.golden.items, setting.options.judge_rows
    if count >= len(items):
        return items
    return [items[place * len(items) // count] for place in range(count)]


def _win_rate(setting: Setting) -> Generator[Event]:
    if reason := why_not(setting):
        yield not_run(WIN_RATE, reason)
        return
    said, judge = yield from _judged(setting)
    yield win_rate_score(WIN_RATE, said, setting.baseline, _clusters(setting), raw_win_rate)
    panel = list(bias_panel(WIN_RATE, said, judge, families_in(setting)))
    yield from panel
    yield bias_table(WIN_RATE, panel, judge, {who: setting.titles[who] for who in said})


def _controlled(setting: Setting) -> Generator[Event]:
    if reason := why_not(setting):
        yield not_run(CONTROLLED, reason)
        return
    said, _ = yield from _judged(setting)
    rate = win_rate_at_equal_lengths
    yield win_rate_score(CONTROLLED, said, setting.baseline, _clusters(setting), rate)


def _clusters(setting: Setting) -> dict[str, str]:
    return {item.id: item.cluster for item in setting.golden.items}


type _Said = tuple[Mapping[str, Sequence[PairVerdict]], Judge]


def _judged(setting: Setting) -> Generator[Event, None, _Said]:
    """The verdicts on every challenger's pairs, by its key, and who gave them; asked once."""
    if _SAID not in setting.known:
        table = yield from answered(setting)
        items = judged_items(setting)
        base, *challengers = who_answered(table)
        pairs = {who: _pairs(items, table, base, who) for who in challengers}
        with chosen_judge(setting) as judge:
            replies = yield from asked(setting, judge, [q for of in pairs.values() for q in questions_of(of)])
        each = iter(replies)
        said = {who: verdicts(of, [next(each) for _ in questions_of(of)]) for who, of in pairs.items()}
        _keep(setting.store, base, said)
        _keep_words(setting.store, said)
        setting.known[_SAID] = said, judge
    found: _Said = setting.known[_SAID]
    return found


def _pairs(items: Sequence[TaskItem], table: AnswerTable, base: str, challenger: str) -> list[Pair]:
    return [
        Pair(
            item.id,
            request_of(item.turns),
            table[item.id][base][0].text,
            table[item.id][challenger][0].text,
            item.ideal,
        )
        for item in items
    ]


def _keep(store: EvaluationStore, base: str, said: Mapping[str, Sequence[PairVerdict]]) -> None:
    """Keep the points on each row; as a measure's rows only where the judge has a say."""
    by_id = {who: {each.id: each.points for each in of if each.readable} for who, of in said.items()}
    ids = [each.id for each in next(iter(said.values())) if all(each.id in of for of in by_id.values())]
    points = {base: [0.5] * len(ids), **{who: [of[id_] for id_ in ids] for who, of in by_id.items()}}
    store.keep_rows(WIN_RATE, _SAID, ids, points)
    if no_verdict([each for of in said.values() for each in of]) is None:
        store.keep_rows(WIN_RATE, "", ids, points)
    elif store.rows(WIN_RATE)[0]:
        store.keep_rows(WIN_RATE, "", (), {})  # another judge's, which this one does not stand for


def _keep_words(store: EvaluationStore, said: Mapping[str, Sequence[PairVerdict]]) -> None:
    """Keep what the judge said of each pair, and why, for people to read."""
    for who, verdicts_on in said.items():
        for each in verdicts_on:
            key = f"{who}:{each.id}"
            words = {"orders": [each.base_first, each.challenger_first], "reasons": list(each.reasons)}
            if store.known(_WORDS, key) != words:
                store.remember(_WORDS, key, words)


def words_on(store: EvaluationStore, challenger: str, item: str) -> list[tuple[str, str]]:
    """What the judge said of a challenger's answer (won, tied, lost, or unreadable), with its reasons.

    Shown second, then shown first; nothing where the pair was not judged.
    """
    kept = store.known(_WORDS, f"{challenger}:{item}")
    if not isinstance(kept, dict):
        return []
    reasons = kept["reasons"] or ["", ""]
    return list(zip(kept["orders"], reasons, strict=True))


def was_judged(store: EvaluationStore) -> bool:
    """Whether a judge has said anything in an evaluation."""
    return bool(store.rows(WIN_RATE, _SAID)[0])


def agreement_now(store: EvaluationStore, baseline: str) -> Iterator[Score]:
    """How the judge's verdicts and the person's blind votes agree, as both stand in an evaluation by now."""
    ids, points = store.rows(WIN_RATE, _SAID)
    outcomes = {
        who: {id_: _outcome(value) for id_, value in zip(ids, values, strict=True)}
        for who, values in points.items()
        if who != baseline
    }
    yield from agreement_scores(AGREEMENT, outcomes, store.votes(), baseline)


def contradictions(store: EvaluationStore, baseline: str) -> frozenset[tuple[str, str]]:
    """Where the judge prefers an answer that the scorer calls wrong to one that it calls right.

    Each as (item, challenger).
    """
    ids, points = store.rows(WIN_RATE, _SAID)
    place = {id_: number for number, id_ in enumerate(ids)}
    found = set()
    for event in store.events():
        if isinstance(event, Answered) and event.task == TASK and event.id in place:
            right = {each.contestant: each.right for each in event.answers}
            for who in points:
                said = points[who][place[event.id]]
                if (right.get(baseline), right.get(who), said) in ((True, False, 1.0), (False, True, 0.0)):
                    found.add((event.id, who))
    return frozenset(found)


def _outcome(points: float) -> str:
    return {1.0: WON, 0.0: LOST}.get(points, TIED)


def _agreement(setting: Setting) -> Generator[Event]:
    if reason := why_not(setting):
        yield not_run(AGREEMENT, reason)
        return
    yield from agreement_now(setting.store, setting.baseline)


MEASURES = (
    Measure(
        WIN_RATE,
        tr("Win rate"),
        tr(
            "How often a judge prefers an answer to the baseline's, blind, in both orders; ties "
            "are half a win."
        ),
        "share",
        "higher",
        "judge",
        ("standard", "full"),
        _win_rate,
    ),
    Measure(
        CONTROLLED,
        tr("Win rate at equal lengths"),
        tr(
            "The same as if both answers were equally long: judges like long answers, and tuning "
            "changes length."
        ),
        "share",
        "higher",
        "judge",
        ("standard", "full"),
        _controlled,
        primary=True,
    ),
    Measure(
        AGREEMENT,
        tr("Agreement with your votes"),
        tr("Cohen's kappa between the judge and your own blind votes: 0 is chance, 1 is full agreement."),
        "ratio",
        "higher",
        "judge",
        ("standard", "full"),
        _agreement,
    ),
)
