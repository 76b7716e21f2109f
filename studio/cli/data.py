"""`studio data …`: look at a dataset, shape and save it, take it elsewhere."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from studio.cli import results
from studio.cli.example import example
from studio.cli.health import with_health
from studio.cli.large import show_large
from studio.cli.make import register
from studio.cli.options import Data, Debug, Home, Json, Model, Set, paths_from, recipe_from
from studio.cli.steps import as_read, of_steps, steps_of
from studio.cli.terminal import console, perform, report
from studio.data.reader import NothingUsable
from studio.data.store.source import is_large
from studio.events import DatasetExported, DatasetRead, DatasetSaved, DatasetUploaded
from studio.files import check_target
from studio.jobs.bring import BringJob
from studio.jobs.read import DatasetJob
from studio.jobs.save import ExportBadJob, ExportJob, SaveJob
from studio.jobs.upload import UploadJob
from studio.train.library import Library
from studio.train.recipe import Recipe
from studio.words import counted


class _Group(TyperGroup):
    """A group whose first command is meant where none is named: `studio data rows.jsonl` shows."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    help="Look at a dataset (`studio data DATA`), shape and save it, take it elsewhere.",
)

Steps = Annotated[
    list[str] | None,
    typer.Option(
        "--step",
        metavar="STEP",
        help="A step to do, in order: its kind and fields, as 'filter min_characters=20' or as JSON. "
        "`studio data steps` lists them.",
    ),
]
Like = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Do the steps of this saved dataset first, on the new rows."),
]
Edits = Annotated[
    bool, typer.Option("--edits", help="Do what was changed in this dataset by hand, in the window, first.")
]


@app.command()
def show(
    data: Data,
    health: Annotated[bool, typer.Option("--health", help="Look it over with every check.")] = False,
    bad: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Write the rows that cannot train, with reasons, to a .jsonl file."),
    ] = None,
    line: Annotated[
        int,
        typer.Option(metavar="NUMBER", help="Show one row as the model reads it, token by token."),
    ] = 0,
    model: Model = "",
    set_: Set = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Read a dataset as a run would: what is in it, what is wrong with which line.

    A file too big to hold is gone through instead, and counted.
    """
    recipe, library, some = recipe_from(data, model, set_), Library(), False
    path = Path(recipe.data.path).expanduser()
    if is_large(path) and not health and not recipe.data.columns:
        show_large(path, paths_from(None).scans, bad, as_json)
        return
    if line:
        shown = example(recipe, library, line)
        report(shown.document, shown.text, as_json)
        return
    try:
        for event in perform(DatasetJob(recipe).run_events(library)):
            if isinstance(event, DatasetRead):
                found = results.of_dataset(event)
                found = with_health(found, event, recipe, library) if health else found
                report(found.document, found.text, as_json)
                some = any(problem.severity == "error" for problem in event.problems)
    except NothingUsable:
        _export_bad(recipe, library, bad)
        raise
    if some:
        _export_bad(recipe, library, bad)


@app.command()
def steps(as_json: Json = False, debug: Debug = False) -> None:
    """List the steps that --step takes, each with its fields."""
    listed = of_steps()
    report(listed.document, listed.text, as_json)


@app.command()
def save(
    data: Data,
    out: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder to save in.")],
    step: Steps = None,
    like: Like = None,
    edits: Edits = False,
    model: Model = "",
    set_: Set = None,
    home: Home = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Save a dataset with its history: a manifest, Parquet parts and a card. `studio train` takes it."""
    paths = paths_from(home)
    overlays = paths.overlays if edits else None
    recipe = as_read(recipe_from(data, model, set_), like)
    _spare(like, out)
    job = SaveJob(recipe, out, steps_of(like, step), overlays, paths.scans)
    for event in perform(job.run_events(None)):
        if isinstance(event, DatasetSaved):
            report(asdict(event), _saved(event), as_json)


@app.command()
def export(
    data: Data,
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="A .jsonl file, or a folder for train, valid and test.jsonl."),
    ],
    step: Steps = None,
    like: Like = None,
    edits: Edits = False,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Replace the file, or what we exported to the folder."),
    ] = False,
    model: Model = "",
    set_: Set = None,
    home: Home = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Write a dataset for other trainers: chats, pairs or texts as JSONL, a folder in mlx-lm's layout."""
    paths = paths_from(home)
    overlays = paths.overlays if edits else None
    recipe = as_read(recipe_from(data, model, set_), like)
    _spare(like, out)
    job = ExportJob(recipe, out, steps_of(like, step), overlays, paths.scans, replace=replace)
    for event in perform(job.run_events(None)):
        if isinstance(event, DatasetExported):
            lines = [f"{event.rows:,} rows written to {', '.join(event.files)}.", *event.remarks]
            report(asdict(event), "\n".join(lines), as_json)


@app.command()
def join(
    out: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder to save in.")],
    data: Annotated[list[Path], typer.Argument(metavar="DATA…", help="Files and folders, as for a dataset.")],
    set_: Set = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Read several files and folders together, and save what they hold as one dataset."""
    paths = tuple(path.expanduser().resolve() for path in data)
    for event in perform(BringJob(paths, out, recipe_from(None, "", set_).data.columns).run_events(None)):
        if isinstance(event, DatasetSaved):
            report(asdict(event), _saved(event), as_json)


@app.command()
def upload(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A saved dataset.")],
    repository: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="The dataset on the Hub.")],
    public: Annotated[bool, typer.Option("--public", help="Let everybody see it, if it is new.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Put a saved dataset on the Hugging Face Hub, with the token that the keychain has."""
    for event in perform(UploadJob(folder, repository, private=not public).run_events(None)):
        if isinstance(event, DatasetUploaded):
            report(asdict(event), f"Uploaded: {event.address}", as_json)


def _spare(like: Path | None, out: Path) -> None:
    """The dataset whose steps are done again is read, too, so nothing is written over it."""
    if like is not None:
        check_target(out, [like])


def _export_bad(recipe: Recipe, library: Library, out: Path | None) -> None:
    if out is not None:
        for event in perform(ExportBadJob(recipe, out).run_events(library)):
            if isinstance(event, DatasetExported):
                console.print(f"{counted(event.rows, 'bad row')} written to {out}.")


def _saved(event: DatasetSaved) -> str:
    counts = {
        "train": event.train,
        "validation": event.validation,
        "test": event.test,
        "golden": event.golden,
        "not divided": event.undivided,
    }
    shares = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    lines = [f"Saved as {event.path}: {shares}.", *(f"  {line}" for line in event.history), *event.remarks]
    return "\n".join([*lines, f"Fingerprint {event.fingerprint}.", f"Next: studio train {event.path}"])


register(app)
