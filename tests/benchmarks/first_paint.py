"""How long from the start of the process until the window has painted."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

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


FROZEN = Path(__file__).parents[2] / "build/bundle/dist"
PROGRAMS = ("Tuning Studio/Tuning Studio", "Tuning Studio.app/Contents/MacOS/Tuning Studio")
"""Where `make bundle` leaves the application, on Linux and on a Mac."""

FROZEN_TARGET = 0.6


def measure() -> list[Figure]:
    """Start the window often, cold caches aside: from source, and as the application if there is one."""
    figures = [_figure("first paint after process start", _from_source, TARGET)]
    for program in filter(Path.is_file, (FROZEN / name for name in PROGRAMS)):
        figures.append(_figure("the same, frozen", partial(_frozen, program), FROZEN_TARGET))
    return figures


def _figure(name: str, start: Callable[[str], float], target: float) -> Figure:
    with tempfile.TemporaryDirectory() as home:
        times = [start(home) for _ in range(RUNS + 1)][1:]
    median = statistics.median(times)
    text = f"{median:.2f} s (median of {RUNS}, {min(times):.2f} to {max(times):.2f})"
    return Figure(name, text, f"at most {target} s", median <= target)


def _from_source(home: str) -> float:
    """As `studio` starts it."""
    environment = {**os.environ, "STARTED": str(time.time())}
    command = [sys.executable, "-c", WATCHED, home]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    seconds, heavy = said.split()
    assert heavy == "False", "MLX was imported before the first paint"
    return float(seconds)


def _frozen(program: Path, home: str) -> float:
    """Until the rehearsal has told of the first paint, which it does before anything else."""
    started = time.perf_counter()
    with subprocess.Popen(
        [program, "--rehearse", home], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        seconds = time.perf_counter() - started
        process.kill()
    assert json.loads(said)["step"] == "painted"
    return seconds
