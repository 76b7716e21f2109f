"""The commands. Each does a job of `studio.jobs` and prints what came out; `--json` prints one document."""

from __future__ import annotations

import logging
import shlex
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from studio import __version__
from studio.catalogue import Said, phrase
from studio.cli import results
from studio.cli.chat import register as register_chat
from studio.cli.data import app as data_app
from studio.cli.evaluation import evaluate, write_report
from studio.cli.export import register as register_exports
from studio.cli.models import app as models_app
from studio.cli.online import register as register_online
from studio.cli.options import (
    ChangedBase,
    Data,
    Model,
    RecipeFile,
    Run,
    Set,
    described_fields,
    paths_from,
    recipe_from,
    store_from,
)
from studio.cli.parser import Group, StudioCommand
from studio.cli.selftest import register as register_selftest
from studio.cli.serve import register as register_server
from studio.cli.terminal import PAUSED, STOPPED, StoppedByPerson, asked, console, perform, report
from studio.dataset.read.mapping import UnknownColumns
from studio.errors import DiskLow, PeerLost, RecipeError, StudioError
from studio.failures import hints_for
from studio.jobs.job import said_of
from studio.jobs.sweep import SweepJob
from studio.jobs.train import ResumeJob, TrainJob
from studio.language import tr
from studio.process import rank, secrets
from studio.recipe.stages import has_stages
from studio.runs.folder import RunFolder
from studio.runs.old_checkpoints import delete_old_checkpoints, find_old_checkpoints
from studio.runs.sweeps import SweepFile, damaged_sweeps, sweeps
from studio.words import counted, file_size, redacted

_LEARNING = {"train", "resume", "sweep", "demo"}
"""Commands whose work a stop only interrupts."""

_NOTHING = phrase("stopped.nothing")

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=tr("Fine-tune language models on this Mac. Without a command: open the window, with DATA if named."),
)
app.add_typer(data_app, name="data")
app.add_typer(models_app, name="models")
register_online(models_app)


def run(arguments: list[str]) -> int:
    """Carry out a command line; returns 0 done, 1 failed, 2 bad request, 3 paused, 130 stopped by Ctrl-C.

    With --json stdout has one document, also where something fails: then its "error" says what.
    """
    if "--debug" not in arguments:
        logging.disable(logging.WARNING)
    asked.recipe, asked.run = None, ""
    try:
        result = app(arguments, prog_name="studio", standalone_mode=False)
    except StoppedByPerson as stopped:
        sentence_ = str(stopped) or str(
            phrase("stopped.learned" if _LEARNING & set(arguments) else "stopped")
        )
        console.print(sentence_)
        return _failed(sentence_, STOPPED)
    except PeerLost as error:
        if rank() == 0:  # of the others' end somebody has told already
            _complain(str(error))
        return _failed(str(error), 1, error.code)
    except StudioError as error:
        message = _with_remedy(error)
        _complain(message)
        status = PAUSED if isinstance(error, DiskLow) else 2 if error.bad_request else 1
        return _failed(message, status, error.code, _hint(error.said))
    except typer.Exit as leaving:
        return leaving.exit_code
    except Exception as error:  # noqa: BLE001  # the last resort: every failure is one sentence for the person
        if hasattr(error, "format_message"):  # a command line that does not parse
            asked.as_json, asked.debug = "--json" in arguments, "--debug" in arguments
            message = tr(
                "{format_message} `studio --help` shows what there is.", format_message=error.format_message()
            )
            _complain(message)
            return _failed(message, 2)
        said = said_of(error)
        _complain(str(said))
        return _failed(str(said), 1, said.code, _hint(said))
    return result if isinstance(result, int) else 0


def _hint(said: Said) -> str:
    """What helps, as it is typed, printed behind the failure; nothing where there is nothing."""
    hints = str(hints_for(said, asked.recipe, asked.run) or "")
    if hints and rank() == 0:
        console.print(hints, style="dim", soft_wrap=True)
    return hints


