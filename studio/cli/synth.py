"""`studio data make`, `made`, `key` and `download`: generated rows, their review, datasets from the Hub."""

from __future__ import annotations

import re
import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from studio.catalogue import phrase
from studio.cli.options import from_fields, paths_from, with_fields
from studio.cli.parser import StudioCommand
from studio.cli.results import CommandResult
from studio.cli.terminal import StoppedByPerson, console, perform, report
from studio.dataset.hub.wanted import Wanted, recognize, row_range
from studio.errors import DataError
from studio.events import Downloaded, GeneratedRow, SynthesisEnded
from studio.jobs.hub import DownloadJob
from studio.jobs.synthesis import SynthesisJob
from studio.language import tr
from studio.synth.confirmed import Unconfirmed
from studio.synth.folder import SyntheticFolder, write_accepted
from studio.synth.generate import generated_row, summary
from studio.synth.generators import GENERATORS
from studio.synth.plan import Plan
from studio.synth.rows import Review
from studio.words import counted


def of_review(folder: SyntheticFolder) -> CommandResult:
    """Every made row with its state, and what was refused."""
    rows = [generated_row(row, review.state) for row, review in folder.reviewed()]
    ended = summary(folder)
    states = Counter(row.state for row in rows)
    lines = [row_line(row) for row in rows]
    damage = folder.damage()
    lines += [f"{_came(ended)}: {_counted(states)}", *_refused(ended), *damage]
    document = {**asdict(ended), "states": dict(states), "made": [asdict(row) for row in rows]}
    document["damage"] = list(damage)
    return CommandResult(document, "\n".join(lines))


def of_synthesis(folder: SyntheticFolder) -> CommandResult:
    """How many rows there are by now, what was refused, and what to do next."""
    ended = summary(folder)
    lines = [tr("{came}, in {folder}", came=_came(ended), folder=ended.folder), *_refused(ended)]
    if ended.rows:
        lines.append(tr("Next: studio data made {folder} --accept all --out more.jsonl", folder=ended.folder))
    return CommandResult(asdict(ended), "\n".join(lines))


def of_download(event: Downloaded) -> CommandResult:
    """What arrived, and how to look at it."""
    text = tr(
        "{rows:,} rows of {name} ({subset}, {split}), revision {revision}\n{path}\nNext: studio data {path}",
        rows=event.rows,
        name=event.name,
        subset=event.subset,
        split=event.split,
        revision=event.revision[:12],
        path=event.path,
    )
    return CommandResult(asdict(event), text)


def row_line(row: GeneratedRow) -> str:
    """A made row in a line."""
    return f"{row.row:>4}  {row.state:<8}  {_short(row.prompt)}  →  {_short(row.answer)}   [{row.source}]"


def _came(ended: SynthesisEnded) -> str:
    return tr(
        "{counted} from {counted2}",
        counted=counted(ended.rows, "row"),
        counted2=counted(ended.asked, "source"),
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:59]}…"


def _refused(ended: SynthesisEnded) -> list[str]:
    counts = {each.reason: each.count for each in ended.refused}
    return [tr("Refused: {counted}", counted=_counted(counts))] if counts else []


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"


Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help=tr("A folder that `studio data make` filled."))
]
Numbers = Annotated[str, typer.Option(metavar="ROWS", help=tr("Rows by number, as 1,4-7, or all."))]
_FIELDS = Plan.model_fields
_ASKED = ("model", "server", "sources", "each", "temperature", "max_tokens", "language", "through", "noise")


@with_fields(Plan, *_ASKED, "seed")
def make(
    data: Annotated[str, typer.Argument(metavar="DATA", help=_FIELDS["data"].description)] = "",
    documents: Annotated[
        list[str] | None, typer.Option("--document", help=_FIELDS["documents"].description)
    ] = None,
    maker: Annotated[
        str, typer.Option(help=tr("How rows are made: {listed}.", listed=", ".join(GENERATORS)))
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help=tr("The folder for the rows; one is named if not."))
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help=tr("Resume a folder; with --server, its server is confirmed.")),
    ] = None,
    **fields: Any,
) -> None:
    """Make more rows, from examples or documents; they count once accepted (`studio data made`)."""
    confirmed = paths_from().confirmed
    if resume is not None:
        job = _again(resume, fields["server"], confirmed)
    else:
        model = fields["model"]
        asked = {
            **fields,
            "maker": maker or ("passages" if documents else "paraphrase"),
            "data": _whole(data),
            "documents": tuple(map(_whole, documents or ())),
            "model": model if fields["server"] or model == "starter" else _whole(model),
        }
        plan = from_fields(Plan, asked, DataError)
        name = f"{datetime.now():%Y%m%d-%H%M%S}-{plan.maker}"
        job = SynthesisJob(plan, out or paths_from().made / name, confirmed=confirmed)
    _show(_made(job))


