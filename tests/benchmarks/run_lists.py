"""Long lists and long runs: 2,000 runs listed, and a run of 500,000 steps opened and drawn."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication

from studio.events import Ended, Prepared, Sampled, Step, Validated, to_json
from studio.jobs.read import RunJob
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.runs.history import RunHistory
from studio.runs.store import RunShown, RunStore
from studio.train.dataset_cache import DatasetCache
from tests.benchmarks.figure import Figure

RUNS, RUN_STEPS, STEPS = 2_000, 240, 500_000
LIST_SECONDS, OPEN_SECONDS, WINDOW_SECONDS = 0.5, 1.0, 0.2
EVERY = 500


def measure() -> list[Figure]:
    """Lists and openings without and with what is kept beside a journal, each by a store of its own."""
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder) / "runs"
        first = _run(runs, RUN_STEPS)
        for number in range(2, RUNS + 1):
            shutil.copytree(first.path, runs / f"run-{number}")
        figures = [
            _figure(f"{RUNS:,} runs listed for the first time", lambda: RunStore(runs).summaries(), None),
            _figure(f"{RUNS:,} runs listed", lambda: RunStore(runs).summaries(), LIST_SECONDS),
        ]
        long = _run(Path(folder) / "long", STEPS)
        name = f"a run of {STEPS:,} steps"
        figures += [
            _figure(f"{name} opened for the first time", lambda: _opened(long), None),
            _figure(f"{name} opened", lambda: _opened(long), OPEN_SECONDS),
        ]
        drawn = _drawing(_opened(long))
    return [*figures, _figure(f"{name} drawn, on the window's thread", drawn, WINDOW_SECONDS)]


def _run(runs: Path, steps: int) -> RunFolder:
    """A finished run of so many steps, validated every 500."""
    run = RunFolder.create(runs, "run-1", {"recipe": Recipe().model_dump(mode="json")})
    with (run.path / "events.jsonl").open("w", encoding="utf-8") as file:
        file.write(to_json(Prepared("toy", 10, 100, 9, 2, 2, steps, 1e-4)) + "\n")
        for number in range(1, steps + 1):
            loss = 2 + 1 / number + (number % 7) / 50
            figures = (1e-4, 0.51234567, 4096, 15123.4567, 2**31, 2**32, 2**33, number * 0.27, 9.5)
            file.write(to_json(Step(number, steps, number / 240, loss, *figures)) + "\n")
            if number % EVERY == 0:
                file.write(to_json(Validated(number, loss, 7.9, 4096, True)) + "\n")
                file.write(to_json(Sampled(number, "Say hello", "Hello there, how are you?")) + "\n")
        file.write(to_json(Ended("done", "Done.")) + "\n")
    return run


def _opened(run: RunFolder) -> RunHistory:
    (shown,) = RunJob(run).run_events(DatasetCache())
    assert isinstance(shown, RunShown)
    assert len(shown.history.steps) == STEPS
    return shown.history


def _drawing(history: RunHistory) -> Callable[[], None]:
    """What gives a history to the curves of the training pane, and draws them."""
    from studio.ui.plots.run_plots import RunPlots
    from studio.ui.theme import Theme

    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    plots = RunPlots(Theme(application))
    curves = [card.curve.build() for card in (plots.loss, plots.speed, plots.memory)]

    def draw() -> None:
        plots.load(history)
        for curve in curves:
            curve.redraw()

    return draw


def _figure(name: str, do: Callable[[], object], target: float | None) -> Figure:
    began, worked = time.perf_counter(), time.process_time()
    do()
    seconds, work = time.perf_counter() - began, time.process_time() - worked
    text = f"{seconds:.2f} s ({work:.2f} s of one core)"
    said = "-" if target is None else f"at most {target} s"
    return Figure(name, text, said, target is None or seconds <= target)
