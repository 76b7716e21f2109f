"""`studio data …`: look at a dataset, its health, one example; shape and save it, take it elsewhere."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from studio.cli import results
from studio.cli.example import finding_lines, shown_example
from studio.cli.options import (
    Data,
    Model,
    Set,
    as_read,
    of_steps,
    paths_from,
    recipe_from,
    steps_of,
    store_from,
    with_journal,
)
from studio.cli.parser import DataGroup, StudioCommand
from studio.cli.results import CommandResult
from studio.cli.synth import register
from studio.cli.terminal import console, perform, report
from studio.dataset.library import Library, LibraryListed
from studio.dataset.rows import LineMap
from studio.dataset.save.target import check_sources
from studio.dataset.store.manifest import size_of
from studio.errors import DataError
from studio.events import (
    Checked,
    DatasetExported,
    DatasetRead,
    DatasetSaved,
    Event,
    Progress,
    Rendered,
    RowShown,
    Scanned,
    Uploaded,
)
from studio.files import check_target
from studio.jobs.bring import BringJob
from studio.jobs.health import HealthJob, goes_by_index
from studio.jobs.hub import UploadJob
from studio.jobs.read import DatasetJob, ExampleJob, LibraryJob
from studio.jobs.save import ExportBadJob, ExportJob, SaveJob
from studio.jobs.scan import BadRowsJob, RowJob, ScanJob
from studio.language import tr
from studio.recipe.recipe import Recipe
from studio.train.dataset_cache import DatasetCache
from studio.words import counted, file_size


def example(recipe: Recipe, dataset_cache: DatasetCache, line: int) -> CommandResult:
    """The example at a line: its turns and tokens. Raises DataError where there is none."""
    events = perform(ExampleJob(recipe, line).run_events(dataset_cache))
    return shown_example(next(event for event in events if isinstance(event, Rendered)), line)


def with_health(
    described: CommandResult, places: LineMap, job: HealthJob, dataset_cache: DatasetCache
) -> CommandResult:
    """The description of a dataset with its findings: in the document under "health"."""
    events = perform(job.run_events(dataset_cache))
    findings = next(event.findings for event in events if isinstance(event, Checked))
    lines = [line for finding in findings for line in finding_lines(finding, places)]
    document = {**described.document, "health": [asdict(finding) for finding in findings]}
    return CommandResult(document, "\n".join((described.text, "", tr("Health:"), *lines)))


_COUNTS = (
    ("good", "train"),
    ("warnings", tr("train, but deserve a look")),
    ("duplicates", tr("of these are exact duplicates")),
    ("bad", tr("cannot train")),
    ("empty", tr("of these are empty")),
)


def show_large(scan: ScanJob, bad: Path | None, health: HealthJob | None = None) -> None:
    """Scan a big file and say what is in it, and what its health is, where a job is to find that out.

    What is wrong with its bad rows is written where asked.
    """
    path, found = scan.path, list[Scanned]()
    for _ in perform(_scanned(scan, found)):
        pass
    if bad is not None:
        job = BadRowsJob(path, Path(found[-1].folder), bad)
        _write_bad(job.run_events(None) if found[-1].bad else None, bad)
    result = of_scan(path, found[-1])
    result = with_health(result, LineMap(), health, DatasetCache()) if health else result
    report(result.document, result.text)


def large_example(recipe: Recipe, scans: Path, line: int) -> CommandResult:
    """The row at a line of a big file: its turns and tokens, as soon as the scan has come so far.

    Raises DataError where no row starts on the line, or the row cannot train.
    """
    from studio.dataset.store.reader import Store  # with Arrow, only where a big file is read

    path, found = Path(recipe.data.path).expanduser(), list[Scanned]()
    scan = _scanned(ScanJob(path, scans, recipe.data.columns), found)
    for _ in perform(scan):
        if found and found[-1].rows and Store(path, Path(found[-1].folder)).last_line >= line:
            break
    scan.close()
    folder = Path(found[-1].folder)
    number = Store(path, folder).number_of(line)
    if number is None:
        raise DataError("dataset.no_example", line=line, name=path.name)
    row = RowJob(path, folder, number, found[-1].format, recipe)
    shown = next(e for e in perform(row.run_events(DatasetCache())) if isinstance(e, RowShown))
    if shown.reason:
        raise DataError("command.unusable_example", line=line, file=path.name, reason=shown.reason)
    return shown_example(Rendered(str(path), line, shown.pieces, shown.turns, shown.rows), line)


def of_scan(path: Path, scan: Scanned) -> CommandResult:
    """What a finished scan has found."""
    shown = {name: value for name, value in asdict(scan).items() if name not in ("folder", "finished")}
    head = tr(
        "{name}: {rows:,} rows, {format}, {file_size}",
        name=path.name,
        rows=scan.rows,
        format=scan.format,
        file_size=file_size(size_of(path)),
    )
    counts = [f"  {getattr(scan, name):,} {words}" for name, words in _COUNTS if getattr(scan, name)]
    lengths = tr(
        "  median {median:,} characters, longest {longest:,}", median=scan.median, longest=scan.longest
    )
    part = tr('  studio data save "{path}" PART --step "cap rows=100000 how=random"', path=path)
    text = "\n".join((head, *counts, lengths, tr("Next, to train on a part of it:"), part))
    return CommandResult({"path": str(path), **shown}, text)


def _scanned(job: ScanJob, found: list[Scanned]) -> Generator[Event]:
    """The job's events as progress; what it has found is kept."""
    for event in job.run_events(None):
        if isinstance(event, Scanned):
            found.append(event)
            yield Progress(tr("rows checked"), event.rows, event.expected_rows)
        else:
            yield event


