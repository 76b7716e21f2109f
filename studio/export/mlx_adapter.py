"""A run's result as an adapter that mlx-lm's own commands take: `mlx_lm.generate --adapter-path FOLDER`."""

from __future__ import annotations

import shutil
from pathlib import Path

from mlx_lm.tuner.utils import load_adapters

from studio.errors import ModelError
from studio.export.chain import Adapter, adapter_in, merged
from studio.export.likeness import ReadBack, Reference
from studio.files import as_json, parsed, write_proof
from studio.generate.contestant import OpenContestant
from studio.models.adapter import CONFIG, STEP, WEIGHTS, ParentAdapter


def chain_of(tuned: OpenContestant, parents: tuple[ParentAdapter, ...]) -> tuple[Adapter, ...]:
    """The adapters of a run's result, the oldest first."""
    return tuple(map(adapter_in, (*(parent.folder for parent in parents), result_of(tuned))))


def result_of(tuned: OpenContestant) -> Path:
    """Where what a run trained was read. Raises ModelError for a contestant without."""
    if tuned.adapter is None:
        raise ModelError("export.nothing_trained", title=tuned.title)
    return tuned.adapter


def write_adapter(folder: Path, tuned: OpenContestant, parents: tuple[ParentAdapter, ...]) -> None:
    """Fill a folder with one adapter for the original model. Raises ModelError where there is none such."""
    if parents:
        merged(chain_of(tuned, parents)).write(folder, str(tuned.folder))
        return
    source = result_of(tuned)
    described = parsed((source / CONFIG).read_text(encoding="utf-8"))
    described = {name: value for name, value in described.items() if name not in (STEP, "parents")}
    shutil.copyfile(source / WEIGHTS, folder / WEIGHTS)
    text = as_json({**described, "model": str(tuned.folder)}, indent=2) + "\n"
    (folder / CONFIG).write_text(text, encoding="utf-8")
    write_proof(folder)


def check_adapter(folder: Path, tuned: OpenContestant, reference: Reference) -> ReadBack:
    """Read it as mlx-lm does, onto the bare model. Raises ModelError where it answers otherwise."""
    model = tuned.bare()
    try:
        load_adapters(model, str(folder))
    except (ValueError, KeyError, AttributeError, RuntimeError) as error:
        raise ModelError("export.unreadable", fault=error) from error
    return reference.checked(model)
