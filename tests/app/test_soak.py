"""Hours of use in minutes: cycles through the real panes keep no memory, thread, handle or file."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from studio.app.start import make_window
from studio.app.studio import Studio
from studio.files import TEMPORARY
from studio.paths import Paths
from studio.settings import Settings
from studio.ui.panes.evaluation.setup import OWN
from studio.ui.theme import Theme
from tests.conftest import write_rows
from tests.jobs.test_child import engines

CYCLES = int(os.environ.get("STUDIO_SOAK_CYCLES", "200"))
WARM = CYCLES // 10
"""So many cycles fill the caches that there are."""
MEGABYTES = 50


@dataclass(frozen=True)
class Held:
    """What a process holds of the machine; memory is what it would give back by ending, in MB."""

    memory: float
    threads: int
    handles: int


def held_by(process: psutil.Process) -> Held:
    memory = process.memory_full_info().uss / 1e6
    return Held(memory, process.num_threads(), process.num_fds())


@pytest.fixture
def studio(
    qapp: QApplication, qtbot: QtBot, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Studio]:
    """The app, its engine a process, with a run of few steps and an evaluation by few rows before it."""
    monkeypatch.setenv("STUDIO_ENGINE", "process")
    theme = Theme(qapp)
    theme.apply(qapp)
    window = make_window(theme, Settings())
    window.show()
    studio = Studio(Paths.under(tmp_path / "home"), theme, Settings(), window)
    studio.warm_up()
    studio.open_path(str(write_rows(tmp_path / "rows.jsonl", 16)))
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    studio.training.use_model(str(tiny_model))
    values = {"loop.steps": 8, "loop.batch_size": 2, "data.max_length": 64, "lora.rank": 2}
    studio.training.change({**values, "watch.forgetting": False, "loop.validate_every": 8})
    qtbot.waitUntil(lambda: studio.queue.idle)
    setup = studio.panes.evaluation.setup
    setup.suites.choose(OWN)
    setup.measures.tick({"validation_loss"})
    yield studio
    window.close()
    window.deleteLater()
    assert engines() == []


def press(pane: QWidget, qtbot: QtBot, *texts: str) -> None:
    """Press the first of these buttons that is there."""
    found = (b for b in pane.findChildren(QPushButton) if b.text() in texts and b.isVisible())
    qtbot.mouseClick(next(found), Qt.MouseButton.LeftButton)


def cycle(studio: Studio, qtbot: QtBot) -> None:
    """Train, stop, go on to the end, evaluate."""
    pane = studio.panes.training
    studio.window.show_pane("training")
    press(pane, qtbot, "Start training", "Train again")
    qtbot.waitUntil(lambda: pane.state() in ("running", "done"))
    if pane.state() == "running":
        press(pane, qtbot, "Stop")
    qtbot.waitUntil(lambda: not studio.training.busy)
    if pane.state() == "stopped":
        press(pane, qtbot, "Resume")
        qtbot.waitUntil(lambda: not studio.training.busy)
    assert pane.state() == "done"
    press(pane, qtbot, "Evaluate")
    qtbot.waitUntil(lambda: studio.queue.idle and not studio.evaluation.request.busy)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_cycles_keep_no_memory_thread_handle_or_file(studio: Studio, qtbot: QtBot, tmp_path: Path) -> None:
    window = psutil.Process()
    before: list[tuple[Held, Held, int]] = []
    for number in range(CYCLES):
        cycle(studio, qtbot)
        if number + 1 in (WARM, CYCLES):
            gc.collect()
            menus = sum(isinstance(each, QMenu) for each in QApplication.allWidgets())
            before.append((held_by(window), held_by(engines()[0]), menus))
    runs = studio.store.runs()
    assert len(runs) == CYCLES
    assert all(any((run.path / "evaluations").iterdir()) for run in runs)
    (warm, warm_engine, menus), (end, end_engine, more_menus) = before
    assert end.memory - warm.memory < MEGABYTES
    assert end_engine.memory - warm_engine.memory < MEGABYTES
    for first, last in ((warm, end), (warm_engine, end_engine)):
        # Pools of libraries start a thread when they need one; what a cycle leaves behind would be many.
        assert last.threads <= first.threads + 2
        assert last.handles <= first.handles + 2
    assert more_menus - menus < (CYCLES - WARM) // 10  # more runs are on offer, but not all of them
    assert not [path for path in tmp_path.rglob("*") if TEMPORARY in path.name]