def made(
    folder: Folder,
    accept: Numbers = "",
    reject: Numbers = "",
    undo: Numbers = "",
    edit: Annotated[int, typer.Option(metavar="ROW", help=tr("Put --prompt and --answer in its place."))] = 0,
    prompt: Annotated[str, typer.Option(help=tr("With --edit: the request as you would put it."))] = "",
    answer: Annotated[str, typer.Option(help=tr("With --edit: the answer as it should be."))] = "",
    out: Annotated[Path | None, typer.Option(help=tr("Write the accepted rows there, as .jsonl."))] = None,
) -> None:
    """Show made rows, accept or reject them, and write out those that count."""
    found = SyntheticFolder(folder)
    found.plan()  # raises where the folder is none of ours
    rows = [row.number for row in found.rows()]
    for state, numbers in (("accepted", accept), ("rejected", reject), ("pending", undo)):
        found.review_all(dict.fromkeys(_numbers(numbers, rows), Review(state)))
    if edit:
        _edit(found, edit, prompt, answer)
    if out is not None:
        console.print(
            tr(
                "{write_accepted} accepted rows are in {out}.",
                write_accepted=write_accepted(folder, out),
                out=out,
            )
        )
    _show(of_review(found))


def key(
    server: Annotated[str, typer.Argument(metavar="URL", help=tr("The server's address."))],
) -> None:
    """Keep a server's API key in the system's keychain; it is asked for, or read from a pipe."""
    from studio.generate.keys import keep_key

    entered = typer.prompt(tr("API key"), hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    if not entered.strip():
        raise DataError("command.no_key")
    keep_key(server, entered.strip())
    report({"server": server, "kept": True}, tr("The key for {server} is in the keychain.", server=server))


def download(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help=tr("A Hub dataset: user/name, or its address."))
    ],
    subset: Annotated[str, typer.Option(help=tr("Which subset, where there are several."))] = "",
    split: Annotated[str, typer.Option(help=tr("Which split; train if not named."))] = "",
    rows: Annotated[str, typer.Option(metavar="RANGE", help=tr("1000 for the first, or 500:1500."))] = "",
) -> None:
    """Download a dataset, or a part of one, from the Hugging Face Hub; stopped, it goes on later."""
    found = recognize(name)
    if found is None:
        raise DataError("command.no_dataset_name", name=repr(name))
    wanted = Wanted(found.name, subset or found.subset, split or found.split, row_range(rows), found.revision)
    job = DownloadJob(wanted, paths_from().hub)
    try:
        for event in perform(job.run_events(None)):
            if isinstance(event, Downloaded):
                _show(of_download(event))
    except StoppedByPerson:
        raise StoppedByPerson(phrase("stopped.fetched")) from None


def register(group: typer.Typer) -> None:
    """Add these commands to the group of `studio data`."""
    for command in (make, made, key, download):
        group.command(cls=StudioCommand)(command)


def _again(folder: Path, server: str, confirmed: Path) -> SynthesisJob:
    """The synthesis in the folder, to go on with. Raises DataError where the person is to name its server."""
    job = SynthesisJob.again(folder, server, confirmed)
    try:
        job.check_confirmed()
    except Unconfirmed as error:
        command = shlex.join(["studio", "data", "make", "--resume", str(folder), "--server", error.server])
        raise DataError("command.here", reason=error, command=command) from error
    return job


def _made(job: SynthesisJob) -> CommandResult:
    """Do the job; each row is shown as it is made."""
    try:
        for event in perform(job.run_events(_context(job))):
            if isinstance(event, GeneratedRow):
                console.print(row_line(event), soft_wrap=True)
    except StoppedByPerson:
        raise StoppedByPerson(phrase("stopped.made", folder=str(job.folder))) from None
    return of_synthesis(SyntheticFolder(job.folder))


def _edit(found: SyntheticFolder, number: int, prompt: str, answer: str) -> None:
    """Put the person's words in a row's place; what they leave out stays."""
    for row, _ in found.reviewed():
        if row.number == number:
            before = row.record(0)
            found.review(number, Review("edited", prompt or before.prompt, answer or before.answer))
            return
    raise DataError("synth.no_row", row=number, folder=found.path)


def _context(job: SynthesisJob) -> Any:
    if not job.on_engine:
        return None
    with console.status(tr("Loading MLX")):
        from studio.models.cache import ModelCache
    return ModelCache()


def _numbers(text: str, there: Sequence[int]) -> list[int]:
    """The rows that a person names. Raises DataError for words that name none."""
    if text.strip() == "all":
        return list(there)
    found: list[int] = []
    most = max(there, default=0)
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first:
            raise DataError("command.no_rows", part=repr(part))
        found += range(first, min(last, max(first, most + 1)) + 1)  # one too many is enough
    return found


def _whole(path: str) -> str:
    return str(Path(path).expanduser().resolve()) if path else ""


def _show(result: CommandResult) -> None:
    report(result.document, result.text)
