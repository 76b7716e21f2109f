"""Files and folders that are brought together become one saved dataset."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.dataset.read.mapping import Mapping, UnknownColumns
from studio.errors import StudioError
from studio.events import DatasetSaved, Event
from studio.language import tr
from studio.words import counted

if TYPE_CHECKING:
    from studio.dataset.manifest import Manifest, SourceFile


@dataclass(frozen=True)
class BringJob:
    """Read files and folders together, and save what they hold as one dataset in `out`.

    With `again`, one that was made beside `out` of the very same files is taken instead.
    """

    paths: tuple[Path, ...]
    out: Path
    columns: str = ""  # as the recipe's data.columns
    again: bool = False

    @property
    def title(self) -> str:
        return tr("Bringing files together")

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.dataset.read.load import reading
        from studio.dataset.save.folder import save, sources_of
        from studio.dataset.save.target import check_sources
        from studio.dataset.steps.apply import apply

        check_sources(self.out, self.paths)
        if self.again and (known := self._made_before()) is not None:
            yield known
            return
        try:
            source = yield from reading(self.paths, Mapping.parse(self.columns) if self.columns else None)
        except UnknownColumns as error:
            yield error.question(str(self.paths[0]))
            raise
        shaped = yield from apply(source.records, (), source.given)
        manifest = yield from save(
            self.out,
            shaped,
            format=source.format,
            sources=sources_of(self.paths),
            problems=source.problems,
            columns=self.columns,
        )
        lost = len({problem.line for problem in source.problems if problem.severity == "error"})
        remarks = (
            (tr("Left out: {counted} that could not be read.", counted=counted(lost, "row")),) if lost else ()
        )
        yield _saved(self.out, manifest, remarks)

    def _made_before(self) -> DatasetSaved | None:
        """What was made of the same files, with the same columns, since they were written last."""
        from studio.dataset.manifest import Manifest, is_saved
        from studio.dataset.save.folder import sources_of

        sources: Sequence[SourceFile] | None = None
        for folder in sorted(self.out.parent.glob("[!.]*")):
            if not is_saved(folder):
                continue
            try:
                manifest = Manifest.read(folder)
                sources = sources_of(self.paths) if sources is None else sources
            except (StudioError, OSError):
                continue  # whoever reads it says what is wrong
            if manifest.sources == sources and manifest.columns == self.columns and not manifest.history:
                return _saved(folder, manifest, ())
        return None


def _saved(folder: Path, manifest: Manifest, remarks: tuple[str, ...]) -> DatasetSaved:
    rows = manifest.rows
    return DatasetSaved(
        path=str(folder),
        name=manifest.name,
        fingerprint=manifest.fingerprint,
        train=rows.get("train", 0),
        validation=rows.get("validation", 0),
        test=rows.get("test", 0),
        golden=rows.get("golden", 0),
        undivided=rows.get("", 0),
        remarks=remarks,
    )
