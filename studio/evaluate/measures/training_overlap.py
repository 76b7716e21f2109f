"""What answers and questions have in common with the training rows: copied text, and contamination."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from studio.catalogue import Phrase, phrase
from studio.evaluate.answering import who_answered
from studio.evaluate.failures.training_rows import SHARED, SharedRun, TrainingRows, overlapping
from studio.evaluate.measure import Measure, Setting
from studio.evaluate.measures.golden_answers import answered
from studio.evaluate.measures.nothing import not_run
from studio.evaluate.scoring import scored
from studio.events import MEASURED, ContestantScore, Event, Figure, Log, Progress, Score
from studio.generate.contestant import BASE
from studio.language import tr

OVERLAP_KEY, CONTAMINATION_KEY = "training_overlap", "contamination"
_HEADS = ("overlap.words", "overlap.line", "overlap.item", "overlap.text")
_SHOWN = 50
_TEXT = 200


def _overlap(setting: Setting) -> Generator[Event]:
    """Whether each answer shares SHARED words in a row with a training row, and how many at most."""
    rows = setting.training_rows
    if not (setting.golden.items and rows is not None and rows.rows):
        yield not_run(OVERLAP_KEY, _missing(setting))
        return
    yield from _part(rows)
    table = yield from answered(setting)
    items = setting.golden.items
    runs: dict[str, list[SharedRun]] = {who: [] for who in who_answered(table)}
    for number, item in enumerate(items):
        for who, found in runs.items():
            given = (setting.shared_runs.longest(kept.text) for kept in table[item.id][who])
            found.append(max((run for run in given if run), key=lambda run: run.length, default=SharedRun()))
        yield Progress(str(phrase("overlap.searching")), number + 1, len(items))
    clusters, ids = [item.cluster or item.id for item in items], [item.id for item in items]
    lengths = {who: [float(run.length) for run in found] for who, found in runs.items()}
    copied = {who: [float(run.length >= SHARED) for run in found] for who, found in runs.items()}
    for part, unit, values in (("", "share", copied), ("longest", "words", lengths)):
        setting.store.keep_rows(OVERLAP_KEY, part, ids, values, clusters=clusters)
        yield scored(
            OVERLAP_KEY,
            values,
            part=part,
            unit=unit,
            better="neither",
            baseline=setting.baseline,
            clusters=clusters,
        )
    yield from _longest(setting, rows, runs)


def _longest(setting: Setting, rows: TrainingRows, runs: dict[str, list[SharedRun]]) -> Generator[Figure]:
    """The longest runs of each contestant, with the line of the training row."""
    heads = [str(phrase(code)) for code in _HEADS]
    items = setting.golden.items
    for who, of in runs.items():
        found = [(run, item.id) for run, item in zip(of, items, strict=True) if run.length]
        found.sort(key=lambda pair: -pair[0].length)
        listed = [[run.length, rows.lines[run.row], item, run.text[:_TEXT]] for run, item in found[:_SHOWN]]
        if listed:
            title = phrase("overlap.longest_of", who=setting.titles[who])
            yield Figure(OVERLAP_KEY, f"runs-{who}", "table", title, {"heads": heads, "rows": listed})


def _contamination(setting: Setting) -> Generator[Event]:
    """The share of questions that were trained on; of whoever was not trained on these rows it is unknown."""
    rows = setting.training_rows
    if not (setting.golden.items and rows is not None and rows.rows):
        yield not_run(CONTAMINATION_KEY, _missing(setting))
        return
    yield from _part(rows)
    items = setting.golden.items
    found = overlapping([item.prompt for item in items], rows)
    share = len(found) / len(items)
    places = {place for place, _ in found}
    whose = [each.key for each in setting.contestants if each.contestant.kind != BASE]
    kept = {who: [float(place in places) for place in range(len(items))] for who in whose}
    setting.store.keep_rows(CONTAMINATION_KEY, "", [item.id for item in items], kept)
    yield Score(
        CONTAMINATION_KEY,
        state=MEASURED,
        unit="share",
        better="lower",
        count=len(items),
        scores=tuple(ContestantScore(who, share) for who in whose),
    )
    if found:
        yield _held(setting, rows, found)


def _held(setting: Setting, rows: TrainingRows, found: Sequence[tuple[int, SharedRun]]) -> Figure:
    heads = [str(phrase(code)) for code in _HEADS]
    items = setting.golden.items
    listed = [
        [run.length, rows.lines[run.row], items[place].id, run.text[:_TEXT]] for place, run in found[:_SHOWN]
    ]
    title = phrase("overlap.contaminated")
    return Figure(CONTAMINATION_KEY, "questions", "table", title, {"heads": heads, "rows": listed})


def _part(rows: TrainingRows) -> Generator[Log]:
    """Say where not all rows are looked at."""
    if rows.rows < rows.of:
        yield Log(str(phrase("overlap.part", rows=rows.rows, of=rows.of)), "warning")


def _missing(setting: Setting) -> Phrase:
    return phrase("overlap.no_rows") if setting.golden.items else phrase("evaluation.no_golden")


MEASURES = (
    Measure(
        OVERLAP_KEY,
        tr("Training text in answers"),
        tr(
            "The share of answers with 13 words or more in a row that a training row has, and the "
            "longest run."
        ),
        "share",
        "neither",
        "failures",
        ("standard", "full"),
        _overlap,
    ),
    Measure(
        CONTAMINATION_KEY,
        tr("Questions in the training rows"),
        tr("The share of golden questions that a training row holds whole, or 13 words in a row of."),
        "share",
        "lower",
        "failures",
        ("quick", "standard", "full"),
        _contamination,
    ),
)
