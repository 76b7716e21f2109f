"""The commands. Each does a job of `studio.jobs` and prints what came out; `--json` prints one document."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer

from studio import __version__
from studio.cli import results
from studio.cli.terminal import STOPPED, StoppedByPerson, console, perform
from studio.errors import RecipeError, StudioError
from studio.events import AnswerEnded, DatasetRead, Evaluated, GoldenAnswer
from studio.generate.sampling import Sampling
from studio.jobs.answers import WHO, ChatJob, EvaluateJob
from studio.jobs.failure import sentence
from studio.jobs.read import DatasetJob
from studio.jobs.train import ResumeJob, TrainJob
from studio.paths import Paths
from studio.runs.folder import RunFolder
from studio.runs.store import RunStore
from studio.train.launcher import PeerLost, rank
from studio.train.library import Library
from studio.train.recipe import FieldEntry, Recipe, fields

Home = Annotated[
    Path | None, typer.Option(help="Keep everything the app writes under this folder.", envvar="STUDIO_HOME")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback when something fails.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Change a field of the recipe.")
]
Run = Annotated[str, typer.Argument(metavar="RUN", help="The name of a run, or its folder.")]
Data = Annotated[
    Path, typer.Argument(metavar="DATA", help="A dataset: .jsonl, .json, .csv, .tsv, .parquet or .txt.")
]
Model = Annotated[str, typer.Option(help='A model folder, or "starter", the model in the box.')]

PICKED = ("model", "data.path")  # fields with an argument or option of their own


def _default(field: FieldEntry) -> str:
    return "auto" if field.optional else f"{field.default}"


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Fine-tune language models on this Mac. Without a command: open the window, with DATA if named.",
)


def run(arguments: list[str]) -> int:
    """Carry out a command line; returns 0 done, 1 failed, 2 bad request, 130 stopped by Ctrl-C."""
    debug = "--debug" in arguments
    if not debug:
        logging.disable(logging.WARNING)
    try:
        result = app(arguments, standalone_mode=False)
    except StoppedByPerson as stopped:
        console.print(str(stopped) or "Stopped; what was learned is kept. `studio resume` goes on.")
        return STOPPED
    except PeerLost as error:
        if rank() == 0:  # of the others' end somebody has told already
            _complain(str(error), debug)
        return 1
    except StudioError as error:
        _complain(str(error), debug)
        return 2 if error.bad_request else 1
    except typer.Exit as leaving:
        return leaving.exit_code
    except Exception as error:  # noqa: BLE001  # the last resort: every failure is one sentence for the person
        if hasattr(error, "format_message"):  # a command line that does not parse
            _complain(f"{error.format_message()} `studio --help` shows what there is.", debug)
            return 2
        _complain(sentence(error), debug)
        return 1
    return result if isinstance(result, int) else 0


def _complain(sentence: str, debug: bool) -> None:
    console.quiet = False  # an error is told by every process
    if debug:
        console.print(traceback.format_exc(), markup=False)
    console.print(sentence, style="red", markup=False, soft_wrap=True)


@app.callback(invoke_without_command=True)
def version(show: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """Without a command the window opens; see `studio COMMAND --help` for each job."""
    if show:
        _print(__version__)
        raise typer.Exit


@app.command(
    epilog="Fields of the recipe for --set, with their defaults:\n\n"
    + "\n\n".join(f"{f.path} = {_default(f)}: {f.help}" for f in fields() if f.path not in PICKED)
)
def train(
    data: Data,
    model: Model = "starter",
    set_: Set = None,
    name: Annotated[str, typer.Option(help="What to call the run.")] = "",
    home: Home = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Fine-tune a model on a dataset, in a new run."""
    recipe = _recipe(data, model, set_ or [])
    folder = _train(TrainJob(recipe, _paths(home).runs, name))
    if folder is not None:  # the first process reports
        _report(results.of_run(folder), as_json)


@app.command()
def resume(run: Run, home: Home = None, as_json: Json = False, debug: Debug = False) -> None:
    """Go on with a stopped run, exactly where it was."""
    # Of several processes only the first needs the run on its disk.
    found = _store(home).find(run) if rank() == 0 else RunFolder(Path(run))
    folder = _train(ResumeJob(found))
    if folder is not None:
        _report(results.of_run(folder), as_json)


@app.command()
def sweep(
    data: Annotated[Path | None, typer.Argument(metavar="DATA", help="A dataset, as for train.")] = None,
    over: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=VALUE,VALUE",
            help="A field and its values; several make a grid. A value with a comma goes in quotes: "
            """'targets=all,"q_proj,v_proj"'.""",
        ),
    ] = None,
    model: Model = "starter",
    set_: Set = None,
    name: Annotated[str, typer.Option(help="What to call the sweep.")] = "",
    resume: Annotated[str, typer.Option(metavar="NAME", help="Go on with a sweep that was stopped.")] = "",
    home: Home = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Train one run for each combination of values; asked for again, it goes on where it stopped."""
    from studio.cli import sweeping

    runs = _paths(home).runs
    if resume:
        job = sweeping.resumed(runs, resume)
    elif data is None:
        raise RecipeError("studio sweep needs a dataset, or --resume with the name of a sweep.")
    else:
        job = sweeping.asked(_recipe(data, model, set_ or []), over or [], runs, name)
    _report(sweeping.of_sweep(sweeping.carry_out(job, _shelf)), as_json)


@app.command()
def evaluate(
    run: Run,
    golden: Annotated[Path | None, typer.Option(help='Lines of {"prompt", "ideal"} to ask.')] = None,
    home: Home = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Compare the tuned model with its base: the golden set, held-out loss, general text."""
    events = perform(EvaluateJob(_store(home).find(run), golden).run_events(_shelf()))
    answers, result = [], None
    for event in events:
        match event:
            case GoldenAnswer():
                answers.append(event)
            case Evaluated():
                result = event
    if result is not None:
        _report(results.of_evaluation(result, answers), as_json)


