"""`studio models search` and `download`: models on the Hugging Face Hub, found and brought here."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal

import typer

from studio.catalogue import phrase
from studio.cli.models import facts_lines, plain_facts
from studio.cli.options import paths_from
from studio.cli.parser import StudioCommand
from studio.cli.terminal import StoppedByPerson, perform, report
from studio.events import Event, Progress
from studio.events.models import FileArrived, ModelDownloaded, ModelsListed, OnlineModel
from studio.jobs.online import DownloadModelJob, SearchModelsJob
from studio.language import tr
from studio.models.hub.asked import ModelFilters
from studio.words import counted, file_size, visible_line

type SortedBy = Literal["downloads", "likes", "newest"]
type TunedFor = Literal["base", "instruct", "any"]


def search(
    query: Annotated[str, typer.Argument(metavar="WORDS", help=tr("Words in a model's name."))] = "",
    mlx: Annotated[bool, typer.Option("--mlx", help=tr("Only models in MLX's own form."))] = False,
    fits: Annotated[
        bool, typer.Option("--fits", help=tr("Only models that can be used on this Mac."))
    ] = False,
    tuning: Annotated[TunedFor, typer.Option(help=tr("Base models, those tuned to answer, or any."))] = "any",
    sort: Annotated[SortedBy, typer.Option(help=tr("What comes first."))] = "downloads",
    page: Annotated[int, typer.Option(min=1, help=tr("Which page of what is found."))] = 1,
    fast: Annotated[
        bool, typer.Option("--fast", help=tr("Leave out what each can be used for here."))
    ] = False,
) -> None:
    """Look for models on the Hub, with what each can be used for on this Mac before it is downloaded."""
    filters = ModelFilters(mlx, fits, "" if tuning == "any" else tuning)
    job = SearchModelsJob(query, filters, sort, page - 1, paths=None if fast else paths_from())
    found = [event for event in perform(job.run_events(None)) if isinstance(event, ModelsListed)][-1]
    document = {**asdict(found), "models": [_plain(model) for model in found.models]}
    report(document, "\n".join(_listed(found, page)))


def download(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help=tr("A model of the Hub: owner/name, or its address."))
    ],
    revision: Annotated[str, typer.Option(help=tr("A branch, tag or commit; main if not named."))] = "",
    file: Annotated[
        str, typer.Option(metavar="FILE", help=tr("Which GGUF file, where there are several."))
    ] = "",
) -> None:
    """Download a model into the Hugging Face cache and compare checksums; stopped, it goes on later."""
    job = DownloadModelJob(name, revision, file=file)
    try:
        for event in perform(_in_megabytes(job.run_events(None))):
            if isinstance(event, ModelDownloaded):
                report(asdict(event), _downloaded(event))
    except StoppedByPerson:
        raise StoppedByPerson(phrase("stopped.fetched")) from None


def register(group: typer.Typer) -> None:
    """Add these commands to the group of `studio models`."""
    for command in (search, download):
        group.command(cls=StudioCommand)(command)


def _in_megabytes(events: Generator[Event]) -> Generator[Event]:
    """The events, with how far a file is as a progress that is drawn."""
    try:
        for event in events:
            if isinstance(event, FileArrived):
                done, total = event.done // 10**6, max(1, event.total // 10**6)
                yield Progress(tr("MB of {file}", file=event.file), done, total)
            else:
                yield event
    finally:
        events.close()


def _plain(model: OnlineModel) -> dict[str, Any]:
    return plain_facts(asdict(model))


def _listed(found: ModelsListed, page: int) -> Sequence[str]:
    lines = [line for model in found.models for line in _lines(model)]
    if not found.models:
        return [tr("Nothing was found. Try fewer words, or fewer conditions.")]
    return [*lines, *([tr("More: --page {value}", value=page + 1)] if found.more else [])]


def _lines(model: OnlineModel) -> list[str]:
    first, *rest = facts_lines(model.facts)
    about = [counted(model.downloads, "download"), counted(model.likes, "like")]
    about += ["gated"] if model.gated else []
    about += ["base"] if model.is_base else []
    about += [tr("here: {visible_line}", visible_line=visible_line(model.here))] if model.here else []
    return [f"{first}  {', '.join(about)}", *rest]


def _downloaded(event: ModelDownloaded) -> str:
    return tr(
        "{name}: {counted}, {file_size}, revision {revision}\n{folder}\nNext: studio train "
        "DATA --model {name}",
        name=event.name,
        counted=counted(event.files, "file"),
        file_size=file_size(event.size),
        revision=event.revision[:12],
        folder=event.folder,
    )
