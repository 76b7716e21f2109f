"""The list of runs: finding, summarizing and removing run folders."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

from studio.errors import RunError, RunMissing
from studio.events import Ended, Evaluated, GoldenAnswer, Prepared, Step, Validated, built, from_json
from studio.files import disk_errors
from studio.runs.folder import RunFolder
from studio.runs.summary import EvaluationStored, RunCurves, RunSummary


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
        found = [RunFolder(p) for p in self.folder.iterdir() if (p / "run.json").is_file()]
        return sorted(found, key=lambda run: (run.path / "run.json").stat().st_mtime, reverse=True)

    def find(self, name: str) -> RunFolder:
        """The run called `name`, or at the path `name`. Raises RunMissing naming the runs there are."""
        for path in (self.folder / name, Path(name).expanduser()):
            if (path / "run.json").is_file():
                return RunFolder(path.resolve())
        names = [run.name for run in self.runs()[:5]]
        there = (
            f"There are: {', '.join(names)}." if names else "There are no runs yet; `studio train` makes one."
        )
        raise RunMissing(f"There is no run called {name}. {there}")

    def summaries(self) -> list[RunSummary]:
        """One line about each readable run; a damaged one is left out."""
        found = []
        for run in self.runs():
            try:
                found.append(self._summary(run))
            except RunError:
                continue
        return found

    def _summary(self, run: RunFolder) -> RunSummary:
        """The run's summary, read again only when its files say that something happened."""
        stamp = (run.is_held(), _stamp(run.path / "events.jsonl", run.path / "run.json", run.evaluations))
        known = self._known.get(run)
        if known is None or known[0] != stamp:
            self._known[run] = known = (stamp, summarize(run))
        return known[1]

    def compared(self, name: str) -> tuple[RunSummary, RunCurves]:
        """The run called `name` and its curves, read again only when something happened. Raises RunError."""
        run = self.find(name)
        stamp = _stamp(run.path / "events.jsonl")
        known = self._curves.get(run)
        if known is None or known[0] != stamp:
            self._curves[run] = known = (stamp, curves_of(run))
        return self._summary(run), known[1]

    def delete(self, name: str) -> None:
        """Remove a run for good. Raises RunError while it is in use."""
        run = self.find(name)
        with run.held(), disk_errors(run.path):
            shutil.rmtree(run.path)


def summarize(run: RunFolder) -> RunSummary:
    """What a list says about `run`. Raises RunError when its `run.json` is missing or damaged."""
    manifest = run.manifest()
    events = run.events()
    prepared = [e for e in events if isinstance(e, Prepared)]
    steps = [e for e in events if isinstance(e, Step)]
    best = min((e for e in events if isinstance(e, Validated)), key=lambda e: e.loss, default=None)
    state, message = _state(run, events[-1] if events and isinstance(events[-1], Ended) else None)
    exact = _exact_match(run)
    return RunSummary(
        name=run.name,
        folder=run.path,
        created=datetime.fromisoformat(manifest.get("created", datetime.fromtimestamp(0, UTC).isoformat())),
        state=state,
        message=message,
        model=str(manifest["recipe"].get("model", "")),
        dataset=str(manifest["recipe"].get("data", {}).get("path", "")),
        recipe=manifest["recipe"],
        step=steps[-1].step if steps else 0,
        steps=prepared[-1].steps if prepared else 0,
        best_loss=best.loss if best else None,
        best_step=best.step if best else None,
        base_exact=exact[0],
        tuned_exact=exact[1],
        seconds=steps[-1].seconds if steps else 0.0,
        learning_rate=prepared[-1].learning_rate if prepared else None,
        sweep=str(manifest.get("sweep", "")),
    )


def curves_of(run: RunFolder) -> RunCurves:
    """The losses of a run, each step once."""
    events = run.events()
    steps = [e for e in events if isinstance(e, Step)]
    validated = [e for e in events if isinstance(e, Validated)]
    return RunCurves(
        name=run.name,
        steps=tuple(e.step for e in steps),
        losses=tuple(e.loss for e in steps),
        validated=tuple(e.step for e in validated),
        validation=tuple(e.loss for e in validated),
    )


def latest_evaluation(run: RunFolder) -> EvaluationStored | None:
    """The newest comparison of this run with its base, if it was ever evaluated."""
    for folder in sorted(run.evaluations.glob("[!.]*"), reverse=True):
        try:
            result = from_json((folder / "result.json").read_text(encoding="utf-8"))
            lines = (folder / "answers.jsonl").read_text(encoding="utf-8").split("\n")
            answers = tuple(built(GoldenAnswer, json.loads(line)) for line in lines if line)
        except (OSError, ValueError, TypeError):
            continue
        if isinstance(result, Evaluated):
            return EvaluationStored(answers, result)
    return None


def _stamp(*files: Path) -> list[tuple[int, int]]:
    """What changes whenever something is written."""
    stats = [file.stat() for file in files if file.exists()]
    return [(s.st_mtime_ns, s.st_size) for s in stats]


def _state(run: RunFolder, ended: Ended | None) -> tuple[str, str]:
    if run.is_held():
        return "running", ""
    if ended is None:
        return (
            "interrupted",
            "It ended without a word: the app or the Mac went down. Resume it from its last checkpoint.",
        )
    return ended.outcome, ended.summary


def _exact_match(run: RunFolder) -> tuple[float | None, float | None]:
    stored = latest_evaluation(run)
    for measure in stored.result.measures if stored else ():
        if measure.name == "Exact match":
            return measure.base, measure.tuned
    return None, None