def _failed(sentence: str, status: int, code: str = "", hint: str = "") -> int:
    """Print the one document of a command that failed, where one was asked for. Returns the exit code."""
    if asked.as_json and rank() == 0:
        coded = {name: said for name, said in (("code", code), ("hint", hint)) if said}
        report({"error": redacted(sentence, *secrets()), **coded, "exit_code": status}, "")
    return status


def _with_remedy(error: StudioError) -> str:
    """The error's sentence, and what of its remedy has another name here than in the window."""
    if not isinstance(error, UnknownColumns):
        return str(error)
    written = error.guess.written or tr("prompt=COLUMN, answer=COLUMN")
    command = f"--set {shlex.quote(f'data.columns={written}')}."
    return str(phrase("command.here", reason=error.said, command=command))


def _complain(sentence: str) -> None:
    console.quiet = False  # an error is told by every process
    if asked.debug:
        console.print(redacted(traceback.format_exc(), *secrets()))
    console.print(redacted(sentence, *secrets()), style="red", soft_wrap=True)


@app.callback(invoke_without_command=True)
def version(
    context: typer.Context,
    show: Annotated[bool, typer.Option("--version", help=tr("Print the version."))] = False,
) -> None:
    """Without a command the window opens; see `studio COMMAND --help` for each job."""
    if show:
        report({"version": __version__}, __version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        raise RecipeError("command.no_json")


@app.command(cls=StudioCommand, epilog=described_fields())
def train(
    data: Data,
    model: Model = "",
    recipe: RecipeFile = "",
    set_: Set = None,
    name: Annotated[str, typer.Option(help=tr("What to call the run."))] = "",
) -> None:
    """Fine-tune a model on a dataset, in a new run; or carry out a recipe file in stages, named as DATA."""
    if has_stages(data):
        from studio.cli.sweep import stages_in

        runs = paths_from().runs
        _sweep(SweepJob(stages_in(data, recipe, model, set_, runs), runs, name or data.stem))
        return
    asked = recipe_from(data, model, set_, recipe)
    folder = _train(TrainJob(asked, paths_from().runs, name))
    if folder is not None:  # the first process reports
        _report(results.of_run(folder))


@app.command(cls=StudioCommand)
def resume(
    run: Run,
    changed_base: ChangedBase = False,
) -> None:
    """Go on with a stopped run, exactly where it was; or with the stages of a recipe, by their name."""
    if rank() == 0 and (file := _stages_called(run)) is not None:
        _sweep(replace(SweepJob.again(file), changed_base=changed_base))
        return
    # Of several processes only the first needs the run on its disk.
    found = store_from().find(run) if rank() == 0 else RunFolder(Path(run))
    folder = _train(ResumeJob(found, changed_base))
    if folder is not None:
        _report(results.of_run(folder))


@app.command(cls=StudioCommand)
def sweep(
    data: Annotated[Path | None, typer.Argument(metavar="DATA", help=tr("A dataset, as for train."))] = None,
    over: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=VALUE,VALUE",
            help=tr(
                "A field and its values; several make a grid. A value with a comma goes in quotes: "
                """'targets=all,"q_proj,v_proj"'."""
            ),
        ),
    ] = None,
    model: Model = "",
    recipe: RecipeFile = "",
    set_: Set = None,
    name: Annotated[str, typer.Option(help=tr("What to call the sweep."))] = "",
    guided: Annotated[
        bool,
        typer.Option(
            "--guided",
            help=tr(
                "Search: one field after the other, each time with the best value of those before. Without "
                "--over: learning rate, rank, batch and epochs, with values around the recipe's."
            ),
        ),
    ] = False,
    alpha_follows: Annotated[
        bool, typer.Option("--alpha-follows", help=tr("Keep Alpha as many times Rank as in the recipe."))
    ] = False,
    resume: Annotated[str, typer.Option(metavar="NAME", help=tr("Resume a sweep that was stopped."))] = "",
    changed_base: ChangedBase = False,
) -> None:
    """Train one run for each combination of values, or search stage by stage.

    Asked for again, it goes on where it stopped.
    """
    from studio.cli.sweep import asked, resumed

    runs = paths_from().runs
    if resume:
        job = resumed(runs, resume)
    elif data is None:
        raise RecipeError("command.no_sweep")
    else:
        job = asked(recipe_from(data, model, set_, recipe), over or [], runs, name, guided, alpha_follows)
    _sweep(replace(job, changed_base=changed_base))


