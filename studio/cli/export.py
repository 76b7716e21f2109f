"""`studio export`: a run's result in the form of other tools; `studio import`: an adapter of PEFT's."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from studio.cli.options import ChangedBase, Run, paths_from, store_from
from studio.cli.parser import StudioCommand
from studio.cli.results import CommandResult
from studio.cli.terminal import console, perform, report
from studio.events import AdapterImported, Exported, Uploaded
from studio.jobs.export import AdapterImportJob, RunExportJob, next_step
from studio.jobs.publish import RunPublishJob
from studio.language import tr
from studio.models.present import named_model
from studio.words import counted, file_size

type Target = Literal["mlx", "peft", "fused", "gguf", "ollama", "hub"]
type Published = Literal["mlx", "peft", "fused", "gguf"]


def export(
    run: Run,
    to: Annotated[
        Target,
        typer.Option(
            "--to", help=tr("An adapter as mlx-lm's or PEFT's; a whole model: fused, gguf, ollama; hub.")
        ),
    ] = "mlx",
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help=tr("A new folder; RUN-TARGET here if not named."))
    ] = None,
    weights: Annotated[
        Literal["auto", "keep", "plain"],
        typer.Option(
            help=tr(
                "Of a quantized model made whole: quantize again (keep), or not (plain); auto keeps where "
                "at most 5 % of what was learned is lost."
            )
        ),
    ] = "auto",
    precision: Annotated[
        Literal["f16", "bf16", "q8_0", "q4_0", "q4_k_m", "q5_k_m", "q6_k"],
        typer.Option(
            "--type",
            help=tr(
                "How a GGUF file stores the weights: in 16, 8 or 4 bits; in K-quants (q4_k_m, q5_k_m, q6_k) "
                "where llama.cpp's llama-quantize is installed."
            ),
        ),
    ] = "f16",
    ollama_name: Annotated[
        str,
        typer.Option(
            "--create", metavar="NAME", help=tr("With ollama: create the model there, and ask it something.")
        ),
    ] = "",
    prompt: Annotated[
        str, typer.Option(metavar="TEXT", help=tr("Ask this before and after, and show both answers."))
    ] = "",
    repository: Annotated[
        str, typer.Option(metavar="OWNER/NAME", help=tr("With hub: where it goes, private if it is new."))
    ] = "",
    public: Annotated[
        bool, typer.Option("--public", help=tr("With hub: a new repository is for everybody to see."))
    ] = False,
    form: Annotated[
        Published, typer.Option(help=tr("With hub: in which of the other forms it goes."))
    ] = "mlx",
    changed_base: ChangedBase = False,
) -> None:
    """Write a run's result for other tools, read it back, and compare its logits with the run's model."""
    found = store_from().find(run)
    if to == "hub":
        _publish(RunPublishJob(found, repository, form, not public, "", weights, precision, changed_base))
        return
    folder = out or Path(f"{found.name}-{to}")
    job = RunExportJob(found, to, folder, weights, precision, changed_base, ollama_name, prompt)
    with console.status(tr("Loading MLX")):
        from studio.models.cache import ModelCache
    for event in perform(job.run_events(ModelCache())):
        if isinstance(event, Exported):
            result = of_export(event, next_step(event, found))
            report(result.document, result.text)


def _publish(job: RunPublishJob) -> None:
    with console.status(tr("Loading MLX")):
        from studio.models.cache import ModelCache
    exported: Exported | None = None
    for event in perform(job.run_events(ModelCache())):
        if isinstance(event, Exported):
            exported = event
        if isinstance(event, Uploaded) and exported is not None:
            document = of_export(exported, "").document
            del document["folder"]  # it was there for the upload only
            report({**document, "address": event.address}, f"{event.address}")


def import_adapter(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help=tr("A folder that PEFT saved an adapter in."))
    ],
    model: Annotated[
        str,
        typer.Option(help=tr("The model it was trained on; the one it names, where that is a folder here.")),
    ] = "",
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help=tr("A new folder; FOLDER-mlx here if not named."))
    ] = None,
) -> None:
    """Bring in a PEFT adapter (LoRA, rank-stabilized LoRA, DoRA), so that runs can go on from it."""
    base = named_model(model, paths_from().models) if model else ""
    job = AdapterImportJob(folder, out or Path(f"{folder.absolute().name}-mlx"), base)
    with console.status(tr("Loading MLX")):
        from studio.models.cache import ModelCache
    for event in perform(job.run_events(ModelCache())):
        if isinstance(event, AdapterImported):
            text = tr(
                "{folder}: {form}, rank {rank}, on {counted}\nNext: studio train DATA --model "
                "{model} --set adapter={folder}",
                folder=event.folder,
                form=event.form,
                rank=event.rank,
                counted=counted(event.layers, "layer"),
                model=event.model,
            )
            report(asdict(event), text)


def of_export(event: Exported, following: str) -> CommandResult:
    """What was written, how faithful it is, and how it is used."""
    lines = [
        f"{event.folder} ({counted(len(event.files), 'file')}, {file_size(event.size)})",
        tr(
            "Read back: logits differ by {difference:.2g} of their norm; the same likeliest "
            "token at {same} of {places} places.",
            difference=event.difference,
            same=event.same,
            places=event.places,
        ),
        *(
            [tr("Before: {before}", before=event.before), tr("After: {after}", after=event.after)]
            if event.prompt
            else []
        ),
        *map(str, event.remarks),
        tr("Next: {following}", following=following),
    ]
    document: dict[str, Any] = {**asdict(event), "remarks": [str(each) for each in event.remarks]}
    return CommandResult(document, "\n".join(lines))


def register(app: typer.Typer) -> None:
    """Add these commands to `studio`."""
    app.command(cls=StudioCommand)(export)
    app.command("import", cls=StudioCommand)(import_adapter)
