"""Checkpoints: everything a run needs to go on as if it had never stopped."""

from __future__ import annotations

import errno
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx

from studio.catalogue import Unusable, phrase
from studio.errors import RunError
from studio.files import check_proof, parsed, whole_folder, write_proof
from studio.models import adapter, arrays
from studio.runs.folder import RunFolder
from studio.train.schedule import Schedule

OPTIMIZER = "optimizer.safetensors"
POSITION = "position.json"
_MOST = 10**12
"""More steps, rows or tokens than any run counts."""


@dataclass(frozen=True)
class Position:
    """Where a run stands. Data order and randomness are functions of the recipe's seed and the step."""

    step: int = 0
    validated: int = -1  # the last step whose validation was finished
    best_step: int = 0
    best_loss: float = float("inf")
    stale: int = 0  # validations since the best one
    bad: int = 0  # updates skipped in a row
    seconds: float = 0.0  # time spent training, over all sessions
    every: int = 0  # the run's Schedule, settled when it began; runs of the first release have none
    rows: int = 0
    probe: int = 0
    mlx_attention: int = -1  # 1 where attention is MLX's own, 0 where ours, as measured when it began
    mark: int = -1  # of the tensors in adapter/; runs of earlier releases have none

    @property
    def schedule(self) -> Schedule:
        """When the run is validated, and on what."""
        return Schedule(self.every, self.rows, self.probe)


def write(
    run: RunFolder,
    position: Position,
    weights: dict[str, mx.array],
    state: dict[str, Any],
    made_for: dict[str, Any],
) -> Path:
    """Save adapter, optimizer and position as `checkpoints/step-…`, whole or not at all."""
    target = run.path / "checkpoints" / f"step-{position.step:06d}"
    with whole_folder(target) as folder:
        _put_adapter(folder, weights, made_for)
        _save(folder / OPTIMIZER, arrays.named(state))
        text = json.dumps(asdict(position), indent=2)
        (folder / POSITION).write_text(text + "\n", encoding="utf-8")
        write_proof(folder)
    return target


def write_adapter(run: RunFolder, weights: dict[str, mx.array], made_for: dict[str, Any], step: int) -> None:
    """Make `weights` as of `step` the run's result: the folder `adapter/`, in mlx-lm's own layout."""
    with whole_folder(run.adapter) as folder:
        _put_adapter(folder, weights, {**made_for, adapter.STEP: step})
        write_proof(folder)


def check_adapter(run: RunFolder) -> bool:
    """Whether checksums prove the run's result. Raises RunError naming a file that is damaged."""
    try:
        proven = check_proof(run.adapter)
        if not proven:
            file = run.adapter / adapter.WEIGHTS
            arrays.check_finite(arrays.read(file), file)
            parsed((run.adapter / adapter.CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, RuntimeError, RecursionError) as error:
        weights, config = adapter.WEIGHTS, adapter.CONFIG
        raise RunError(
            "train.adapter_damaged", folder=run.adapter, fault=error, weights=weights, config=config
        ) from error
    return proven


def latest(run: RunFolder) -> Path | None:
    """The newest checkpoint, or None when the run has none yet."""
    found = run.checkpoints()
    return found[-1] if found else None


def read(folder: Path) -> tuple[Position, dict[str, mx.array], dict[str, Any]]:
    """Position, adapter arrays and optimizer state. Raises RunError naming the folder when it is damaged."""
    try:
        check_proof(folder)
        weights = arrays.read(folder / adapter.WEIGHTS)
        arrays.check_finite(weights, folder / adapter.WEIGHTS)
        state = arrays.nested(arrays.read(folder / OPTIMIZER))
    except (OSError, ValueError, TypeError, RuntimeError, RecursionError, RunError) as error:
        raise _damaged(folder, error) from error
    return position_of(folder), weights, state


def position_of(folder: Path) -> Position:
    """Where the run stood. Raises RunError naming the folder when it is damaged."""
    try:
        position = Position(**parsed((folder / POSITION).read_text(encoding="utf-8")))
        _check(position)
    except (OSError, ValueError, TypeError, RecursionError) as error:
        fault = error.phrase if isinstance(error, Unusable) else str(error)
        raise _damaged(folder, phrase("checkpoint.in_file", file=POSITION, fault=fault)) from error
    return position


def _check(position: Position) -> None:
    """Raise Unusable for what is no position."""
    for name, value in asdict(position).items():
        kind = int | float if name in ("best_loss", "seconds") else int
        if isinstance(value, bool) or not isinstance(value, kind) or (kind is int and abs(value) > _MOST):
            raise Unusable("checkpoint.value", name=name, value=str(value)[:40])


def _damaged(folder: Path, error: object) -> RunError:
    return RunError("checkpoint.damaged", folder=folder, fault=error)


def prune(run: RunFolder, keep: int, best_step: int) -> None:
    """Remove all checkpoints but the last `keep` and the one of the best validation loss."""
    for folder in run.checkpoints()[:-keep]:
        if folder.name != f"step-{best_step:06d}":
            shutil.rmtree(folder, ignore_errors=True)


def _put_adapter(folder: Path, weights: dict[str, mx.array], made_for: dict[str, Any]) -> None:
    _save(folder / adapter.WEIGHTS, weights)
    (folder / adapter.CONFIG).write_text(json.dumps(made_for, indent=2) + "\n", encoding="utf-8")


def _save(file: Path, items: dict[str, mx.array]) -> None:
    """Write arrays and make sure that they arrived: MLX names a full disk in its own way, or not at all."""
    try:
        mx.save_safetensors(str(file), items)
    except RuntimeError as error:
        if "[write]" not in str(error):
            raise
        raise OSError(errno.ENOSPC, "No space left on device", str(file)) from error
    if file.stat().st_size < sum(array.nbytes for array in items.values()):
        raise OSError(errno.ENOSPC, "No space left on device", str(file))
