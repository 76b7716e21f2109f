"""One run on disk: plain files a person can read with `cat` and copy to another Mac."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from studio import __version__
from studio.catalogue import Phrase
from studio.errors import RunError, RunMissing
from studio.events import Ended, Event, Log, Prepared, Step, Validated, from_json, to_json
from studio.files import NewerFile, as_json, disk_errors, parsed, read_object, tidy, version_of, write_text
from studio.files.journal import Journal
from studio.files.lock import held, is_held
from studio.process import secrets
from studio.runs import training_log
from studio.words import redacted, without_keys

_EVENT = '{"kind": "'  # how each line of events begins
NOTES = "notes.txt"
FORMAT = 2
"""What `run.json` says of how a run is written; the runs of releases before it was said are of format 1, and
train no answer that a template rewrites."""


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run.

    `run.json` is what was asked, `dataset/` the rows it trains on, `parents/` the adapters it goes on from,
    `events.jsonl` what happened, `training_log.txt` and `.json` the same for people and for other tools,
    `checkpoints/step-000500/` where it can go on, `adapter/` the best adapter
    in mlx-lm's layout, `replaced/` those that gave way to a chosen one, `evaluations/` what was measured.
    """

    path: Path

    @classmethod
    def create(cls, runs: Path, name: str, manifest: dict[str, Any]) -> RunFolder:
        """A new folder under `runs` called `name`, or `name-2`, `name-3` … when that is taken."""
        described = {
            "format": FORMAT,
            "created": datetime.now(UTC).isoformat(),
            **manifest,
            **surroundings(),
        }
        with disk_errors(runs):
            runs.mkdir(parents=True, exist_ok=True)
            run = cls(_reserve(runs, clean_name(name)))
        try:
            write_text(run.path / "run.json", as_json(described, indent=2) + "\n")
        except BaseException:
            run.path.rmdir()
            raise
        return run

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def adapter(self) -> Path:
        return self.path / "adapter"

    @property
    def notes(self) -> str:
        """What the person wrote about the run."""
        try:
            return (self.path / NOTES).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def write_notes(self, text: str) -> None:
        """Keep what the person says about the run; nothing where that is nothing. Raises DiskError."""
        with disk_errors(self.path):
            if text.strip():
                write_text(self.path / NOTES, text)
            else:
                (self.path / NOTES).unlink(missing_ok=True)

    @property
    def dataset(self) -> Path:
        """The rows that the run trains on, as a saved dataset; runs of earlier releases have none."""
        return self.path / "dataset"

    def parents(self) -> tuple[Path, ...]:
        """The adapters that the run goes on from, the oldest first; see `studio.runs.parents`."""
        return tuple(sorted((self.path / "parents").glob("[0-9]*")))

    @property
    def template(self) -> Path:
        """The chat template of the person's own that the run was made with, where it was made with one."""
        return self.path / "template.jinja"

    def keep_template(self, text: str) -> None:
        """Keep such a template."""
        write_text(self.template, text)

    @property
    def evaluations(self) -> Path:
        return self.path / "evaluations"

    @property
    def cache(self) -> Path:
        """What may be deleted at any time: computed once, and shared by the runs in this place."""
        return self.path.parent / ".cache"

    def manifest(self) -> dict[str, Any]:
        """What was asked. Raises RunError when the folder is not a run or `run.json` is damaged."""
        file = self.path / "run.json"
        found = read_object(file, RunError, RunMissing("run.no_manifest", folder=self.path))
        if not isinstance(found.get("recipe"), dict):
            raise RunError("run.no_recipe", file=file)
        try:
            version_of(file, found, FORMAT)
        except NewerFile as error:
            raise RunError(error.said) from error
        return found

    def trains_every_answer(self) -> bool:
        """Whether each answer that a template rewrites has a row of its own: not in runs of format 1."""
        return bool(self.manifest().get("format", 1) > 1)

    def append(self, event: Event) -> None:
        """Add one line to what happened, and what the training's log says of it; of keys nothing."""
        event = _without_keys(event)
        Journal(self.path / "events.jsonl", flushed=False).write(to_json(event))
        training_log.add(self.path, event, self.events)

    def events(self) -> list[Event]:
        """All that happened, oldest first; steps repeated after a resume appear once, as last done.

        What is damaged, cut short by a crash, or of a kind that is not known here is left out. Raises
        RunError when the file cannot be read.
        """
        return self.history()[0]

    def history(self) -> tuple[list[Event], list[int]]:
        """The events, and the numbers of the lines that are damaged: neither an event nor one cut short."""
        found: list[Event] = []
        damaged: list[int] = []
        validated: set[int] = set()
        for number, line in enumerate(self._lines(), 1):
            try:
                event = from_json(line)
            except ValueError:
                if is_damaged(line):
                    damaged.append(number)
                continue
            if isinstance(event, Prepared):
                found = [e for e in found if not _undone(e, event.first_step)]
            elif isinstance(event, Validated):
                if event.step in validated:  # measured again when a stop came before the next checkpoint
                    found = [e for e in found if not (isinstance(e, Validated) and e.step == event.step)]
                validated.add(event.step)
            found.append(event)
        return found, damaged

    def _lines(self) -> list[str]:
        file = self.path / "events.jsonl"
        try:
            return file.read_text(encoding="utf-8", errors="replace").split("\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RunError("disk.unreadable", file=file, fault=error.strerror or error) from error

    def checkpoints(self) -> list[Path]:
        """The complete checkpoints, oldest first."""
        return sorted((self.path / "checkpoints").glob("step-*"))

    def files(self) -> list[tuple[str, int]]:
        """Every file of the run with its size in bytes, by relative path."""
        own = (".lock", ".history", ".summary")
        found = (p for p in self.path.rglob("*") if os.path.isfile(p) and p.name not in own)
        return sorted((str(p.relative_to(self.path)), p.stat().st_size) for p in found)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the run for writing. Raises RunError while another process, or another job here, holds it."""
        taken = RunError("run.in_use", name=self.name)
        with held(self.path / ".lock", taken):
            tidy(self.path)
            yield

    def is_held(self) -> bool:
        """Whether a process is working on this run right now."""
        return is_held(self.path / ".lock")


def _without_keys(event: Event) -> Event:
    """The event as it may lie on a disk: what is told of a failure may repeat the key that was refused."""
    match event:
        case Log(text, level):
            return Log(_cleaned(text), level)
        case Ended(outcome, summary):
            return Ended(outcome, _said(summary))
    return event


def _said(said: Any) -> Any:
    """A sentence, or a phrase with its values, without keys."""
    if isinstance(said, Phrase):
        return Phrase(said.code, tuple((name, _said(value)) for name, value in said.values))
    return _cleaned(said) if isinstance(said, str) else said


def _cleaned(text: str) -> str:
    return without_keys(redacted(text, *secrets()))


def clean_name(name: str) -> str:
    """A name as it may stand for a folder: at most 80 letters, digits, dashes, dots and underlines."""
    kept = "".join(c if c.isalnum() or c in "-_." else "-" for c in name.strip()).strip("-.")
    return kept[:80] or "run"


def _reserve(runs: Path, name: str) -> Path:
    for number in range(1, 10_000):
        path = runs / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path
    raise RunError("run.too_many", name=name)


def surroundings() -> dict[str, Any]:
    """The versions of what computes, and the machine it runs on."""
    packages = {package: _version_of(package) for package in ("mlx", "mlx-lm", "transformers")}
    return {
        "versions": {"tuning-studio": __version__, "python": platform.python_version(), **packages},
        "machine": {"system": platform.platform(), "processor": platform.machine()},
    }


def _version_of(package: str) -> str:
    """As it is noted down; a bundle may lack the note, and no run fails over that."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def is_damaged(line: str) -> bool:
    """Whether a line that is no event here is neither one that a crash cut short nor of a later release."""
    try:
        found = parsed(line)
    except RecursionError:
        return True
    except ValueError:
        return bool(line.strip()) and not (line.startswith(_EVENT[: len(line)]) and line[-1:] != "}")
    return (
        not (isinstance(found, dict) and isinstance(found.get("kind"), str)) or found["kind"] in Event.kinds
    )


def _undone(event: Event, first_step: int) -> bool:
    """Whether a resume from `first_step` makes `event` void: it happened after the checkpoint."""
    return isinstance(event, Ended) or (isinstance(event, Step | Validated) and event.step >= first_step)
