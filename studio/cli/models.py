"""`studio models`: the models on this machine, what each is good for, deleted, or made into another form."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from studio.cli.options import paths_from
from studio.cli.parser import Group, StudioCommand
from studio.cli.results import CommandResult
from studio.cli.terminal import console, perform, report
from studio.errors import ModelError
from studio.events.models import (
    FITS,
    TIGHT,
    TOO_LARGE,
    ModelConverted,
    ModelDeleted,
    ModelFacts,
    ModelsFound,
    ModelShown,
)
from studio.jobs.models import ConvertModelJob, DeleteModelJob, ListModelsJob, ShowModelJob
from studio.language import tr
from studio.models.library.places import FOLDER
from studio.models.present import find_model
from studio.words import file_size, loss, memory, parameters, visible_line

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help=tr("The models on this machine: the Hub's cache, LM Studio's, Ollama's, and those made here."),
)

Name = Annotated[str, typer.Argument(metavar="NAME", help=tr("A model's name as listed, or its folder."))]
Folders = Annotated[
    list[Path] | None,
    typer.Option(
        "--in", metavar="FOLDER", help=tr("Look into this folder, too; may be given several times.")
    ),
]

_USES = {"chat": "chat", "lora": "LoRA", "qlora": "QLoRA", "full": tr("full fine-tuning")}
_FITS = {FITS: "fits", TIGHT: "tight", TOO_LARGE: tr("too large")}


@app.command("list", cls=StudioCommand)
def list_models(
    in_: Folders = None,
    fast: Annotated[
        bool, typer.Option("--fast", help=tr("Leave out what is not known yet of what fits here."))
    ] = False,
) -> None:
    """Every model on this machine with its parameters, bits, size, context, licence, and what fits here."""
    job = ListModelsJob(paths_from(), tuple(map(str, in_ or ())), weigh=not fast)
    found = [event for event in perform(job.run_events(None)) if isinstance(event, ModelsFound)][-1]
    result = of_models(found)
    report(result.document, result.text)


@app.command(cls=StudioCommand)
def show(name: Name) -> None:
    """One model's facts, files, template and card."""
    facts = _named(name)
    for event in perform(ShowModelJob(facts.place).run_events(None)):
        if isinstance(event, ModelShown):
            report(plain_facts(asdict(event)), "\n".join(_shown(event)))


@app.command(cls=StudioCommand)
def delete(
    name: Name,
    for_good: Annotated[
        bool, typer.Option("--for-good", help=tr("Delete it at once, instead of moving it to the Trash."))
    ] = False,
) -> None:
    """Move a model to the Trash; one in the Hub's cache is deleted, with all its revisions."""
    for event in perform(DeleteModelJob(_named(name), paths_from(), for_good).run_events(None)):
        if isinstance(event, ModelDeleted):
            freed = (
                tr("{file_size} are free again.", file_size=file_size(event.freed))
                if event.freed
                else tr("It is in the Trash.")
            )
            report(asdict(event), tr("Deleted {name}. {freed}", name=event.name, freed=freed))


@app.command(cls=StudioCommand)
def convert(
    name: Name,
    bits: Annotated[
        int,
        typer.Option(
            metavar="2|3|4|6|8", help=tr("Quantize the weights to so many bits."), show_default=False
        ),
    ] = 0,
    plain: Annotated[bool, typer.Option("--plain", help=tr("De-quantize the weights."))] = False,
    group: Annotated[int, typer.Option(help=tr("Weights that share a scale."))] = 64,
    mode: Annotated[
        Literal["affine", "mxfp4", "mxfp8", "nvfp4"], typer.Option(help=tr("How they are quantized."))
    ] = "affine",
    precision: Annotated[
        Literal["model", "float16", "bfloat16", "float32"],
        typer.Option(help=tr("Of what is not quantized; model: as it is.")),
    ] = "model",
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help=tr("A new folder; among the models made here if not named.")),
    ] = None,
) -> None:
    """Make a folder of a model in another form, or of a GGUF file one that can be trained; read it back."""
    facts = _named(name)
    if not bits and not plain and facts.form != "gguf" and precision == "model":
        raise ModelError("convert.no_form", name=facts.name)
    stem = re.sub(r"[^\w.-]+", "-", facts.name.rpartition("/")[2])
    form = f"{bits}bit" if bits else "plain" if facts.form != "gguf" else "mlx"
    job = ConvertModelJob(
        facts.place, out or paths_from().models / f"{stem}-{form}", bits, group, mode, precision
    )
    with console.status(tr("Loading MLX")):
        import studio.export.conversion  # noqa: F401
    for event in perform(job.run_events(None)):
        if isinstance(event, ModelConverted):
            result = of_conversion(event)
            report(result.document, result.text)


