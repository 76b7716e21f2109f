"""A JSONL of 2 GB and 5 million rows in the window: its first page, its scan, scrolling, memory, lateness."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication, QTableView

from studio.app.large import LargeFiles
from studio.process import prepare_process
from studio.ui.tables.dataset_table import LargeTable
from studio.ui.tables.large import PAGE
from tests.benchmarks.figure import Figure

ROWS = 5_000_000
FIRST_PAGE_SECONDS = 0.5
MEMORY_MB = 500.0
LATE_MS = 16.0
_SCROLLS = 300
_WORDS = (
    "the",
    "of",
    "and",
    "a",
    "model",
    "data",
    "learns",
    "from",
    "rows",
    "people",
    "wrote",
    "with",
    "care",
)
_LOOKED_UP = '4999990"'


def measure() -> list[Figure]:
    """Drop the file on a window of its own process, and watch it from there."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "five_million.jsonl"
        write_rows(path, ROWS)
        command = [sys.executable, "-m", "tests.benchmarks.five_million", str(path)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        measured = json.loads(said.splitlines()[-1])
        return _figures(measured, path.stat().st_size)


def write_rows(path: Path, count: int) -> None:
    """Rows of some 400 bytes, all different but one in a thousand; one in ten thousand cannot train."""
    chance = random.Random(7)
    texts = [" ".join(chance.choices(_WORDS, k=70)) for _ in range(997)]
    with path.open("w", encoding="utf-8", buffering=2**20) as file:
        for number in range(count):
            shown = number - 1 if number % 1000 == 999 else number
            answer = f'"{texts[shown % 997]} {shown}"' if number % 10_000 != 5000 else "null"
            file.write(f'{{"instruction": "Say something quite unmistakable {shown}", ')
            file.write(f'"output": {answer}}}\n')


def _figures(measured: dict[str, float], size: int) -> list[Figure]:
    def figure(name: str, text: str, target: str, within: bool = True) -> Figure:
        return Figure(f"5,000,000 rows ({size / 1e9:.1f} GB): {name}", text, target, within)

    first, resident, late = measured["first"], measured["resident"], measured["late"]
    return [
        figure(
            "first page after the drop",
            f"{first:.2f} s (again, when indexed: {measured['again']:.2f} s)",
            f"at most {FIRST_PAGE_SECONDS} s",
            first <= FIRST_PAGE_SECONDS,
        ),
        figure("scan", f"{measured['scan']:.0f} s, {ROWS / measured['scan']:,.0f} rows/s", "-"),
        figure(
            "window's memory, at most",
            f"{resident:.0f} MB with mapped files, {measured['private']:.0f} MB of its own",
            f"less than {MEMORY_MB:.0f} MB",
            resident < MEMORY_MB,
        ),
        figure("scanner's memory, at most", f"{measured['scanner']:.0f} MB", "-"),
        figure(
            "10 ms timer during the scan, late at p99",
            f"{late:.1f} ms (max {measured['latest']:.1f}; {measured['ticks']:,.0f} ticks)",
            f"at most {LATE_MS:.0f} ms",
            late <= LATE_MS,
        ),
        figure(
            f"a page of {PAGE} rows from anywhere, fetched",
            f"{measured['fetch']:.1f} ms (p99 {measured['fetch_p99']:.1f})",
            f"at most {LATE_MS:.0f} ms",
            measured["fetch_p99"] <= LATE_MS,
        ),
        figure(
            "a jump to any row, painted",
            f"{measured['jump']:.1f} ms (p99 {measured['jump_p99']:.1f})",
            "at most 16 ms",
            measured["jump_p99"] <= LATE_MS,
        ),
        figure(
            "filter, sort, search, search whole rows",
            ", ".join(f"{measured[key]:.1f} s" for key in ("filter", "sort", "search", "whole")),
            "-",
        ),
    ]


def _watch(path: Path) -> dict[str, float]:
    from studio.app.start import Application
    from studio.paths import Paths

    prepare_process()
    with tempfile.TemporaryDirectory() as home:
        application = Application(sys.argv[:1], Paths.under(Path(home)))
        application.window.show()
        pulse = QTimer(application)  # a condition is looked at 50 times a second at least
        pulse.start(20)
        studio = application.build_studio()
        large = studio.dataset.large
        _until(application, lambda: not studio.queue.engine_busy)
        began = time.perf_counter()
        studio.open_path(str(path))
        _until(application, lambda: _painted(large))
        measured = {"first": time.perf_counter() - began}
        watch = _Watch(application, began)
        _until(application, lambda: bool(large.scan and large.scan.finished))
        measured |= watch.end()
        assert large.view is not None
        assert large.scan is not None
        _until(application, lambda: large.view.table.model.rowCount() == ROWS)  # type: ignore[union-attr]
        print(large.scan, file=sys.stderr)
        measured |= _scroll(application, large.view.table.view)
        measured |= _fetch(path, Path(large.scan.folder))
        measured |= _ask(application, large.view.table)
        measured["private"], measured["resident"] = (
            max(measured[key], now)
            for key, now in zip(("private", "resident"), _memory(psutil.Process()), strict=True)
        )
        began = time.perf_counter()
        studio.open_path(str(path))
        _until(application, lambda: _painted(large))
        measured["again"] = time.perf_counter() - began
        studio.window.close()
    return measured


class _Watch:
    """A 10 ms timer in the window, and the memory of the window's process and of the scanner's."""

    def __init__(self, application: QApplication, began: float) -> None:
        self._began, self._last = began, time.perf_counter()
        self._late: list[float] = []
        self._memory: list[tuple[float, float]] = []
        self._scanner: list[float] = []
        self._timer = QTimer(application)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(10)

    def _tick(self) -> None:
        now = time.perf_counter()
        self._late.append(max(0.0, (now - self._last) * 1000 - 10.0))
        if len(self._late) % 200 == 0:
            self._memory.append(_memory(psutil.Process()))
            self._scanner += [_memory(child)[0] for child in psutil.Process().children()]
            now = time.perf_counter()
        self._last = now

    def end(self) -> dict[str, float]:
        self._timer.stop()
        late = sorted(self._late)
        return {
            "scan": time.perf_counter() - self._began,
            "late": late[int(len(late) * 0.99)],
            "latest": late[-1],
            "ticks": len(late),
            "private": max(private for private, _ in self._memory),
            "resident": max(resident for _, resident in self._memory),
            "scanner": max(self._scanner, default=0.0),
        }


def _painted(large: LargeFiles) -> bool:
    """Whether the first page is on the screen."""
    if large.view is None or not large.view.table.model.rowCount():
        return False
    large.view.table.view.viewport().repaint()
    return True


def _scroll(application: QApplication, view: QTableView) -> dict[str, float]:
    """Jump to rows all over the file, as a dragged scroll bar does, and paint each time."""
    chance = random.Random(3)
    bar, times = view.verticalScrollBar(), []
    for _ in range(_SCROLLS):
        began = time.perf_counter()
        bar.setValue(chance.randrange(bar.maximum()))
        view.viewport().repaint()
        times.append((time.perf_counter() - began) * 1000)
        application.processEvents()
    times.sort()
    return {"jump": times[len(times) // 2], "jump_p99": times[int(len(times) * 0.99)]}


def _fetch(path: Path, folder: Path) -> dict[str, float]:
    """Take pages from all over the file, as scrolling does before it paints."""
    from studio.dataset.store.reader import Store  # not before the first page is measured

    store = Store(path, folder)
    chance, times = random.Random(5), []
    for _ in range(_SCROLLS):
        began = time.perf_counter()
        store.page(chance.randrange(ROWS - PAGE), PAGE)
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    return {"fetch": times[len(times) // 2], "fetch_p99": times[int(len(times) * 0.99)]}


def _ask(application: QApplication, table: LargeTable) -> dict[str, float]:
    """Seconds until the table shows what is asked of it."""
    times = {}

    def ask(name: str, change: Callable[[], object], shown: Callable[[], bool]) -> None:
        began = time.perf_counter()
        change()
        _until(application, shown)
        times[name] = time.perf_counter() - began

    model, head = table.model, table.view.horizontalHeader()
    ask("filter", lambda: table.chips.choose("bad"), lambda: model.rowCount() == ROWS // 10_000)
    table.chips.choose("all")
    ask("sort", lambda: head.setSortIndicator(5, Qt.SortOrder.DescendingOrder), lambda: _descends(table))
    head.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
    ask("search", lambda: table.search.setText(_LOOKED_UP), lambda: model.rowCount() == 0)
    table.search.setText("")
    _until(application, lambda: model.rowCount() == ROWS)
    table.search.setText(_LOOKED_UP)
    _until(application, lambda: model.rowCount() == 0)
    ask("whole", lambda: table.whole.setChecked(True), lambda: model.rowCount() == 1)
    return times


def _descends(table: LargeTable) -> bool:
    """Whether a row without any characters, one that cannot train, stands last."""
    last = table.model.rows[table.model.rowCount() - 1]
    return last is not None and last.characters == 0


def _memory(process: psutil.Process) -> tuple[float, float]:
    """MB that only this process holds (its resident pages less the shared ones), and with mapped files.

    Pages of mapped files are the system's own cache: it takes them back when it needs them.
    """
    info = process.memory_info()
    private = info.rss - info.shared if hasattr(info, "shared") else process.memory_full_info().uss
    return private / 1e6, info.rss / 1e6


def _until(application: QApplication, condition: Callable[[], bool]) -> None:
    while not condition():
        application.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


if __name__ == "__main__":
    print(json.dumps(_watch(Path(sys.argv[1]))))
