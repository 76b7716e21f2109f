"""A whole run as a PEFT folder, with its checkpoints and Trainer's files; and PEFT folders, brought in."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from mlx import nn

from studio.errors import ModelError
from studio.export.chain import Adapter, adapter_in, merged
from studio.export.companions import copy_companions
from studio.export.likeness import SINGLE, ReadBack, Reference
from studio.export.mlx_adapter import chain_of
from studio.export.optimizer_state import write_optimizer_state
from studio.export.peft import to_peft
from studio.export.peft_import import check_layers, from_peft
from studio.export.trainer_files import trainer_state, training_args, write_json
from studio.generate.contestant import OpenContestant
from studio.models import adapter as adapters
from studio.models.adapter import ParentAdapter
from studio.models.targets import find_embeddings
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder


def write_peft(
    folder: Path, run: RunFolder, tuned: OpenContestant, parents: tuple[ParentAdapter, ...], recipe: Recipe
) -> None:
    """Fill a folder with the result and its checkpoints as PEFT adapters, the tokenizer, and Trainer's files.

    Raises ModelError where there is no such adapter.
    """
    stabilized = recipe.lora.rank_stabilized and not parents
    *before, last = chain_of(tuned, parents)
    to_peft(merged((*before, last)), tuned, stabilized).write(folder)
    copy_companions(tuned.folder, folder, run.template if run.template.is_file() else None)
    events = run.events()
    write_json(folder / "training_args.json", training_args(recipe, events))
    table = find_embeddings(tuned.bare())[0]
    for checkpoint in run.checkpoints():
        step = int(checkpoint.name.removeprefix("step-"))
        inside = folder / f"checkpoint-{step}"
        inside.mkdir()
        to_peft(merged((*before, adapter_in(checkpoint))), tuned, stabilized).write(inside)
        write_json(inside / "trainer_state.json", trainer_state(events, step))
        write_optimizer_state(inside, checkpoint, table, chained=bool(before))


def check_peft(folder: Path, tuned: OpenContestant, reference: Reference) -> ReadBack:
    """Read it by PEFT's own formulas onto the bare model. Raises ModelError where it answers otherwise."""
    model = tuned.bare()
    _put_on(model, from_peft(folder, model), tuned.folder)
    return reference.checked(model)


def import_peft(source: Path, folder: Path, model: nn.Module, bare: nn.Module, base: Path) -> Adapter:
    """Fill a folder with the adapter of a PEFT folder in mlx-lm's layout, and put it onto `model`.

    Raises ModelError with what cannot be brought in, and where a layer does not come out as PEFT has it.
    """
    found = from_peft(source, model)
    found.write(folder, str(base))
    adapters.read_onto(model, folder)
    difference = check_layers(from_peft(source, bare), model, bare)
    if not difference < SINGLE:
        raise ModelError("export.other_answers", difference=difference)
    return found


def _put_on(model: nn.Module, adapter: Adapter, base: Path) -> None:
    with TemporaryDirectory(prefix="studio-export-") as name:
        adapter.write(Path(name), str(base))
        adapters.read_onto(model, Path(name))
