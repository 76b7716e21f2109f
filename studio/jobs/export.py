"""Jobs that take a run's result elsewhere: as an adapter, as a whole model, in other tools' formats."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.catalogue import Said, phrase
from studio.events import Event, Exported, Progress
from studio.files import whole_folder
from studio.generate.contestant import BASE, TUNED, Contestant, OpenContestant
from studio.jobs.base import from_kept_parents
from studio.jobs.contestants import open_contestants
from studio.jobs.train import recipe_of
from studio.models.folder import read_config
from studio.runs.folder import RunFolder

if TYPE_CHECKING:
    from studio.export.likeness import Likeness, Reference
    from studio.models.adapter import ParentAdapter
    from studio.models.cache import ModelCache

MLX, FUSED = "mlx", "fused"
PROBE = 128
"""Tokens of ordinary text on which what was written is compared with the run's model."""


@dataclass(frozen=True)
class RunExportJob:
    """Write a run's result into the new folder `out`, in the form of a target, once it proves to be right.

    `weights` says what becomes of quantized weights in a whole model: auto, keep or plain.
    """

    run: RunFolder
    target: str
    out: Path
    weights: str = "auto"
    changed_base: bool = False

    @property
    def title(self) -> str:
        return f"Exporting {self.run.name}"

    def run_events(self, model_cache: ModelCache) -> Generator[Event]:
        """Opens base and tuned, writes, reads back. Raises StudioError with what cannot be and what can."""
        from studio.export.companions import check_place, files_in

        out = self.out.expanduser().absolute()
        check_place(out, [self.run.path])
        opened = yield from self._opened(model_cache)
        check_place(out, [opened.tuned.folder])
        yield Progress("Writing", 1, 3)
        with whole_folder(out) as folder:
            found, remarks = yield from _TARGETS[self.target](self, opened, folder)
        yield Progress("Written", 3, 3)
        files, size = files_in(out)
        alike = found.difference, found.same, found.places, found.lost
        yield Exported(self.target, str(out), files, size, *alike, remarks)

    def _opened(self, model_cache: ModelCache) -> Generator[Event, None, _Opened]:
        from studio.export.likeness import Reference
        from studio.train.prepare import form_of, general_text, parents_of

        who = [Contestant(kind=BASE), Contestant(kind=TUNED)]
        base, tuned = yield from open_contestants(self.run, who, model_cache, changed_base=self.changed_base)
        yield Progress("Reading with base and tuned", 0, 3)
        rows = [tokens.ids for tokens in general_text(tuned.renderer, PROBE)]
        manifest = self.run.manifest()
        recipe = from_kept_parents(recipe_of(manifest), self.run, manifest)
        bits = form_of(recipe).resolved(read_config(tuned.folder)).bits
        return _Opened(tuned, parents_of(recipe), Reference.of(rows, base.module, tuned.module), bits)


@dataclass(frozen=True)
class _Opened:
    """A run's model and what it is compared by; `bits` where its weights were quantized for it here."""

    tuned: OpenContestant
    parents: tuple[ParentAdapter, ...]
    reference: Reference
    bits: int

    def remarks(self) -> tuple[Said, ...]:
        """What a person should know who takes the adapter alone."""
        merged = phrase("export.merged", count=len(self.parents) + 1) if self.parents else None
        here = phrase("export.quantized_here", bits=self.bits) if self.bits else None
        return tuple(filter(None, (merged, here)))


type _Written = Generator[Event, None, tuple[Likeness, tuple[Said, ...]]]


def _mlx(job: RunExportJob, opened: _Opened, folder: Path) -> _Written:
    from studio.export.mlx_adapter import check_adapter, write_adapter

    write_adapter(folder, opened.tuned, opened.parents)
    yield Progress("Reading it back", 2, 3)
    return check_adapter(folder, opened.tuned, opened.reference), opened.remarks()


def _fused(job: RunExportJob, opened: _Opened, folder: Path) -> _Written:
    from studio.export.fused import check_fused, fuse, write_fused

    fused = fuse(opened.tuned, opened.reference, job.weights)
    write_fused(folder, fused, opened.tuned)
    yield Progress("Reading it back", 2, 3)
    found = check_fused(folder, fused, opened.reference)
    return found, tuple(_losses(fused.quantized, fused.lost, found.lost))


def _losses(quantized: bool, requantized: float | None, lost: float | None) -> Iterator[Said]:
    """What is said of what was lost, or would have been."""
    if requantized is not None:
        code = "export.requantized" if quantized else "export.dequantized"
        yield phrase(code, lost=requantized)
    elif lost is not None and lost > 0.001:
        yield phrase("export.rounded", lost=lost)


_TARGETS: dict[str, Callable[[RunExportJob, _Opened, Path], _Written]] = {MLX: _mlx, FUSED: _fused}
TARGETS = tuple(_TARGETS)
"""What a run's result can be written as."""
