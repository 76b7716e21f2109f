"""The result of a run, the folder `adapter/`: which step it is of, and another checkpoint in its place.

Training keeps the checkpoint with the lowest validation loss. A person may prefer another, for instance an
earlier one that has forgotten less: it takes the place of the result whole or not at all, and what stood
there is kept beside, so that it can be taken back.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from studio.errors import RunError
from studio.files import check_proof, disk_errors, parsed, restore, share, whole_folder, write_proof
from studio.runs.folder import RunFolder
from studio.runs.parents import FILES

CONFIG, WEIGHTS = FILES
STEP, CHOSEN = "step", "chosen"
"""What the configuration of a result says of itself: its step, and that a person chose it."""
REPLACED = "replaced"
"""The folder in a run for results that gave way to a chosen one."""


@dataclass(frozen=True)
class ResultTaken:
    """What happened when a checkpoint was taken: the step before, the step now, and where the former is kept.

    `kept` is None where there was nothing to keep: the run had no result, or it was of this step already.
    """

    before: int
    step: int
    kept: Path | None


def result_steps(run: RunFolder) -> tuple[int, ...]:
    """The steps that can be made the run's result: those of its checkpoints, and of results that gave way."""
    found = [*run.checkpoints(), *(run.path / REPLACED).glob("step-*")]
    steps = {folder.name.removeprefix("step-") for folder in found}
    return tuple(sorted(int(step) for step in steps if step.isdigit()))


def take_checkpoint(run: RunFolder, step: int) -> ResultTaken:
    """Make the weights of a step the run's result, whole or not at all; the present result is kept.

    Raises RunError where the run is in use, has no such checkpoint, or one is damaged; DiskError where there
    is no room.
    """
    run.manifest()  # raises where this is no run
    with run.held(), disk_errors(run.path):
        restore(run.adapter)
        source = folder_of_step(run, step)
        before = result_step(run)
        if before == step and _same(source, run.adapter):
            return ResultTaken(before, step, None)
        kept = _keep(run, before)
        described = {**_described(source), STEP: step, CHOSEN: True}
        with whole_folder(run.adapter) as inside:
            share(source / WEIGHTS, inside / WEIGHTS)
            (inside / CONFIG).write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
            write_proof(inside)
    return ResultTaken(before, step, kept)


def is_chosen(adapter: Path) -> bool:
    """Whether a person chose the result in this folder, and not training."""
    try:
        return bool(_described(adapter).get(CHOSEN))
    except RunError:
        return False


def folder_of_step(run: RunFolder, step: int) -> Path:
    """The folder with the weights of a step, proven to be as it was written. Raises RunError."""
    places = (run.path / "checkpoints", run.path / REPLACED)
    found = next((folder for place in places if (folder := place / _name(step)).is_dir()), None)
    if found is None or not all((found / name).is_file() for name in FILES):
        there = ", ".join(str(each) for each in result_steps(run))
        raise RunError("contestant.no_checkpoint", run=run.name, step=step, there=there or "none")
    check_proof(found)
    return found


def _keep(run: RunFolder, step: int) -> Path | None:
    """Keep the present result beside; the files are shared, where the disk can."""
    if not all((run.adapter / name).is_file() for name in FILES):
        return None
    target = run.path / REPLACED / _name(step)
    if target.is_dir() and _same(target, run.adapter):
        return target
    target = _free(target)
    with whole_folder(target) as inside:
        for file in sorted(run.adapter.iterdir()):
            if file.is_file():
                share(file, inside / file.name)
    return target


def _free(target: Path) -> Path:
    """A name that nothing has: results of one step differ where a run was trained on after one was taken."""
    number, found = 2, target
    while found.exists():
        number, found = number + 1, target.with_name(f"{target.name}-{number}")
    return found


def _same(one: Path, other: Path) -> bool:
    """Whether two folders hold the same weights, byte by byte."""
    files = [folder / WEIGHTS for folder in (one, other)]
    if not all(file.is_file() for file in files):
        return False
    if files[0].samefile(files[1]):
        return True
    return files[0].stat().st_size == files[1].stat().st_size and _blocks_agree(*files)


def _blocks_agree(one: Path, other: Path) -> bool:
    with one.open("rb") as first, other.open("rb") as second:
        while block := first.read(2**22):
            if block != second.read(2**22):
                return False
        return not second.read(1)


def _described(folder: Path) -> dict[str, object]:
    """The configuration of an adapter. Raises RunError where it cannot be read."""
    file = folder / CONFIG
    try:
        found = parsed(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError("disk.unreadable", file=file, fault=error) from error
    if not isinstance(found, dict):
        raise RunError("disk.no_object", file=file, advice="")
    return found


def result_step(run: RunFolder) -> int:
    """The step that the run's result is of; 0 where an earlier release did not say."""
    try:
        step = _described(run.adapter).get(STEP)
    except RunError:
        return 0
    return step if isinstance(step, int) and step > 0 else 0


def _name(step: int) -> str:
    return f"step-{step:06d}"
