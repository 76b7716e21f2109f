"""The list of runs: finding, summarizing and removing run folders."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from studio.catalogue import phrase
from studio.errors import RunError, RunMissing
from studio.events import Event, Validated
from studio.files import discard, disk_errors, parsed
from studio.runs.evaluations import BASE, TUNED, latest_result
from studio.runs.folder import NOTES, RunFolder, clean_name
from studio.runs.history import Numbers, RunHistory, history_of
from studio.runs.summary import JournalSummary, summary_of
from studio.runs.sweeps import UnfinishedSweep

STATES = ("running", "done", "stopped", "failed", "interrupted", "damaged")
"""running: another process or this one holds it; interrupted: it ended without saying so (power, a crash);
damaged: what it says of itself cannot be read."""


@dataclass(frozen=True)
class RunSummary:
    """One run at a glance. Losses are None until the first validation."""

    name: str
    folder: Path
    created: datetime
    state: str  # one of STATES
    message: str  # the closing sentence, when there is one
    model: str
    dataset: str  # the path of the dataset
    recipe: dict[str, Any]
    step: int
    steps: int
    best_loss: float | None
    best_step: int | None
    base_exact: float | None  # share of the golden set, from the newest evaluation
    tuned_exact: float | None
    seconds: float = 0.0  # spent on steps, over all sessions
    learning_rate: float | None = None  # the highest, also where the recipe left it open
    sweep: str = ""  # the sweep that it belongs to, if any
    stage: str = ""  # of a staged recipe, which stage it is: 2 of 3
    parent: str = ""  # what it goes on from, by the name of the run, or the folder
    damage: str = ""  # what of its files cannot be read, in a sentence
    tokens: int = 0  # read in all steps
    notes: str = ""  # what the person wrote about it
    can_answer: bool = False  # it has learned something that can be asked

    @property
    def resumable(self) -> bool:
        return self.state in ("stopped", "failed", "interrupted")


@dataclass(frozen=True)
class RunsListed(Event, kind="RunsListed"):
    """All runs, newest first, why a sweep cannot be read, and which can be continued. For the window only."""

    runs: tuple[RunSummary, ...]
    damaged_sweeps: tuple[str, ...] = ()
    unfinished: tuple[UnfinishedSweep, ...] = ()


@dataclass(frozen=True, eq=False)
class RunShown(Event, kind="RunShown"):
    """One run in full: its history, and its files with their sizes in bytes. For the window only."""

    summary: RunSummary
    history: RunHistory
    files: tuple[tuple[str, int], ...]


@dataclass(frozen=True, eq=False)
class RunCurves:
    """The losses of one run by step: training, and on what is held out.

    `rows` tells the rows that it trains on and how they are divided: losses of others are of something else.
    """

    name: str
    steps: Sequence[float] | Numbers
    losses: Sequence[float] | Numbers
    validated: tuple[int, ...]
    validation: tuple[float, ...]
    rows: str = ""


@dataclass(frozen=True, eq=False)
class RunsCompared(Event, kind="RunsCompared"):
    """Several runs beside each other, in the order asked for. For the window only."""

    runs: tuple[RunSummary, ...]
    curves: tuple[RunCurves, ...]


_SUMMARY_FILES = ("events.jsonl", "run.json", NOTES)
_DAMAGE = (OSError, ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError)
"""What reading a damaged file may end in, beside RunError."""


class RunStore:
    """All runs under one folder, newest first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[RunFolder, tuple[object, RunSummary]] = {}
        self._curves: dict[RunFolder, tuple[object, RunCurves]] = {}

    def runs(self) -> list[RunFolder]:
        """The run folders, newest first; other folders are left alone."""
        if not self.folder.is_dir():
            return []
        found = [RunFolder(path) for path in self.folder.iterdir() if _is_run(path)]
        return sorted(found, key=lambda run: (_modified(run.path / "run.json"), run.name), reverse=True)

    def find(self, name: str) -> RunFolder:
        """The run called `name`, or at the path `name`. Raises RunMissing naming the runs there are."""
        own = self.folder / name
        if name == own.name and _is_run(own):
            return RunFolder(own.absolute())
        for path in (own, Path(name).expanduser()):
            if os.path.isfile(path / "run.json"):
                return RunFolder(path.resolve())
        names = [run.name for run in self.runs()[:5]]
        if names:
            raise RunMissing("run.others", name=name, names=", ".join(names))
        raise RunMissing("run.none_yet", name=name)

    def summaries(self) -> list[RunSummary]:
        """One line about each run; of a damaged one that it is, and why."""
        return [self._summary(run) for run in self.runs()]

    def _summary(self, run: RunFolder) -> RunSummary:
        """The run's summary, read again only when its files say that something happened."""
        held = run.is_held()
        stamp = (held, _stamp(*(run.path / name for name in _SUMMARY_FILES), run.evaluations, run.adapter))
        known = self._known.get(run)
        if known is None or known[0] != stamp:
            self._known[run] = known = (stamp, look(run, held=held))
        return known[1]

    def compared(self, name: str) -> tuple[RunSummary, RunCurves]:
        """The run called `name` and its curves (of a damaged one none), read again if anything happened.

        Raises RunMissing.
        """
        run = self.find(name)
        stamp = _stamp(run.path / "events.jsonl")
        known = self._curves.get(run)
        if known is None or known[0] != stamp:
            try:
                curves = curves_of(run)
            except RunError:
                curves = RunCurves(run.name, (), (), (), ())
            self._curves[run] = known = (stamp, curves)
        return self._summary(run), known[1]

    def rename(self, name: str, wanted: str) -> str:
        """Give a run another name, as a folder can have it; returns that.

        Raises RunError where another run has it, while the run is in use, and for a run of a sweep, which
        knows its runs by their names.
        """
        path, new = self.folder / name, clean_name(wanted)
        if not (name == path.name and _is_run(path)):
            raise RunMissing("run.missing", name=name, folder=self.folder)
        if new == name:
            return name
        if os.path.lexists(self.folder / new):
            raise RunError("run.name_taken", name=new)
        run = RunFolder(path)
        if sweep := look(run).sweep:
            raise RunError("run.of_sweep", name=name, sweep=sweep)
        with disk_errors(path), run.held():
            path.rename(self.folder / new)
        return new

    def delete(self, name: str, *, for_good: bool = False) -> None:
        """Move a run to the Trash, or delete it `for_good`; where it is a link, only the link goes.

        Raises RunError while it is in use, NoTrash where its volume has no Trash.
        """
        path = self.folder / name
        if not (name == path.name and (path.is_symlink() or _is_run(path))):
            raise RunMissing("run.missing", name=name, folder=self.folder)
        with disk_errors(path):
            if path.is_symlink():
                discard(path)
                return
            with RunFolder(path).held():
                discard(path, for_good=for_good)


