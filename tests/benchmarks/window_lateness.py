"""How late a 10 ms timer in the window's thread is while a run trains and its plots are drawn."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication

from studio.process import prepare_process
from tests.benchmarks.figure import Figure

SECONDS = 20.0
AFTER = 2.0
TARGET_MS = 16.0


def measure() -> list[Figure]:
    """Train the starter in a window of its own process, the training pane in front."""
    command = [sys.executable, "-m", "tests.benchmarks.window_lateness"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    late = sorted(float(line) for line in said.split())
    p50, p90, p99 = (late[int(len(late) * share)] for share in (0.5, 0.9, 0.99))
    text = f"{p99:.1f} ms (p50 {p50:.2f}, p90 {p90:.2f}, max {late[-1]:.1f}; {len(late):,} ticks)"
    return [
        Figure(
            "10 ms timer during training, late at p99", text, f"at most {TARGET_MS:.0f} ms", p99 <= TARGET_MS
        )
    ]


def _train_and_print_lateness() -> None:
    from studio.app.start import Application
    from studio.paths import Paths

    prepare_process()
    with tempfile.TemporaryDirectory() as home:
        application = Application(sys.argv[:1], Paths.under(Path(home)))
        application.window.show()
        studio = application.build_studio()
        studio.dataset.datasets.open_sample()
        _until(application, lambda: studio.state.dataset is not None)
        studio.training.start(studio.state.recipe.with_values({"epochs": 200}))
        _until(application, lambda: "step" in studio.panes.training.header.title())
        late: list[float] = []
        began = last = time.perf_counter()

        def tick() -> None:
            nonlocal last
            now = time.perf_counter()
            if now - began > AFTER:
                late.append(max(0.0, (now - last) * 1000 - 10.0))
            last = now

        timer = QTimer()
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(tick)
        timer.start(10)
        _until(application, lambda: time.perf_counter() - began > AFTER + SECONDS)
        timer.stop()
        studio.window.close()
    sys.stdout.write("\n".join(f"{value:.3f}" for value in late) + "\n")


def _until(application: QApplication, condition: Callable[[], bool]) -> None:
    while not condition():
        application.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


if __name__ == "__main__":
    _train_and_print_lateness()