app = typer.Typer(
    cls=DataGroup,
    no_args_is_help=True,
    help=tr("Look at a dataset (`studio data DATA`), shape and save it, take it elsewhere."),
)

Steps = Annotated[
    list[str] | None,
    typer.Option(
        "--step",
        metavar="STEP",
        help=tr(
            "A step to do, in order: its kind and fields, as 'filter min_characters=20' or as JSON. "
            "`studio data steps` lists them."
        ),
    ),
]
Like = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help=tr("Do the steps of this saved dataset first, on the new rows.")),
]
Edits = Annotated[
    bool, typer.Option("--edits", help=tr("Do what was done to this dataset in the window, first."))
]


@app.command(cls=StudioCommand)
def show(
    data: Data,
    health: Annotated[bool, typer.Option("--health", help=tr("Look it over with every check."))] = False,
    bad: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT", help=tr("Write the rows that cannot train, with reasons, to a .jsonl file.")
        ),
    ] = None,
    line: Annotated[
        int,
        typer.Option(metavar="NUMBER", help=tr("Show one row as the model reads it, token by token.")),
    ] = 0,
    model: Model = "",
    set_: Set = None,
) -> None:
    """Read a dataset as a run would: what is in it, what is wrong with which line.

    A file too big to hold is gone through instead, row by row, and counted or looked over.
    """
    recipe, dataset_cache = recipe_from(data, model, set_), DatasetCache()
    path = Path(recipe.data.path).expanduser()
    from studio.dataset.read.file_reader import NothingUsable
    from studio.dataset.save.bad_rows import check_report
    from studio.dataset.store.source import is_large

    if bad is not None:
        check_sources(bad, [path])
        check_report(bad)
    scans, large = paths_from().scans, is_large(path)
    if line:
        shown = large_example(recipe, scans, line) if large else example(recipe, dataset_cache, line)
        report(shown.document, shown.text)
        return
    if large and (not health or goes_by_index(recipe)):
        scan, job = ScanJob(path, scans, recipe.data.columns), HealthJob(recipe, scans)
        show_large(scan, bad, job if health else None)
        return
    try:
        read = _last(perform(DatasetJob(recipe).run_events(dataset_cache)), DatasetRead)
    except NothingUsable:
        if bad is not None:
            _write_bad(ExportBadJob(recipe, bad).run_events(dataset_cache), bad)
        raise
    found = results.of_dataset(read)
    if health:
        found = with_health(found, LineMap(read.files), HealthJob(recipe, scans), dataset_cache)
    if bad is not None:
        some = any(problem.severity == "error" for problem in read.problems)
        _write_bad(ExportBadJob(recipe, bad).run_events(dataset_cache) if some else None, bad)
    report(found.document, found.text)


@app.command(cls=StudioCommand)
def steps() -> None:
    """List the steps that --step takes, each with its fields."""
    listed = of_steps()
    report(listed.document, listed.text)


@app.command("list", cls=StudioCommand)
def list_known() -> None:
    """List the datasets that were opened, saved or trained on: kind, rows, size, steps, and their runs."""
    for event in perform(LibraryJob(paths_from(), store_from()).run_events(None)):
        if isinstance(event, LibraryListed):
            listed = results.of_library(event.entries)
            report(listed.document, listed.text)


