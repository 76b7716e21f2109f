"""`studio sweep`: a grid of runs in the terminal, and the table that they end in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from studio.catalogue import phrase
from studio.cli.results import CommandResult
from studio.cli.terminal import StoppedByPerson, console, perform
from studio.events import SweepProgress
from studio.jobs.sweep import SweepJob, closing
from studio.recipe.recipe import Recipe, find_field
from studio.recipe.sweep import Over, Sweep, parse_over, short
from studio.runs.store import RunSummary, summarize
from studio.runs.sweeps import SweepFile, SweepMember, find_sweep
from studio.words import duration, loss, visible_line

if TYPE_CHECKING:
    from studio.models.cache import ModelCache

STATES = {
    "goes on": "goes on where it stopped",
    "done": "done already",
    "failed": "given up; the sweep goes on",
}


def asked(base: Recipe, over: Sequence[str], runs: Path, name: str) -> SweepJob:
    """The sweep that a command line describes. Raises RecipeError."""
    fields: Over = tuple(parse_over(text) for text in over)
    resolved = tuple(
        (path, tuple(map(_model, values)) if path == "model" else values) for path, values in fields
    )
    return SweepJob(Sweep(base, resolved), runs, name)


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
                place = (f"{event.index} of {event.count}", "bold")
                console.print(Text.assemble(place, visible_line(f": {event.changes}{note}")))
    except StoppedByPerson:
        begun = file.path.exists()
        raise StoppedByPerson(phrase("stopped.sweep", name=file.name) if begun else "") from None
    return find_sweep(job.runs, file.name)


@dataclass(frozen=True)
class _Row:
    """A member, and its run as it stands."""

    member: SweepMember
    run: RunSummary | None

    @property
    def state(self) -> str:
        return self.run.state if self.run else "not begun"

    @property
    def loss(self) -> float:
        return self.run.best_loss if self.run and self.run.best_loss is not None else float("inf")


def of_sweep(file: SweepFile) -> CommandResult:
    """Every member with what sets it apart and what came out, and which is best."""
    runs = [file.run_of(member) for member in file.members]
    rows = [_Row(m, summarize(run) if run else None) for m, run in zip(file.members, runs, strict=True)]
    best = min(rows, key=lambda row: row.loss)
    best_name = best.member.run if best.loss < float("inf") else None
    document = {
        "sweep": file.name,
        "file": str(file.path),
        "over": file.over,
        "members": [_described(row) for row in rows],
        "best": best_name,
        "best_validation_loss": best.loss if best_name else None,
    }
    lines = [*_table(file, rows, best_name), "", str(closing(file))]
    if best_name:
        lines.append(f"Next: studio evaluate {best_name}")
    return CommandResult(document, "\n".join(lines))


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


def _table(file: SweepFile, rows: Sequence[_Row], best: str | None) -> list[str]:
    fields = [find_field(path).title for path in file.members[0].changes]
    heads = ["RUN", *map(str.upper, fields), "BEST LOSS", "AT STEP", "STEPS", "TIME", "STATE"]
    lines = [heads]
    for row in rows:
        run, changes = row.run, [short(value) for value in row.member.changes.values()]
        figures = ["-", "-", "-", "-"]
        if run is not None:
            at = "-" if run.best_step is None else f"{run.best_step:,}"
            found = "-" if run.best_loss is None else loss(run.best_loss)
            figures = [found, at, f"{run.step:,} of {run.steps:,}", duration(run.seconds)]
        mark = "  best" if row.member.run == best else ""
        lines.append([row.member.run, *changes, *figures, f"{row.state}{mark}"])
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
    return model if model == "starter" else str(Path(model).expanduser().resolve())