app.command(cls=StudioCommand)(evaluate)
app.command("report", cls=StudioCommand)(write_report)
register_exports(app)
register_server(app)
register_chat(app)


@app.command(cls=StudioCommand)
def forecast(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help=tr('A folder with config.json, or "starter"; or a recipe file in stages.')
        ),
    ],
    data: Annotated[Path | None, typer.Option(help=tr("The dataset to train on, for its lengths."))] = None,
    recipe: RecipeFile = "",
    set_: Set = None,
) -> None:
    """Say what a run would take in memory and time, and what to change where it does not fit."""
    from studio.cli.results import forecasted

    if has_stages(file := Path(model)):
        from studio.cli.sweep import of_stages, stages_in

        _report(of_stages(stages_in(file, recipe, "", set_, paths_from().runs)))
        return
    _report(forecasted(recipe_from(data, model, set_, recipe)))


@app.command(cls=StudioCommand)
def checkpoints(
    delete: Annotated[bool, typer.Option("--delete", help=tr("Delete them for good."))] = False,
) -> None:
    """Say what checkpoints take that no run needs to go on; each keeps its last one and its best."""
    found = find_old_checkpoints(store_from().runs())
    freed = delete_old_checkpoints(found) if delete else 0
    document = {"checkpoints": found.count, "bytes": found.bytes, "freed": freed}
    size = file_size(freed if delete else found.bytes)
    said = (
        tr("Deleted: {size} are free again.", size=size)
        if delete
        else tr(
            "{checkpoints} that no run needs to go on take {size}. "
            "`studio checkpoints --delete` deletes them.",
            checkpoints=counted(found.count, "checkpoint"),
            size=size,
        )
    )
    _report(results.CommandResult(document, said))


@app.command(cls=StudioCommand)
def runs() -> None:
    """List the runs, newest first."""
    store = store_from()
    _report(results.of_runs(store.summaries(), damaged_sweeps(store.folder)))


register_selftest(app)


@app.command(cls=StudioCommand)
def demo() -> None:
    """The main job on the sample: train the starter, evaluate it, compare three answers."""
    from studio.cli.demo import demo

    demo(paths_from())


def _stages_called(name: str) -> SweepFile | None:
    """The staged recipe of a name, where no run has it."""
    store = store_from()
    found = [sweep for sweep in sweeps(store.folder) if sweep.staged and sweep.name == name]
    return found[0] if found and not (store.folder / name).exists() else None


def _sweep(job: SweepJob) -> None:
    from studio.cli.sweep import carry_out, of_sweep

    _report(of_sweep(carry_out(job, _model_cache)))


def _train(job: TrainJob | ResumeJob) -> Any:
    from studio.events import RunOpened

    folder = None
    try:
        for event in perform(job.run_events(_model_cache())):
            if isinstance(event, RunOpened):
                folder = RunFolder(Path(event.folder))
    except StoppedByPerson:
        raise StoppedByPerson("" if folder else _NOTHING) from None
    return folder


def _model_cache() -> Any:
    with console.status(tr("Loading MLX")):
        from studio.models.cache import ModelCache
    return ModelCache()


def _report(result: results.CommandResult) -> None:
    report(result.document, result.text)
