"""What each command says at its end: one document for programs, and the same in words for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from studio import words
from studio.cli.terminal import perform
from studio.dataset.library import LibraryEntry
from studio.dataset.rows import LineMap
from studio.events import (
    AnswerEnded,
    DatasetRead,
    Forecasted,
    Prepared,
    Problem,
    Validated,
)
from studio.generate.sampling import Sampling
from studio.jobs.forecast import Examples, ForecastJob
from studio.jobs.read import DatasetJob
from studio.language import tr
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.runs.history import history_of
from studio.runs.store import RunSummary, summarize
from studio.train.dataset_cache import DatasetCache
from studio.words import counted

_WORDS = {"error": tr("cannot train"), "warning": tr("with a warning")}


@dataclass(frozen=True)
class CommandResult:
    """The outcome of a command."""

    document: Any
    text: str


def of_run(run: RunFolder) -> CommandResult:
    """A run that was just trained."""
    history, summary = history_of(run), summarize(run)
    validated, last = history.all_of(Validated), history.last_step
    prepared = history.all_of(Prepared)[-1]
    seconds = last.seconds if last else 0.0
    document = {
        "run": run.name,
        "folder": str(run.path),
        "state": summary.state,
        "steps": summary.step,
        "seconds": round(seconds, 2),
        "trainable_parameters": prepared.trainable_parameters,
        "total_parameters": prepared.total_parameters,
        "learning_rate": prepared.learning_rate,
        "first_validation_loss": validated[0].loss if validated else None,
        "best_validation_loss": summary.best_loss,
        "best_step": summary.best_step,
        "last_loss": last.loss if last else None,
        "tokens_per_second": round(float(history.column("tokens").sum()) / seconds) if seconds else None,
        "peak_memory_bytes": int(history.column("memory_peak").max()) if last else None,
        "adapter": str(run.adapter),
    }
    text = tr(
        "{message} {step} steps in {seconds:.0f} s.\nNext: studio evaluate {name}",
        message=summary.message,
        step=summary.step,
        seconds=seconds,
        name=run.name,
    )
    return CommandResult(document, text)


def of_answers(prompt: str, answers: Sequence[AnswerEnded], sampling: Sampling) -> CommandResult:
    """Answers to one prompt."""
    document = {"prompt": prompt, "sampling": sampling.model_dump(), "answers": told_answers(answers)}
    return CommandResult(document, answers_in_words(answers))


def told_answers(answers: Sequence[AnswerEnded]) -> dict[str, Any]:
    """Answers by who gave them; their tokens are left out, and calls where there are none."""
    return {
        answer.who: {
            name: value
            for name, value in asdict(answer).items()
            if name not in ("who", "ids") and (name != "calls" or value)
        }
        for answer in answers
    }


def answers_in_words(answers: Sequence[AnswerEnded]) -> str:
    """The answer, or each behind who gave it."""
    if len(answers) == 1:
        return answers[0].text.strip()
    width = max(6, *(len(each.who) for each in answers))
    order = sorted(answers, key=lambda each: each.who)
    return "\n".join(f"{each.who:{width}} {each.text.strip()}" for each in order)


def of_dataset(read: DatasetRead) -> CommandResult:
    """A dataset as a run would read it."""
    splits = Counter(row.split for row in read.rows)
    splits["golden"] = read.golden
    lengths = sorted(row.tokens for row in read.rows)
    trained = sum(row.trained for row in read.rows)
    document = {
        "path": read.path,
        "format": read.format,
        "template": read.template,
        "examples": len(read.rows),
        "rows": sum(max(1, len(row.rows)) for row in read.rows),
        "splits": {part: count for part, count in splits.items() if count},
        "tokens": {
            "total": sum(lengths),
            "trained": trained,
            "median": lengths[len(lengths) // 2] if lengths else 0,
            "longest": lengths[-1] if lengths else 0,
        },
        "cut": sum(row.cut > 0 for row in read.rows),
        "problems": [problem.plain() for problem in read.problems],
        "fingerprint": read.fingerprint,
    }
    shares = ", ".join(
        f"{splits[name]} {name}" for name in ("train", "validation", "test", "golden") if splits[name]
    )
    lines = [
        tr(
            "{name}: {counted}, {format} format ({shares}).",
            name=read.name,
            counted=counted(len(read.rows), "example"),
            format=read.format,
            shares=shares,
        ),
        tr(
            "As text with {template}: {count:,} tokens, {trained:,} of them trained.",
            template=read.template,
            count=sum(lengths),
            trained=trained,
        ),
    ]
    lines.append(_trouble(read.problems))
    places = LineMap(read.files)
    lines += [
        f"  {places.words(p.line) if p.line else p.file or read.name}: {p.reason}" for p in read.problems
    ]
    return CommandResult(document, "\n".join(lines))


def _trouble(problems: Sequence[Problem]) -> str:
    """How many rows cannot train, how many train with a warning, and how much is wrong with whole files."""
    rows = {
        severity: len({p.line for p in problems if p.line and p.severity == severity}) for severity in _WORDS
    }
    parts = [
        f"{counted(rows[severity], 'row')} {words}" for severity, words in _WORDS.items() if rows[severity]
    ]
    if whole := sum(not p.line for p in problems):
        parts.append(
            tr(
                "{counted} on {words}",
                counted=counted(whole, "remark"),
                words="the file" if whole == 1 else "files",
            )
        )
    return f"{'; '.join(parts)}." if parts else tr("Every row can train.")


def of_runs(summaries: Sequence[RunSummary], damaged_sweeps: Sequence[str] = ()) -> CommandResult:
    """The list of runs, and why sweeps among them cannot be read."""
    document = [{**asdict(s), "folder": str(s.folder), "created": s.created.isoformat()} for s in summaries]
    if not summaries:
        none = tr("No runs yet. `studio demo` makes one from the sample.")
        return CommandResult(document, "\n".join((none, *damaged_sweeps)))
    rows = [
        tr(
            "{value:32} {value2:12} {value3:>11} {value4:>10}  EXACT MATCH",
            value="RUN",
            value2="STATE",
            value3="STEPS",
            value4="BEST LOSS",
        )
    ]
    for s in summaries:
        loss = f"{s.best_loss:.3f}" if s.best_loss is not None else "-"
        exact = (
            "-"
            if s.base_exact is None or s.tuned_exact is None
            else f"{s.base_exact:.0%} → {s.tuned_exact:.0%}"
        )
        of = tr("  stage {stage} of {sweep}", stage=s.stage, sweep=s.sweep) if s.stage else ""
        of += tr("  goes on from {parent}", parent=s.parent) if s.parent else ""
        rows.append(f"{s.name:32} {s.state:12} {f'{s.step}/{s.steps}':>11} {loss:>10}  {exact}{of}")
    rows += [tr("{name} is damaged: {damage}", name=s.name, damage=s.damage) for s in summaries if s.damage]
    rows += damaged_sweeps
    return CommandResult(document, "\n".join(rows))


def of_library(entries: Sequence[LibraryEntry]) -> CommandResult:
    """The datasets that are known."""
    document = [{**asdict(entry), "name": entry.name} for entry in entries]
    if not entries:
        return CommandResult(
            document, tr("No dataset is known yet: those that are opened or saved are listed.")
        )
    rows = [
        tr(
            "{value:>10} {value2:>9} {value3:>5} {value4:>4}  {value5:18} DATASET",
            value="ROWS",
            value2="SIZE",
            value3="STEPS",
            value4="RUNS",
            value5="KIND",
        )
    ]
    for entry in entries:
        figures = f"{entry.rows:>10,} {words.file_size(entry.bytes):>9} {entry.steps:>5} {len(entry.runs):>4}"
        missing = "" if entry.is_there else "  (missing)"
        rows.append(f"{figures}  {entry.format or '-':18} {entry.path}{missing}")
    return CommandResult(document, "\n".join(rows))


def forecasted(recipe: Recipe, before: tuple[Recipe, ...] = ()) -> CommandResult:
    """The forecast of a recipe; its dataset is read first where it names one.

    `before` are the stages that it goes on from.
    """
    examples, remarks = None, []
    if recipe.data.path:
        for event in perform(DatasetJob(recipe).run_events(DatasetCache())):
            if isinstance(event, DatasetRead):
                examples = Examples.of(event.rows)
                remarks = [f"{problem.reason}." for problem in event.problems if not problem.line]
    found = [
        e
        for e in perform(ForecastJob(recipe, examples, before=before).run_events(None))
        if isinstance(e, Forecasted)
    ]
    return of_forecast(found[-1], examples, remarks)


def of_forecast(
    forecast: Forecasted, examples: Examples | None = None, remarks: Sequence[str] = ()
) -> CommandResult:
    """A forecast as a document and as a table, with what is to be said of the dataset as a whole.

    `trained_share` is of the model with its adapter.
    """
    together = forecast.adapted_parameters or forecast.total_parameters
    share = forecast.trainable_parameters / max(1, together)
    added = {
        "trained_share": share,
        "remarks": [*map(str, forecast.remarks), *remarks],
        "changes": list(map(str, forecast.changes)),
    }
    read = {"examples": examples.count, "rows": len(examples.tokens)} if examples else {}
    text = "\n".join((*_lines(forecast, examples), *remarks))
    return CommandResult({**asdict(forecast), **added, **read}, text)


def _lines(forecast: Forecasted, examples: Examples | None) -> Iterator[str]:
    trains, total = forecast.trainable_parameters, forecast.total_parameters
    yield words.trained(trains, total, forecast.adapted_parameters)
    yield from map(str, forecast.remarks)
    yield ""
    for name, size in (
        (tr("Weights"), forecast.weights),
        (tr("Adapters"), forecast.adapters),
        (tr("Optimizer"), forecast.optimizer),
        (tr("Activations"), forecast.activations),
        (tr("Head"), forecast.head),
        (tr("Peak"), forecast.peak),
        (tr("This machine"), forecast.limit),
    ):
        yield f"  {name:14} {words.memory(size):>10}"
    yield ""
    yield tr("It fits.") if forecast.fits else tr("It does not fit into this machine's memory.")
    if forecast.changes:
        yield tr("This makes it fit:") if len(forecast.changes) == 1 else tr("Any one of these makes it fit:")
        yield from (f"  {change}" for change in forecast.changes)
    elif not forecast.fits:
        yield tr("Nothing in the recipe would make it fit: choose a smaller model.")
    if forecast.seconds_per_epoch:
        steps = tr("{steps_per_epoch:,.0f} steps", steps_per_epoch=forecast.steps_per_epoch)
        if examples and len(examples.tokens) > examples.count:
            rows = words.counted(len(examples.tokens), "row")
            steps += tr(" ({rows} of {counted})", rows=rows, counted=words.counted(examples.count, "example"))
        yield tr(
            "An epoch is {steps} and takes about {duration} here.",
            steps=steps,
            duration=words.duration(forecast.seconds_per_epoch),
        )
    else:
        yield tr("For an estimate of the time name a dataset with --data.")