def look(run: RunFolder, *, held: bool | None = None) -> RunSummary:
    """What a list says about `run`; of a damaged one that it is, and why."""
    try:
        return summarize(run, held=held)
    except (RunError, *_DAMAGE) as error:
        return _damaged(run, error)


def summarize(run: RunFolder, *, held: bool | None = None) -> RunSummary:
    """What a list says about `run`, which is looked at where nothing is said of whether it is held.

    Raises RunError when its `run.json` is missing or damaged.
    """
    manifest = run.manifest()
    recipe = manifest["recipe"]
    journal = summary_of(run, _exact_match)
    damage = _damage(journal) if journal.damaged else ""
    state, message = _state(journal, run.is_held() if held is None else held)
    return RunSummary(
        name=run.name,
        folder=run.path,
        created=_created(run, manifest),
        state=state,
        message=" ".join(filter(None, (message, damage))),
        model=str(recipe.get("model", "")),
        dataset=str(_table(run, recipe, "data").get("path", "")),
        recipe=recipe,
        step=journal.step,
        steps=journal.steps,
        best_loss=journal.best_loss,
        best_step=journal.best_step,
        base_exact=journal.base_exact,
        tuned_exact=journal.tuned_exact,
        seconds=journal.seconds,
        learning_rate=journal.learning_rate,
        sweep=str(manifest.get("sweep", "")),
        stage=str(manifest.get("stage", "")),
        parent=str(manifest.get("parent", "")),
        damage=damage,
        tokens=journal.tokens,
        notes=run.notes,
        can_answer=os.path.exists(run.adapter / "adapters.safetensors"),
    )


