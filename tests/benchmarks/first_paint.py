"""How long from the start of the process until the window has painted."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

from tests.benchmarks.figure import Figure

RUNS = 7
TARGET = 0.5

WATCHED = """
import os, sys, time
from PySide6.QtCore import QEvent
from studio.app import start

class Watched(start.Application):
    def notify(self, receiver, event):
        done = super().notify(receiver, event)
        if event.type() == QEvent.Type.Paint and receiver.isWidgetType() and receiver.window().isVisible():
            print(time.time() - float(os.environ["STARTED"]), "mlx.core" in sys.modules, flush=True)
            os._exit(0)
        return done

start.Application = Watched
from studio.__main__ import main
sys.argv = ["studio", "--home", sys.argv[1]]
main()
"""


def measure() -> list[Figure]:
    """Start the app several times, cold caches aside, as `studio` starts it."""
    times = []
    with tempfile.TemporaryDirectory() as home:
        for _ in range(RUNS + 1):
            environment = {**os.environ, "STARTED": str(time.time())}
            command = [sys.executable, "-c", WATCHED, home]
            said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
            seconds, heavy = said.split()
            assert heavy == "False", "MLX was imported before the first paint"
            times.append(float(seconds))
    median = statistics.median(times[1:])
    text = f"{median:.2f} s (median of {RUNS}, {min(times[1:]):.2f} to {max(times[1:]):.2f})"
    return [Figure("first paint after process start", text, f"at most {TARGET} s", median <= TARGET)]