@app.command()
def chat(
    run: Run,
    prompt: Annotated[str, typer.Option(help="What to ask.")],
    compare: Annotated[bool, typer.Option("--compare", help="Ask the base model too.")] = False,
    temperature: Annotated[float, typer.Option()] = 0.7,
    top_p: Annotated[float, typer.Option()] = 0.9,
    top_k: Annotated[int, typer.Option()] = 50,
    repetition_penalty: Annotated[float, typer.Option()] = 1.1,
    max_tokens: Annotated[int, typer.Option()] = 512,
    seed: Annotated[int, typer.Option()] = 0,
    home: Home = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Ask the tuned model, or base and tuned side by side."""
    if not prompt.strip():
        raise RecipeError('The prompt is empty. Ask something, for example --prompt "What is a star?"')
    sampling = _sampling(
        temperature=temperature,
        top_p=top_p,
        top_k=top_k,
        repetition_penalty=repetition_penalty,
        max_tokens=max_tokens,
        seed=seed,
    )
    job = ChatJob(_store(home).find(run), prompt, sampling, WHO if compare else ("tuned",))
    answers = [e for e in perform(job.run_events(_shelf())) if isinstance(e, AnswerEnded)]
    _report(results.of_answers(prompt, answers, sampling), as_json)


@app.command()
def data(
    data: Data, model: Model = "starter", set_: Set = None, as_json: Json = False, debug: Debug = False
) -> None:
    """Read a dataset as a run would: what is in it, what is wrong with which line."""
    recipe = _recipe(data, model, set_ or [])
    for event in perform(DatasetJob(recipe).run_events(Library())):
        if isinstance(event, DatasetRead):
            _report(results.of_dataset(event), as_json)


@app.command()
def forecast(
    model: Annotated[str, typer.Argument(metavar="MODEL", help='A folder with config.json, or "starter".')],
    data: Annotated[Path | None, typer.Option(help="The dataset to train on, for its lengths.")] = None,
    set_: Set = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Say what a run would take in memory and time, and what to change where it does not fit."""
    from studio.cli.forecasting import forecasted

    _report(forecasted(_recipe(data, model, set_ or [])), as_json)


@app.command()
def runs(home: Home = None, as_json: Json = False, debug: Debug = False) -> None:
    """List the runs, newest first."""
    _report(results.of_runs(_store(home).summaries()), as_json)


@app.command()
def selftest(as_json: Json = False, debug: Debug = False) -> int:
    """Check that every part works on this machine: a few steps, answers, a window that is not shown."""
    from studio.cli.selftest import selftest

    checks = selftest()
    _report(results.of_checks(checks), as_json)
    return 0 if all(check.passed for check in checks) else 1


@app.command()
def demo(home: Home = None, debug: Debug = False) -> None:
    """The main job on the sample: train the starter, evaluate it, compare three answers."""
    from studio.cli.demo import demo

    demo(_paths(home))


def _train(job: TrainJob | ResumeJob) -> Any:
    from studio.events import RunOpened

    folder = None
    for event in perform(job.run_events(_shelf())):
        if isinstance(event, RunOpened):
            folder = RunFolder(Path(event.folder))
    return folder


def _recipe(data: Path | None, model: str, changes: list[str]) -> Recipe:
    values: dict[str, Any] = {"model": model}
    if data is not None:
        values["data.path"] = str(data.expanduser().resolve())
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise RecipeError(f"--set takes FIELD=VALUE, for example --set rank=8; {change!r} has no value.")
        values[name.strip()] = value.strip()
    if model != "starter":
        values["model"] = str(Path(model).expanduser().resolve())
    return Recipe().with_values(values)


def _sampling(**values: Any) -> Sampling:
    try:
        return Sampling(**values)
    except ValueError as error:
        first = error.errors()[0]  # type: ignore[attr-defined]
        raise RecipeError(f"--{first['loc'][0]} cannot be {first['input']!r}: {first['msg']}.") from error


def _paths(home: Path | None) -> Paths:
    paths = Paths.under(home) if home else Paths.for_user()
    if paths.home.exists() and not paths.home.is_dir():
        raise RecipeError(f"{paths.home} is a file, and --home needs a folder. Name another.")
    return paths


def _store(home: Path | None) -> RunStore:
    return RunStore(_paths(home).runs)


def _shelf() -> Any:
    with console.status("Loading MLX"):
        from studio.models.shelf import Shelf
    return Shelf()


def _report(result: results.Result, as_json: bool) -> None:
    _print(json.dumps(result.document, indent=2, ensure_ascii=False, default=str) if as_json else result.text)


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
