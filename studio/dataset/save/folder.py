"""A dataset on the disk: saved whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Collection, Generator, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from studio import __version__
from studio.dataset.identity import Fingerprint
from studio.dataset.manifest import NAME, Manifest, SourceFile, StepCount, counted, is_saved, sha256
from studio.dataset.read.folders import GOLDEN_FILE, files_of
from studio.dataset.record import Record
from studio.dataset.save.card import Statistics, card
from studio.dataset.save.export import golden_row
from studio.dataset.save.target import CARD, check_folder
from studio.dataset.split import GOLDEN, PARTS
from studio.dataset.steps.result import remark_sentence
from studio.dataset.steps.steps import AnyStep
from studio.errors import DataError
from studio.events import Problem, Progress, StepRows
from studio.files import whole_folder
from studio.words import printable


class Savable(Protocol):
    """A dataset after its steps; the rows of each part can be gone through more than once."""

    @property
    def counts(self) -> Sequence[StepRows]: ...
    @property
    def remarks(self) -> Sequence[Problem]: ...
    def part(self, name: str) -> Collection[Record]: ...


def save(
    folder: Path,
    shaped: Savable,
    *,
    format: str,
    steps: Sequence[AnyStep] = (),
    sources: Sequence[SourceFile] = (),
    problems: Iterable[Problem] = (),
    columns: str = "",
) -> Generator[Progress, None, Manifest]:
    """Write the dataset as a folder; whatever interrupts it, a half-written one is never left.

    A dataset saved there before is replaced. Raises TargetError when the folder holds anything else,
    DataError when there is nothing to save; DiskError when the disk refuses.
    """
    from studio.dataset.save.parquet import write_parts

    shown, folder = folder.name, folder.expanduser().resolve()
    parts = {name: part for name in PARTS if (part := shaped.part(name))}
    if not parts:
        raise DataError("saved.no_rows")
    check_folder(folder)
    fingerprint, statistics = Fingerprint(), {name: Statistics() for name in parts}

    def see(record: Record, part: str) -> None:
        fingerprint.add(record, part)
        statistics[part].add(record)

    with whole_folder(folder) as temporary:
        files = yield from write_parts(temporary, parts, see)
        manifest = Manifest(
            name=printable(shown or folder.name),
            format=format,
            columns=columns,
            fingerprint=fingerprint.text,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            app_version=__version__,
            rows={name: len(part) for name, part in parts.items()},
            sources=tuple(sources),
            history=tuple(step.model_dump(mode="json") for step in steps),
            counts=tuple(StepCount(words=c.words, before=c.before, after=c.after) for c in shaped.counts),
            remarks=tuple(map(remark_sentence, shaped.remarks)),
            problems=counted(problems),
            files=files,
        )
        texts = {CARD: card(manifest, statistics)}
        if golden := parts.get(GOLDEN):
            lines = [json.dumps(golden_row(record), ensure_ascii=False) for record in golden]
            texts[GOLDEN_FILE] = "\n".join(lines) + "\n"
        for each, text in texts.items():
            (temporary / each).write_text(text, encoding="utf-8")
        digests = {each: sha256(temporary / each) for each in texts}
        manifest = manifest.model_copy(update={"texts": digests})
        (temporary / NAME).write_text(manifest.text(folder), encoding="utf-8")
        check_folder(folder)  # again: what came there meanwhile is not lost either
    return manifest


def sources_of(paths: Sequence[Path]) -> tuple[SourceFile, ...]:
    """The files behind what was chosen; of a saved dataset its manifest, which names its own."""
    found: list[Path] = []
    for path in paths:
        found += [path / NAME] if is_saved(path) else [file.path for file in files_of(path)]
    return tuple(SourceFile.of(path) for path in found)