def _damaged(run: RunFolder, error: Exception) -> RunSummary:
    """A run of which nothing more can be said than that it is there, and why."""
    reason = str(error) if isinstance(error, RunError) else _unreadable(run, error)
    return RunSummary(
        name=run.name,
        folder=run.path,
        created=datetime.fromtimestamp(_modified(run.path / "run.json"), UTC),
        state="damaged",
        message=reason,
        model="",
        dataset="",
        recipe={},
        step=0,
        steps=0,
        best_loss=None,
        best_step=None,
        base_exact=None,
        tuned_exact=None,
        damage=reason,
    )


def _created(run: RunFolder, manifest: dict[str, Any]) -> datetime:
    """When the run was made; where that is not said, when it was written last."""
    stated = manifest.get("created", "")
    if stated == "":
        return datetime.fromtimestamp(_modified(run.path / "run.json"), UTC)
    try:
        found = datetime.fromisoformat(stated)
    except (TypeError, ValueError) as error:
        raise RunError("run.no_date", file=run.path / "run.json", stated=repr(str(stated)[:40])) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _table(run: RunFolder, recipe: dict[str, Any], name: str) -> dict[str, Any]:
    found = recipe.get(name, {})
    if not isinstance(found, dict):
        raise RunError("run.no_group", file=run.path / "run.json", name=name)
    return found


def _damage(journal: JournalSummary) -> str:
    """Which lines of the journal cannot be read."""
    first, more = journal.first_damaged, journal.damaged - 1
    if more:
        return str(phrase("run.lines_damaged", line=first, more=more))
    return str(phrase("run.line_damaged", line=first))


def _unreadable(run: RunFolder, error: Exception) -> str:
    return str(phrase("run.unreadable", folder=str(run.path), fault=str(error)))


def _is_run(path: Path) -> bool:
    """Whether a folder is a run, whole or damaged: it has its files, or may not be looked into."""
    if path.name.startswith(".") or not os.path.isdir(path):
        return False
    if not os.access(path, os.R_OK | os.X_OK):
        return True
    return any(
        os.path.lexists(path / name) for name in ("run.json", "events.jsonl", "checkpoints", "adapter")
    )


def _modified(path: Path) -> float:
    """When a file was written last, or its folder where there is none; 0 where neither can be seen."""
    for each in (path, path.parent):
        try:
            return each.stat().st_mtime
        except OSError:
            continue
    return 0.0


def curves_of(run: RunFolder) -> RunCurves:
    """The losses of a run, each step once."""
    history = history_of(run)
    validated = history.all_of(Validated)
    return RunCurves(
        name=run.name,
        steps=history.column("step"),
        losses=history.column("loss"),
        validated=tuple(e.step for e in validated),
        validation=tuple(e.loss for e in validated),
        rows=_rows_of(run),
    )


def _rows_of(run: RunFolder) -> str:
    """The fingerprint of the rows that a run kept, divided; of an earlier run, what decides that."""
    try:
        return str(parsed((run.dataset / "dataset.json").read_text(encoding="utf-8"))["fingerprint"])
    except _DAMAGE:
        pass
    manifest = run.manifest()
    recipe = manifest["recipe"]
    data, loop = _table(run, recipe, "data"), _table(run, recipe, "loop")
    divided = (data.get("validation_share"), data.get("test_share"), loop.get("seed"))
    return f"{manifest.get('fingerprint') or data.get('path', '')} {divided}"


def _stamp(*files: Path) -> list[tuple[int, int]]:
    """What changes whenever something is written."""
    stats = [file.stat() for file in files if os.path.exists(file)]
    return [(s.st_mtime_ns, s.st_size) for s in stats]


def _state(journal: JournalSummary, held: bool) -> tuple[str, str]:
    if held:
        return "running", ""
    if not journal.outcome:
        return "interrupted", str(phrase("run.interrupted"))
    return journal.outcome, str(journal.sentence)


def _exact_match(run: RunFolder) -> tuple[float | None, float | None]:
    result = latest_result(run)
    found = result.score("golden_exact") if result else None
    return (found.of(BASE), found.of(TUNED)) if found else (None, None)
