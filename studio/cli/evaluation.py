"""`studio evaluate`: what is measured, who competes, and what is printed of it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from textwrap import shorten
from typing import Annotated, Any, Literal

import typer

from studio.catalogue import Unusable, phrase, worded
from studio.cli.options import ChangedBase, Run, from_fields, paths_from, store_from, with_fields
from studio.cli.results import CommandResult
from studio.cli.terminal import StoppedByPerson, perform, report
from studio.errors import RecipeError
from studio.evaluate.options import EvaluationOptions
from studio.evaluate.registry import BY_KEY, GROUPS, title_of
from studio.evaluate.score_text import difference_text, interval_text, value_text
from studio.events import Answered, Evaluated, Figure, Score
from studio.generate.contestant import MODEL, Contestant, contestant_of
from studio.jobs.evaluate import EvaluateJob
from studio.jobs.report import ReportJob, ReportWritten
from studio.jobs.rescore import RescoreJob
from studio.jobs.side_by_side import DifferingRows, LaidBeside, SideBySideJob
from studio.language import tr
from studio.models.present import named_model
from studio.words import counted, visible_line

type Against = Literal["original", "parent"]

_NAMED = 3
"""Rows of a measure that are shown; the document has them all."""


@with_fields(EvaluationOptions, *EvaluationOptions.model_fields)
def evaluate(
    run: Run,
    golden: Annotated[Path | None, typer.Option(help=tr('Lines of {"prompt", "ideal"} to ask.'))] = None,
    base: Annotated[
        Against,
        typer.Option(help=tr("Compare with the model itself, or with the run that this one goes on from.")),
    ] = "original",
    with_: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="WHO",
            help=tr(
                "Who competes beside base and tuned: tuned@STEP, tuned*STRENGTH, run:NAME, model:FOLDER, "
                "server:ADDRESS#MODEL; with +system_prompt, +few_shot or +retrieval behind one that is no "
                "server, asked in that way."
            ),
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="RUN",
            help=tr("Lay it beside the newest evaluation of this run, row by row, when it is done."),
        ),
    ] = None,
    rescore: Annotated[
        str,
        typer.Option(
            metavar="SCORERS",
            help=tr(
                "Score the answers of the newest evaluation anew, as you ruled, without asking: by these "
                "scorers, as in 'contains, not-json', by the 'same' as before, or by the golden set's 'own'."
            ),
        ),
    ] = "",
    changed_base: ChangedBase = False,
    **chosen: Any,
) -> None:
    """Compare the tuned model with its base; what was cut off is gone on with."""
    from studio.models.cache import ModelCache

    chosen |= {name: tuple(chosen[name] or ()) for name in ("measures", "rubrics", "tasks", "documents")}
    options = from_fields(EvaluationOptions, chosen, RecipeError)
    more = tuple(map(_contestant, with_ or ()))
    folder = store_from().find(run)
    other = SideBySideJob(folder, store_from().find(against)) if against else None
    if other is not None:
        other.check()
    job = (
        RescoreJob(folder, rescore, judge=options.judge, judge_model=options.judge_model)
        if rescore
        else EvaluateJob(folder, golden, changed_base, base, options, more)
    )
    model_cache = ModelCache()
    try:
        with model_cache.at_work():
            told = perform(job.run_events(model_cache))
            events = [event for event in told if isinstance(event, Answered | Figure | Evaluated)]
    except StoppedByPerson:
        raise StoppedByPerson(phrase("stopped.evaluation")) from None
    answers = [event for event in events if isinstance(event, Answered)]
    figures = [event for event in events if isinstance(event, Figure)]
    for result in (event for event in events if isinstance(event, Evaluated)):
        found = of_evaluation(result, answers, figures)
        if other is not None:
            found = with_the_other(found, other)
        report(found.document, found.text)


def write_report(
    run: Run,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FOLDER", help=tr("Write it here instead of into the run."))
    ] = None,
) -> None:
    """Write the newest evaluation as HTML, Markdown, PDF and JSON, to be read, printed and published."""
    job = ReportJob(store_from().find(run), target=to)
    written = [event for event in job.run_events(None) if isinstance(event, ReportWritten)]
    files = sorted(str(path) for path in written[-1].folder.iterdir() if path.is_file())
    report({"folder": str(written[-1].folder), "files": files}, "\n".join(files))


def _contestant(key: str) -> Contestant:
    """The contestant of a key, in which a model on this machine may be named as it is listed."""
    try:
        found = contestant_of(key)
    except Unusable as error:
        raise RecipeError(error.phrase) from error
    if found.kind != MODEL or Path(found.model).expanduser().exists():
        return found
    return found.model_copy(update={"model": named_model(found.model, paths_from().models)})


def of_evaluation(
    result: Evaluated, answers: list[Answered], figures: list[Figure] | None = None
) -> CommandResult:
    """A comparison of base and tuned."""
    document = {
        **asdict(result),
        "headline": str(result.headline),
        "verdict": [str(each) for each in result.verdict],
        "scores": [_plain(score) for score in result.scores],
        "answers": [asdict(answer) for answer in sorted(answers, key=lambda each: (each.task, each.index))],
        "figures": [{**asdict(figure), "title": str(figure.title)} for figure in figures or ()],
    }
    titles = dict(result.contestants)
    lines = [str(result.headline), *map(str, result.verdict), ""]
    for key, heading in GROUPS.items():
        scores = [each for each in result.scores if _group(each) == key]
        lines += (
            [heading, *(line for score in scores for line in _lines(score, titles)), ""] if scores else []
        )
    lines.append(tr("On {golden}, in {seconds:.0f} s.", golden=result.golden, seconds=result.seconds))
    return CommandResult(document, "\n".join(lines))


def with_the_other(found: CommandResult, job: SideBySideJob) -> CommandResult:
    """The result, and the two evaluations side by side."""
    (laid,) = (event for event in perform(job.run_events()) if isinstance(event, LaidBeside))
    document = {
        **asdict(laid),
        "headline": str(laid.headline),
        "verdict": [str(each) for each in laid.verdict],
        "scores": [_plain(score) for score in laid.scores],
    }
    titles = dict(laid.contestants)
    that, this = titles.values()
    lines = [f"{that} → {this}", str(laid.headline), *map(str, laid.verdict), ""]
    lines += [line for score in laid.scores for line in _lines(score, titles)]
    lines += ["", *(line for rows in laid.rows for line in _worse(rows, dict(laid.asked)))]
    return CommandResult({**found.document, "beside": document}, "\n".join([found.text, "", *lines]).rstrip())


def _worse(rows: DifferingRows, asked: dict[str, str]) -> list[str]:
    """How many rows of a measure got better and worse, and what those ask that got worse most."""
    if not rows.worse:
        return []
    better, worse = counted(len(rows.better), "row"), f"{len(rows.worse):,}"
    told = tr(
        "  {title_of}: {better} better, {worse} worse",
        title_of=title_of(rows.measure, rows.part),
        better=better,
        worse=worse,
    )
    questions = [asked[each] for each in rows.worse if each in asked][:_NAMED]
    return [told, *(f"    {shorten(visible_line(each), 100, placeholder=' …')}" for each in questions)]


def _group(score: Score) -> str:
    return BY_KEY[score.measure].group if score.measure in BY_KEY else "answers"


def _plain(score: Score) -> dict[str, Any]:
    differences = [{**asdict(each), "direction": score.direction(each)} for each in score.differences]
    return {**asdict(score), "reason": str(score.reason), "differences": differences}


def _lines(score: Score, titles: dict[str, str]) -> list[str]:
    name = f"  {title_of(score.measure, score.part):40}"
    if not score.scores:
        return [f"{name} {score.state.replace('_', ' ')}: {score.reason}"]
    base = value_text(score.scores[0].value, score.unit)
    more = list(titles)[1:] if len(titles) > 2 else []
    absent = [titles[who] for who in more if score.of(who) is None]
    if not score.differences:
        values = (
            f"{titles.get(e.contestant, e.contestant)} {value_text(e.value, score.unit)}"
            for e in score.scores
        )
        return [f"{name} {', '.join((*values, *(f'{who} —' for who in absent)))}"]
    lines, several = [], len(score.differences) > 1 or bool(absent)
    for difference in score.differences:
        value = value_text(score.of(difference.contestant), score.unit)
        moved = difference_text(difference.value, score.unit)
        verdict = score.direction(difference) if score.state == "measured" else worded(score.state)
        who = f"  {_who(difference.contestant, titles)}" if several else ""
        interval = interval_text(difference, score.unit)
        lines.append(f"{name} {base:>8} → {value:>8}   {moved} ({interval})  {verdict}{who}")
    return [*lines, *(f"{name} {base:>8} → {'—':>8}   {who}" for who in absent)]


def _who(contestant: str, titles: dict[str, str]) -> str:
    """What a contestant is called: also one that competes in a single measure only."""
    return titles.get(contestant) or contestant_of(contestant).title