@app.command(cls=StudioCommand)
def save(
    data: Data,
    out: Annotated[Path, typer.Argument(metavar="FOLDER", help=tr("The folder to save in."))],
    step: Steps = None,
    like: Like = None,
    edits: Edits = False,
    model: Model = "",
    set_: Set = None,
) -> None:
    """Save a dataset with its history: a manifest, Parquet parts and a card. `studio train` takes it."""
    paths = paths_from()
    recipe = as_read(recipe_from(data, model, set_), like)
    recipe = with_journal(recipe, paths.step_journals) if edits else recipe
    _spare(like, out)
    job = SaveJob(recipe, out, steps_of(like, step), paths.scans)
    for event in perform(job.run_events(None)):
        if isinstance(event, DatasetSaved):
            Library(paths).note(Path(event.path))
            report(asdict(event), _saved(event))


@app.command(cls=StudioCommand)
def export(
    data: Data,
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT", help=tr("A .jsonl file, or a folder for train, valid and test.jsonl.")),
    ],
    step: Steps = None,
    like: Like = None,
    edits: Edits = False,
    replace: Annotated[
        bool,
        typer.Option("--replace", help=tr("Replace the file, or what we exported to the folder.")),
    ] = False,
    model: Model = "",
    set_: Set = None,
) -> None:
    """Write a dataset for other trainers: chats, pairs or texts as JSONL, a folder in mlx-lm's layout."""
    paths = paths_from()
    recipe = as_read(recipe_from(data, model, set_), like)
    recipe = with_journal(recipe, paths.step_journals) if edits else recipe
    _spare(like, out)
    job = ExportJob(recipe, out, steps_of(like, step), paths.scans, replace=replace)
    for event in perform(job.run_events(None)):
        if isinstance(event, DatasetExported):
            lines = [
                tr("{rows:,} rows written to {listed}.", rows=event.rows, listed=", ".join(event.files)),
                *event.remarks,
            ]
            report(asdict(event), "\n".join(lines))


@app.command(cls=StudioCommand)
def join(
    out: Annotated[Path, typer.Argument(metavar="FOLDER", help=tr("The folder to save in."))],
    data: Annotated[
        list[Path], typer.Argument(metavar="DATA…", help=tr("Files and folders, as for a dataset."))
    ],
    set_: Set = None,
) -> None:
    """Read several files and folders together, and save what they hold as one dataset."""
    paths = tuple(path.expanduser().resolve() for path in data)
    for event in perform(BringJob(paths, out, recipe_from(None, "", set_).data.columns).run_events(None)):
        if isinstance(event, DatasetSaved):
            Library(paths_from()).note(Path(event.path))
            report(asdict(event), _saved(event))


@app.command(cls=StudioCommand)
def upload(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help=tr("A saved dataset."))],
    repository: Annotated[str, typer.Argument(metavar="OWNER/NAME", help=tr("The dataset on the Hub."))],
    public: Annotated[bool, typer.Option("--public", help=tr("Let everybody see it, if it is new."))] = False,
) -> None:
    """Put a saved dataset on the Hugging Face Hub, with the token that the keychain has."""
    for event in perform(UploadJob(folder, repository, private=not public).run_events(None)):
        if isinstance(event, Uploaded):
            report(asdict(event), tr("Uploaded: {address}", address=event.address))


def _spare(like: Path | None, out: Path) -> None:
    """The dataset whose steps are done again is read, too, so nothing is written over it."""
    if like is not None:
        check_target(out, [like])


def _write_bad(events: Generator[Event] | None, out: Path) -> None:
    """Write the rows that cannot train, as the job does it; None where there are none."""
    if events is None:
        console.print(tr("Every row can train, so nothing was written to {out}.", out=out))
        return
    for event in perform(events):
        if isinstance(event, DatasetExported):
            console.print(tr("{counted} written to {out}.", counted=counted(event.rows, "bad row"), out=out))


def _last[T: Event](events: Iterator[Event], kind: type[T]) -> T:
    """The last event of this kind."""
    return [event for event in events if isinstance(event, kind)][-1]


def _saved(event: DatasetSaved) -> str:
    counts = {
        "train": event.train,
        "validation": event.validation,
        "test": event.test,
        "golden": event.golden,
        tr("not divided"): event.undivided,
    }
    shares = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    lines = [
        tr("Saved as {path}: {shares}.", path=event.path, shares=shares),
        *(f"  {line}" for line in event.history),
        *event.remarks,
    ]
    return "\n".join(
        [
            *lines,
            tr("Fingerprint {fingerprint}.", fingerprint=event.fingerprint),
            tr("Next: studio train {path}", path=event.path),
        ]
    )


register(app)
