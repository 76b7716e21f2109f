"""A dataset on the disk: saved whole or not at all, and read back as it was."""

from __future__ import annotations

import json
from collections.abc import Collection, Generator, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from studio import __version__
from studio.dataset.identity import Fingerprint, content_fingerprint
from studio.dataset.read.folders import GOLDEN_FILE
from studio.dataset.record import Record
from studio.dataset.save.card import Statistics, card
from studio.dataset.save.export import golden_row
from studio.dataset.save.manifest import NAME, Manifest, SourceFile, StepCount, counted, sha256
from studio.dataset.save.target import CARD, check_folder
from studio.dataset.split import GOLDEN, PARTS
from studio.dataset.steps.result import Count
from studio.dataset.steps.steps import AnyStep
from studio.errors import DataError
from studio.events import Problem, Progress
from studio.files import whole_folder
from studio.words import printable


class Savable(Protocol):
    """A dataset after its steps; the rows of each part can be gone through more than once."""

    @property
    def counts(self) -> Sequence[Count]: ...
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
        raise DataError("There are no rows to save. Change or remove the steps that leave none.")
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
            remarks=tuple(_sentence(remark) for remark in shaped.remarks),
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


def read_saved(folder: Path) -> Generator[Progress, None, tuple[Manifest, dict[str, tuple[Record, ...]]]]:
    """The manifest and the records of each part, their lines counted from 1 through all parts.

    Raises DataError when anything in the folder is not as it was saved.
    """
    from studio.dataset.save.parquet import read_part

    manifest = Manifest.read(folder)
    _check_files(folder, manifest)
    parts: dict[str, list[Record]] = {}
    total, line = sum(file.rows for file in manifest.files), 0
    for file in manifest.files:
        for records in read_part(folder / file.file, line):
            parts.setdefault(file.part, []).extend(records)
            line += len(records)
            yield Progress("rows read", line, total)
    whole = {name: tuple(records) for name, records in parts.items()}
    if content_fingerprint(whole) != manifest.fingerprint:
        raise DataError(_changed(folder, NAME))
    return manifest, whole


def _check_files(folder: Path, manifest: Manifest) -> None:
    for file in manifest.files:
        path = folder / file.file
        if path.name != file.file or not path.is_file():
            raise DataError(f"{folder} lacks {file.file}. Copy the whole folder, or save the dataset again.")
        if sha256(path) != file.sha256:
            raise DataError(_changed(folder, file.file))


def _changed(folder: Path, name: str) -> str:
    return (
        f"{name} in {folder} is not as it was saved: its fingerprint differs from the one in {NAME}. Restore "
        "the file, or save the dataset again; to change rows, open the dataset in the app."
    )


def _sentence(remark: Problem) -> str:
    return f"Row {remark.line:,} {remark.reason}." if remark.line else f"{remark.reason}."
