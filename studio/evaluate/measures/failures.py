"""In what way answers fail: the rate of each kind, themes, and what is newly broken or fixed."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from statistics import fmean

from studio.catalogue import phrase
from studio.evaluate.answering import AnswerTable, who_answered
from studio.evaluate.failures.changes import Changes, changes
from studio.evaluate.failures.kinds import COPIED, KINDS, WRONG, failures_of
from studio.evaluate.failures.themes import themes
from studio.evaluate.measure import Measure, Setting
from studio.evaluate.measures.golden_answers import answered, asked_of, case_of, judged
from studio.evaluate.measures.nothing import not_run
from studio.evaluate.scoring import scored
from studio.evaluate.task import TaskItem
from studio.events import Event, Figure
from studio.language import tr

KEY = "failures"
_THEME_HEADS = ("failures.theme", "failures.wrong", "failures.asked", "failures.often")
_CHANGE_HEADS = ("failures.outcome", "failures.item", "failures.prompt")
_SHOWN = 50
_PROMPT = 200

type _Sorted = dict[str, list[list[tuple[str, ...]]]]
"""Of each contestant, the kinds of failure of each of its answers to each item, in the order of the items."""


def _failures(setting: Setting) -> Generator[Event]:
    items = setting.golden.items
    if not items:
        yield not_run(KEY, phrase("evaluation.no_golden"))
        return
    table = yield from answered(setting)
    kinds, rights = _sorted(setting, table)
    clusters, ids = [item.cluster or item.id for item in items], [item.id for item in items]
    for part in ("", *(kind.key for kind in KINDS)):
        values = {
            who: [fmean(_is(part, each) for each in given) for given in rows] for who, rows in kinds.items()
        }
        setting.store.keep_rows(KEY, part, ids, values, clusters=clusters)
        yield scored(KEY, values, part=part, better="lower", baseline=setting.baseline, clusters=clusters)
    yield from _themes(setting, items, rights)
    yield from _changed(setting, items, rights)


def _is(part: str, found: tuple[str, ...]) -> bool:
    """Whether an answer is of a kind; the whole is what goes wrong before anything is said wrongly."""
    return part in found if part else bool(set(found) - {WRONG.key, COPIED.key})


def _sorted(setting: Setting, table: AnswerTable) -> tuple[_Sorted, dict[str, list[float]]]:
    """The kinds of every answer, and whether it is right, a person's rulings over the scorers' findings."""
    rulings = setting.store.rulings()
    kinds: _Sorted = {who: [] for who in who_answered(table)}
    rights: dict[str, list[float]] = {who: [] for who in kinds}
    for item in setting.golden.items:
        asked = asked_of(item, setting.options)
        for who in kinds:
            ruling = rulings.get((item.id, who))
            graded = [(answer, judged(answer.text, item, asked)) for answer in table[item.id][who]]
            right = [found.right if ruling is None else ruling.right for _, found in graded]
            kinds[who].append(
                [
                    failures_of(case_of(setting, answer, item, is_right, found))
                    for (answer, found), is_right in zip(graded, right, strict=True)
                ]
            )
            rights[who].append(fmean(right))
    return kinds, rights


def _themes(setting: Setting, items: Sequence[TaskItem], rights: dict[str, list[float]]) -> Generator[Figure]:
    """For each contestant, the words that mark the questions it answers wrongly."""
    heads = [str(phrase(code)) for code in _THEME_HEADS]
    for who, of in rights.items():
        found = themes([item.prompt for item in items], [right < 0.5 for right in of])
        rows: list[list[str | float]] = [
            [", ".join(theme.words), len(theme.rows), theme.asked, round(theme.often, 2)] for theme in found
        ]
        if rows:
            title = phrase("failures.themes_of", who=setting.titles[who])
            yield Figure(KEY, f"themes-{who}", "table", title, {"heads": heads, "rows": rows})


def _changed(
    setting: Setting, items: Sequence[TaskItem], rights: dict[str, list[float]]
) -> Generator[Figure]:
    """For each contestant but the baseline, the questions that it newly fails, and those it newly answers."""
    heads = [str(phrase(code)) for code in _CHANGE_HEADS]
    prompts = {item.id: item.prompt[:_PROMPT] for item in items}
    ids = [item.id for item in items]
    for who in [each for each in rights if each != setting.baseline]:
        found = changes(ids, rights[setting.baseline], rights[who])
        rows = _listed(found, prompts)
        if rows:
            title = phrase("failures.changed", who=setting.titles[who])
            yield Figure(KEY, f"changed-{who}", "table", title, {"heads": heads, "rows": rows})


def _listed(found: Changes, prompts: dict[str, str]) -> list[list[str]]:
    broken, fixed = str(phrase("failures.broken")), str(phrase("failures.fixed"))
    return [
        *([broken, item, prompts[item]] for item in found.broken[:_SHOWN]),
        *([fixed, item, prompts[item]] for item in found.fixed[:_SHOWN]),
    ]


MEASURES = (
    Measure(
        KEY,
        tr("Failed answers"),
        tr(
            "The share of answers that loop, are cut off, empty, off format, in another language, echo the "
            "question or refuse; and of each kind, of wrong and of copied answers as well."
        ),
        "share",
        "lower",
        "failures",
        ("quick", "standard", "full"),
        _failures,
    ),
)
