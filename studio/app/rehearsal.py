"""The main job in the window, done by itself: whether this copy of the application works where it lies.

`--rehearse FOLDER` opens the window with a home of its own in FOLDER, goes through dataset, training,
evaluation, playground and a file too big to hold, each by what a person's click would call, and closes it.
Pictures of the panes stay in FOLDER. The exit code is 0 where everything came to pass.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Slot

from studio.app.start import Application, open_window
from studio.dataset.store.source import LARGE
from studio.paths import Paths, resource
from studio.settings import Settings, write_settings

if TYPE_CHECKING:
    from studio.app.studio import Studio  # comes after the first paint

PATIENCE = 600.0
"""Seconds until a step that does not come to pass is given up."""

_TICK_MILLISECONDS = 50
_PROMPT = "What is the capital of Denmark?"

type Awaited = tuple[str, Callable[[], object]]
"""What has to come to pass, and how one sees that it has."""


def rehearse(folder: Path) -> int:
    """Go through the main job; what came to pass is printed, a line of JSON for each step."""
    home = folder / "home"
    write_settings(Paths.under(home).settings, Settings(toured=True))
    application = open_window(home=str(home))
    faults = _Faults()
    logging.getLogger().addHandler(faults)
    rehearsal = WindowRehearsal(application, folder, faults)
    application.window.first_painted.disconnect(application.build_studio)
    application.window.first_painted.connect(rehearsal.begin)
    application.exec()
    return 0 if rehearsal.succeeded else 1


class _Faults(logging.Handler):
    """Keeps what is logged as an error: a fault that the window survives is one, too."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR or record.exc_info:
            self.found.append(record.getMessage())


class WindowRehearsal(QObject):
    """Takes one step after another while the window lives as ever."""

    def __init__(self, application: Application, folder: Path, faults: _Faults) -> None:
        super().__init__(application)
        self._application, self._folder, self._faults = application, folder, faults
        self._steps: Iterator[Awaited] = iter(())
        self._step: Awaited = ("", lambda: True)
        self._since = time.monotonic()
        self.succeeded = False
        self._clock = QTimer(self)
        self._clock.setInterval(_TICK_MILLISECONDS)
        self._clock.timeout.connect(self._look)

    @Slot()
    def begin(self) -> None:
        """Say that the window is seen, for a stop watch outside; then build what is behind it, and begin."""
        _tell(step="painted", passed=True)
        self._steps = self._main_job(self._application.build_studio())
        self._go_on()
        self._clock.start()

    @Slot()
    def _look(self) -> None:
        what, has_come = self._step
        seconds = round(time.monotonic() - self._since, 2)
        if self._faults.found:
            self._end(what, seconds, fault=self._faults.found[0])
        elif has_come():
            _tell(step=what, seconds=seconds, passed=True)
            self._go_on()
        elif seconds > PATIENCE:
            self._end(what, seconds, fault="it did not come to pass")

    def _go_on(self) -> None:
        self._since = time.monotonic()
        try:
            self._step = next(self._steps)
        except StopIteration:
            self.succeeded = True
            self._close()

    def _end(self, step: str, seconds: float, fault: str) -> None:
        _tell(step=step, seconds=seconds, passed=False, fault=fault)
        self._shoot("failed")
        self._close()

    def _close(self) -> None:
        self._clock.stop()
        self._application.window.close()

    def _shoot(self, name: str) -> None:
        self._application.window.grab().save(str(self._folder / f"{name}.png"))

    def _main_job(self, studio: Studio) -> Iterator[Awaited]:
        """What a person does in the first minutes."""
        panes, state = studio.panes, studio.state
        panes.runs.sample_requested.emit()
        yield "sample opened", lambda: state.dataset is not None
        yield "sample checked", lambda: panes.dataset.health.rows
        self._shoot("dataset")
        studio.training.change({"watch.tensorboard": True, "epochs": 0.5})
        studio.window.show_pane("training")
        panes.training.start()
        yield "training begun", lambda: studio.training.busy and state.subjects.run("training")
        yield "trained", lambda: not studio.training.busy and _has_result(studio)
        self._shoot("training")
        panes.evaluation.setup.suites.choose("quick")
        panes.training.evaluate_requested.emit()
        yield "evaluated", lambda: _was_measured(studio)
        self._shoot("evaluation")
        panes.evaluation.playground_requested.emit(_PROMPT)
        columns = panes.playground.columns
        yield "asked both", lambda: len(columns.exchanges) and _both_answered(columns.exchanges[0])
        self._shoot("playground")
        studio.window.show_pane("dataset")
        studio.open_path(str(_big_file(self._folder)))
        yield "big file scanned", lambda: studio.dataset.large.scan and studio.dataset.large.scan.finished
        self._shoot("big-file")
        yield "at rest", lambda: studio.queue.idle


def _has_result(studio: Studio) -> bool:
    run = studio.state.subjects.run("training")
    return run is not None and (Path(run.folder) / "tensorboard").is_dir() and run.state == "done"


def _was_measured(studio: Studio) -> bool:
    run = studio.state.subjects.run("evaluation")
    return run is not None and run.tuned_exact is not None


def _both_answered(exchange: Any) -> bool:
    return all("tok/s" in exchange.foot(who) for who in ("base", "tuned"))


def _big_file(folder: Path) -> Path:
    """The sample again and again, until it is too big to hold."""
    sample = resource("starter/instructions.jsonl").read_bytes()
    big = folder / "big.jsonl"
    with big.open("wb") as out:
        for _ in range(LARGE // len(sample) + 2):
            out.write(sample)
    return big


def _tell(**said: object) -> None:
    os.write(1, json.dumps(said).encode() + b"\n")  # JSON spells out whatever a terminal would obey
