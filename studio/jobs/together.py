"""Where each of several processes that train together has its run: the first itself, the others a copy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.errors import RunError
from studio.files import scratch_folder
from studio.runs.folder import RunFolder
from studio.train.launcher import launched, rank


def meet() -> None:
    """Wait for the other processes: to be called first, as MLX gives up on those who come much later."""
    if launched():
        from studio.train.ranks import Ranks

        Ranks().number(0)


@contextmanager
def own_runs(runs: Path) -> Iterator[Path]:
    """Where this process makes a new run: under `runs`, or under a folder that is removed afterwards."""
    if rank() == 0:
        yield runs
        return
    with scratch_folder("run") as folder:
        yield folder


@contextmanager
def own_copy(run: RunFolder) -> Iterator[RunFolder]:
    """The run itself, or a copy of what is needed to go on with it, sent by the first process."""
    if not launched():
        yield run
        return
    from studio.train.checkpoint import latest
    from studio.train.ranks import Ranks

    with own_runs(run.path.parent) as runs:
        mine, names = RunFolder(runs / run.name), ["run.json"]
        if rank() == 0 and (newest := latest(run)) is not None:
            names += [str(file.relative_to(run.path)) for file in sorted(newest.iterdir())]
        names += [run.template.name] if rank() == 0 and run.template.exists() else []
        if rank() == 0:
            run.manifest()  # refuses what is not a run
        mine.path.mkdir(exist_ok=True)
        Ranks().files_from_first(mine.path, names)
        yield mine


def check_same(path: str, fingerprint: str) -> None:
    """Make sure that all processes read the same dataset. Raises RunError in all of them when they do not."""
    if not launched():
        return
    from studio.train.ranks import Ranks

    ranks = Ranks()
    differs = ranks.from_first(fingerprint.encode()).decode() != fingerprint
    if ranks.number(differs):
        raise RunError(f"{path} is not the same on all machines. Copy it to all of them, and train again.")
