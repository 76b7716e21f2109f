"""Sweeps, searches and staged recipes in the terminal: several runs as one job, and the table of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from studio.catalogue import phrase, worded
from studio.cli.options import paths_from, with_options
from studio.cli.results import CommandResult, forecasted
from studio.cli.terminal import StoppedByPerson, console, perform
from studio.errors import RecipeError
from studio.events import SweepProgress
from studio.jobs.base import with_parent
from studio.jobs.search import StageOutcome, outcomes
from studio.jobs.sweep import SweepJob, base_of_sweep, closing
from studio.language import tr
from studio.models.folder import read_config
from studio.models.present import named_model
from studio.paths import model_folder
from studio.recipe.recipe import Recipe, find_field
from studio.recipe.stages import StagedRecipe, read_stages
from studio.recipe.sweep import Over, Sweep, parse_over, short, usual_stages
from studio.runs.store import RunSummary, summarize
from studio.runs.sweeps import SweepFile, SweepMember, find_sweep
from studio.words import duration, loss, memory, visible_line

if TYPE_CHECKING:
    from studio.models.cache import ModelCache

STATES = {
    "goes on": tr("goes on where it stopped"),
    "done": tr("done already"),
    "failed": tr("given up; the sweep goes on"),
}


def asked(
    base: Recipe,
    over: Sequence[str],
    runs: Path,
    name: str,
    guided: bool = False,
    alpha_follows: bool = False,
) -> SweepJob:
    """The sweep that a command line describes. Raises RecipeError."""
    fields: Over = tuple(parse_over(text) for text in over)
    resolved = tuple(
        (path, tuple(map(_model, values)) if path == "model" else values) for path, values in fields
    )
    if guided and not resolved:
        resolved = usual_stages(base, _rate(base))
    return SweepJob(Sweep(base, resolved, guided, alpha_follows), runs, name)


def _rate(recipe: Recipe) -> float:
    """The learning rate that the recipe trains with. Raises ModelError."""
    from studio.train.prepare import peak_rate

    return peak_rate(recipe, read_config(model_folder(recipe.model)))


def stages_in(file: Path, recipe: str, model: str, changes: list[str] | None, runs: Path) -> StagedRecipe:
    """The stages in a recipe file, with what options set for all of them. Raises RecipeError."""
    if recipe:
        raise RecipeError("stages.recipe", file=file)
    stages = read_stages(file)
    return replace(stages, base=with_parent(with_options(stages.base, None, model, changes), runs))


def of_stages(staged: StagedRecipe) -> CommandResult:
    """The forecast of every stage, and of all of them together."""
    members = staged.members()
    recipes = [member.recipe for member in members]
    found = [forecasted(recipe, tuple(recipes[:number])) for number, recipe in enumerate(recipes)]
    each = [result.document for result in found]
    peak = max(one["peak"] for one in each)
    seconds = sum(_seconds(recipe, one) for recipe, one in zip(recipes, each, strict=True))
    document = {
        "stages": [{"name": member.name, **one} for member, one in zip(members, each, strict=True)],
        "peak": peak,
        "fits": all(one["fits"] for one in each),
        "seconds": seconds,
    }
    texts = [
        tr("Stage {name}: {text}\n", name=m.name, text=result.text)
        for m, result in zip(members, found, strict=True)
    ]
    ends = tr(
        "All {count} stages take {memory} at most, and about {duration} here.",
        count=len(members),
        memory=memory(peak),
        duration=duration(seconds),
    )
    return CommandResult(document, "\n".join([*texts, ends]))


def _seconds(recipe: Recipe, forecast: dict[str, Any]) -> float:
    """What a whole run of a recipe is forecast to take."""
    steps = forecast["steps_per_epoch"]
    epochs = recipe.loop.steps / steps if recipe.loop.steps and steps else recipe.loop.epochs
    return float(epochs * forecast["seconds_per_epoch"])


def resumed(runs: Path, name: str) -> SweepJob:
    """The sweep called `name`, to go on with. Raises RunMissing."""
    return SweepJob.again(find_sweep(runs, name))


def carry_out(job: SweepJob, make_cache: Callable[[], ModelCache]) -> SweepFile:
    """Train what is left to train; each member is announced. Raises StoppedByPerson with the way on.

    What is asked for is checked before the model cache is made, which loads MLX.
    """
    file = job.file()
    try:
        for event in perform(job.run_events(make_cache())):
            if isinstance(event, SweepProgress):
                note = f" ({STATES[event.state]})" if event.state in STATES else ""
                place = (tr("{index} of {count}", index=event.index, count=event.count), "bold")
                console.print(Text.assemble(place, visible_line(f": {event.changes}{note}")))
    except StoppedByPerson:
        begun = file.path.exists()
        said = phrase("stopped.stages" if file.staged else "stopped.sweep", name=file.name)
        raise StoppedByPerson(said if begun else "") from None
    return find_sweep(job.runs, file.name)


@dataclass(frozen=True)
class _Row:
    """A member, and its run as it stands."""

    member: SweepMember
    run: RunSummary | None

    @property
    def state(self) -> str:
        return self.run.state if self.run else tr("not begun")

    @property
    def loss(self) -> float:
        return self.run.best_loss if self.run and self.run.best_loss is not None else float("inf")


def of_sweep(file: SweepFile) -> CommandResult:
    """Every member with what sets it apart and what came out, and which is best."""
    runs = [file.run_of(member) for member in file.members]
    word = "stages" if file.staged else "sweep"
    rows = [_Row(m, summarize(run) if run else None) for m, run in zip(file.members, runs, strict=True)]
    found = outcomes(file, base_of_sweep(file)) if file.guided else ()
    best = rows[-1] if file.staged else min(rows, key=lambda row: row.loss)
    best_name = best.member.run if best.loss < float("inf") else None
    document = {
        word: file.name,
        "file": str(file.path),
        **({} if file.staged else {"over": file.over}),
        **({"searched": [_searched(each) for each in found]} if file.guided else {}),
        "members": [_described(row) for row in rows],
        **({} if file.staged else _best(best)),
    }
    lines = [*_table(file, rows, None if file.staged else best_name), "", str(closing(file))]
    if best_name:
        lines.append(tr("Next: studio evaluate {best_name}", best_name=best_name))
    return CommandResult(document, "\n".join(lines))


def _best(best: _Row) -> dict[str, object]:
    told = best.loss < float("inf")
    return {
        "best": best.member.run if told else None,
        "best_validation_loss": best.loss if told else None,
    }


def _described(row: _Row) -> dict[str, object]:
    run = row.run
    return {
        "name": row.member.name,
        "run": row.member.run,
        "folder": str(run.folder) if run else None,
        "changes": row.member.changes,
        "state": row.state,
        "message": row.member.failed or (run.message if run else ""),
        "best_validation_loss": run.best_loss if run else None,
        "best_step": run.best_step if run else None,
        "steps": run.step if run else 0,
        "seconds": round(run.seconds, 2) if run else 0.0,
    }


def _changed(member: SweepMember, path: str) -> str:
    """The value that a member has of a field; nothing of one that a search comes to later."""
    return short(member.changes[path]) if path in member.changes else "-"


def _searched(stage: StageOutcome) -> dict[str, object]:
    return {
        "field": stage.path,
        "kept": stage.kept,
        "loss_before": stage.before,
        "loss_after": stage.after,
        "gain": stage.gain,
        "seconds": round(stage.seconds, 2),
        "tried": [asdict(each) for each in stage.tried],
    }


def _table(file: SweepFile, rows: Sequence[_Row], best: str | None) -> list[str]:
    paths = [] if file.staged else list(file.over if file.guided else file.members[0].changes)
    fields = [find_field(path).title for path in paths]
    heads = ["RUN", *map(str.upper, fields), tr("BEST LOSS"), tr("AT STEP"), "STEPS", "TIME", "STATE"]
    lines = [heads]
    for row in rows:
        run, changes = row.run, [_changed(row.member, path) for path in paths]
        figures = ["-", "-", "-", "-"]
        if run is not None:
            at = "-" if run.best_step is None else f"{run.best_step:,}"
            found = "-" if run.best_loss is None else loss(run.best_loss)
            figures = [
                found,
                at,
                tr("{step:,} of {steps:,}", step=run.step, steps=run.steps),
                duration(run.seconds),
            ]
        mark = "  best" if row.member.run == best else ""
        lines.append([row.member.run, *changes, *figures, f"{worded(row.state)}{mark}"])
    widths = [max(len(line[place]) for line in lines) for place in range(len(heads))]
    last = len(heads) - 1
    return [
        "  ".join(_set(cell, place, widths[place], last) for place, cell in enumerate(line)) for line in lines
    ]


def _set(cell: str, place: int, width: int, last: int) -> str:
    """Names and states stand at the left, figures at the right."""
    if place == last:
        return cell
    return cell.ljust(width) if place == 0 else cell.rjust(width)


def _model(model: str) -> str:
    return named_model(model, paths_from().models)
