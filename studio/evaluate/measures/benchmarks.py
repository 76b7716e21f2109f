"""Benchmarks of the field: every contestant asked the same, and compared row by row."""

from __future__ import annotations

import hashlib
import math
import shlex
import sys
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.catalogue import phrase
from studio.errors import DataError
from studio.evaluate.benchmarks.named import installed
from studio.evaluate.measure import Measure, Setting
from studio.evaluate.measures.nothing import not_run
from studio.evaluate.scoring import scored
from studio.events import Event, Figure, Log, Progress, Score
from studio.language import tr

if TYPE_CHECKING:
    from studio.evaluate.benchmarks.harness import RowValues
    from studio.evaluate.benchmarks.tasks import LoadedTask

KEY = "benchmarks"
_PERPLEXITIES = {"word_perplexity": "nats", "byte_perplexity": "nats", "bits_per_byte": "bits"}
"""What a task makes of log p and the words or bytes of a text, and the unit in which it is compared."""


def _benchmarks(setting: Setting) -> Generator[Event]:
    if not setting.options.tasks:
        yield not_run(KEY, phrase("benchmark.none_named"))
        return
    if not installed():
        command = f"{shlex.quote(sys.executable)} -m pip install 'lm-eval>=0.4.13'"
        yield not_run(KEY, phrase("benchmark.not_installed", command=command))
        return
    lines: list[list[Any]] = []
    for asked in setting.options.tasks:
        try:
            yield from _task(setting, asked, lines)
        except DataError as error:
            yield not_run(KEY, error.said, Path(asked).name)
    if lines:
        titles = [each.title for each in setting.contestants]
        heads = [
            tr("Task"),
            tr("Metric"),
            tr("Filter"),
            tr("Shots"),
            tr("Template"),
            tr("Version"),
            tr("Rows"),
            *titles,
        ]
        yield Figure(
            KEY, "tasks", "table", tr("Benchmarks as they were asked"), {"heads": heads, "rows": lines}
        )


def _task(setting: Setting, asked: str, lines: list[list[Any]]) -> Generator[Event]:
    """A task, or all parts of a group together; `lines` gets what each was asked with and what it found."""
    from studio.evaluate.benchmarks.rows import RowSource
    from studio.evaluate.benchmarks.tasks import load_tasks

    options = setting.options
    folder = Path(options.benchmark_rows).expanduser() if options.benchmark_rows else None
    source = RowSource(folder, options.download)
    loading = load_tasks([asked], source, options.usual_shots, own_code=options.task_code)
    tasks = yield from _progress(loading, tr("Reading benchmark rows"))
    found: dict[str, list[RowValues]] = {}
    for task in tasks:
        found[task.name] = yield from _answered(setting, task)
        lines += _lines(setting, task, found[task.name])
    yield from _scores(setting, tasks, found)


def _progress[T](loading: Generator[str, None, T], what: str) -> Generator[Event, None, T]:
    count = 0
    while True:
        try:
            name = next(loading)
        except StopIteration as end:
            result: T = end.value
            return result
        count += 1
        yield Progress(f"{what}: {name}", count)


def _answered(setting: Setting, task: LoadedTask) -> Generator[Event, None, list[RowValues]]:
    """What the task says of each contestant's replies, in their order."""
    from studio.evaluate.benchmarks.harness import TaskRequests, asking
    from studio.evaluate.benchmarks.replies import ReplyBook

    requests = TaskRequests(task, setting.options.limit, setting.options.chat_template)
    found: list[RowValues] = []
    for number, contestant in enumerate(setting.contestants):
        name = hashlib.sha256(f"{contestant.key} {contestant.fingerprint}".encode()).hexdigest()[:16]
        book = ReplyBook.at(setting.store.folder / "benchmarks" / f"{name}.jsonl")
        steps = asking(requests, contestant, book)
        while True:
            try:
                done, total = next(steps)
            except StopIteration as end:
                found.append(end.value)
                break
            yield Progress(
                f"{task.name}: {contestant.title}", number * total + done, len(setting.contestants) * total
            )
    return found


def _lines(setting: Setting, task: LoadedTask, found: Sequence[RowValues]) -> list[list[Any]]:
    """A line of the table for each metric: what it was asked with, and what the task itself makes of it."""
    template = "chat" if setting.options.chat_template else "plain"
    lines = []
    for (metric, name), rows in found[0].items():
        reached = [_total(task, metric, each[metric, name]) for each in found]
        shown = "" if name == "none" else name
        lines.append([task.name, metric, shown, task.shots, template, task.version, len(rows), *reached])
    return lines


def _total(task: LoadedTask, metric: str, rows: Mapping[int, Any]) -> Any:
    """A metric of all rows as the harness adds it up."""
    total = task.task.aggregation().get(metric, lambda values: sum(values) / len(values))([*rows.values()])
    return round(float(total), 4) if isinstance(total, int | float) else str(total)


def _scores(
    setting: Setting, tasks: Sequence[LoadedTask], found: Mapping[str, Sequence[RowValues]]
) -> Generator[Event]:
    """A score for each metric and filter, over the rows of all the tasks that have it."""
    named = dict.fromkeys(key for by_contestant in found.values() for key in by_contestant[0])
    for metric, name in named:
        having = [task for task in tasks if (metric, name) in found[task.name][0]]
        part = f"{having[0].asked} {metric}" + (f" {name}" if name not in ("none", "take_first") else "")
        ids = [f"{task.name}/{row}" for task in having for row in found[task.name][0][metric, name]]
        values = {
            each.key: [value for task in having for value in found[task.name][number][metric, name].values()]
            for number, each in enumerate(setting.contestants)
        }
        higher = bool(having[0].task.higher_is_better().get(metric, True))
        score = _score(setting, part, metric, values, higher=higher)
        if score is None:
            yield Log(str(phrase("benchmark.no_difference", metric=metric, task=having[0].asked)))
            continue
        if score.unit not in _PERPLEXITIES.values():
            setting.store.keep_rows(KEY, part, ids, values)
        yield score


def _score(
    setting: Setting, part: str, metric: str, values: Mapping[str, Sequence[Any]], *, higher: bool
) -> Score | None:
    """The score of a metric; None for one that is of all rows together, such as F1, and of no single row."""
    if metric in _PERPLEXITIES:
        weights = [pair[1] for pair in values[setting.baseline]]
        scale = math.log(2) if _PERPLEXITIES[metric] == "bits" else 1.0
        sums = {who: [-pair[0] / scale for pair in pairs] for who, pairs in values.items()}
        unit = _PERPLEXITIES[metric]
        return scored(
            KEY, sums, unit=unit, better="lower", part=part, weights=weights, baseline=setting.baseline
        )
    if not all(isinstance(value, int | float) for each in values.values() for value in each):
        return None
    inside = all(0 <= value <= 1 for each in values.values() for value in each)
    better = "higher" if higher else "lower"
    unit = "share" if inside else "score"
    return scored(KEY, values, unit=unit, better=better, part=part, baseline=setting.baseline)


MEASURES = (
    Measure(
        KEY,
        tr("Benchmarks"),
        tr(
            "Tasks of lm-evaluation-harness such as MMLU and GSM8K, with the same prompts for "
            "every contestant."
        ),
        "share",
        "higher",
        "benchmarks",
        ("full",),
        _benchmarks,
        cost=True,
    ),
)