def of_conversion(event: ModelConverted) -> CommandResult:
    """What became of a model, and what that cost it."""
    lines = [
        event.folder,
        tr(
            "{file_size}, {bits_before:g} bits -> {file_size2}, {bits_after:g} bits",
            file_size=file_size(event.size_before),
            bits_before=event.bits_before,
            file_size2=file_size(event.size_after),
            bits_after=event.bits_after,
        ),
        tr(
            "Loss on ordinary text: {loss} -> {loss2}; logits differ by {difference:.2g} of their norm.",
            loss=loss(event.loss_before),
            loss2=loss(event.loss_after),
            difference=event.difference,
        ),
        *map(str, event.remarks),
        tr("Next: studio train DATA --model {folder}", folder=event.folder),
    ]
    document = {**asdict(event), "remarks": [str(each) for each in event.remarks]}
    return CommandResult(document, "\n".join(lines))


def _named(name: str) -> ModelFacts:
    """The model of this name, or in this folder. Raises ModelError where there is none."""
    paths, place = paths_from(), Path(name).expanduser()
    if place.exists():
        place = place.absolute()
        found = ListModelsJob(paths, (str(place),), weigh=False).run_events(None)
        models = next(event.models for event in found if isinstance(event, ModelsFound))
        same = (each for each in models if Path(each.place).resolve() == place.resolve())
        if facts := next(same, None):
            return facts
    facts = find_model(name, paths.models)
    if facts is None:
        raise ModelError("library.unknown", name=name)
    return facts


def of_models(found: ModelsFound) -> CommandResult:
    """The models, a line for each, and the places that could not be looked into."""
    remarks = [str(remark) for remark in found.remarks]
    document = {"models": [plain_facts(asdict(facts)) for facts in found.models], "remarks": remarks}
    lines = [line for facts in found.models for line in facts_lines(facts)]
    return CommandResult(document, "\n".join([*lines, *remarks]))


def facts_lines(facts: ModelFacts) -> list[str]:
    """What is known of a model, in a line, and in a second what it can be used for, or why it cannot."""
    context = tr("{context:,} tokens", context=facts.context) if facts.context else ""
    bits = tr("{bits:g} bits", bits=facts.bits) if facts.bits else ""
    known = (
        facts.architecture,
        parameters(facts.parameters) if facts.parameters else "",
        bits,
        file_size(facts.size),
        context,
    )
    lines = [visible_line(f"{facts.name}  {'  '.join(filter(None, (*known, facts.license)))}")]
    if facts.problem is not None:
        lines.append(f"    {visible_line(str(facts.problem))}")
    elif facts.uses:
        uses = (f"{_USES[use.use]} {_FITS.get(use.fits, '?')} ({memory(use.size)})" for use in facts.uses)
        converted = tr("once converted: ") if facts.form == "gguf" else ""
        lines.append(f"    {converted}{', '.join(uses)}")
    if facts.form == "gguf" and facts.problem is None:
        called = shlex.quote(facts.place if facts.source == FOLDER else facts.name)
        lines.append(tr("    To train it: studio models convert {called}", called=called))
    return lines


def _shown(shown: ModelShown) -> Sequence[str]:
    facts = shown.facts
    lines = [*facts_lines(facts), f"    {facts.place}"]
    lines += [f"    {visible_line(file.name)} ({file_size(file.size)})" for file in shown.files]
    if shown.license_page:
        lines.append(tr("Licence: {visible_line}", visible_line=visible_line(shown.license_page)))
    if shown.template:
        lines += ["", tr("Chat template:"), shown.template]
    if shown.card:
        lines += ["", shown.card]
    return lines


def plain_facts(document: dict[str, Any]) -> dict[str, Any]:
    """As JSON has it: of a problem the sentence, too."""
    for facts in (document, document.get("facts")):
        if isinstance(facts, dict) and facts.get("problem") is not None:
            facts["problem"] = str(facts["problem"])
    return document
