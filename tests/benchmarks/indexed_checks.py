"""Every check on a million rows that stay in their file: CPU time, and memory besides mapped files.

`ROWS=5000000 make bench ONLY=indexed_checks` does the same with more rows.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.benchmarks.figure import Figure
from tests.benchmarks.five_million import write_rows

ROWS = int(os.environ.get("ROWS", 1_000_000))
SECONDS = ROWS * 120 / 1_000_000
"""Of one core: five million rows in ten minutes."""
MEMORY_MB = 500.0
_LOOK_SECONDS = 0.5


def measure() -> list[Figure]:
    """Scan and check the file in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "million.jsonl"
        write_rows(path, ROWS)
        command = [sys.executable, "-m", "tests.benchmarks.indexed_checks", str(path)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    measured = json.loads(said.splitlines()[-1])
    seconds, private = measured["seconds"], measured["private"]
    name = f"All checks on {ROWS:,} rows by their index"
    return [
        Figure(
            f"{name}: CPU time",
            f"{seconds:.0f} s ({ROWS / seconds:,.0f} rows a second), {measured['wall']:.0f} s of the clock",
            f"{SECONDS:.0f} s",
            seconds <= SECONDS,
        ),
        Figure(
            f"{name}: memory of its own, at most",
            f"{private:.0f} MB ({measured['resident']:.0f} MB with mapped files)",
            f"less than {MEMORY_MB:.0f} MB",
            private < MEMORY_MB,
        ),
    ]


def _check(path: Path) -> dict[str, float]:
    from studio.dataset.checks.registry import check_all
    from studio.dataset.store.reader import Store
    from studio.dataset.store.records import subject_of
    from studio.dataset.store.scanner import scan

    with tempfile.TemporaryDirectory() as folder:
        list(scan(path, Path(folder) / "index"))
        subject = subject_of(Store(path, Path(folder) / "index"), "instruction")
        began, looked, clock = time.process_time(), 0.0, time.monotonic()
        measured = {"private": 0.0, "resident": 0.0}
        for _ in check_all(subject):
            if time.monotonic() - looked > _LOOK_SECONDS:
                looked, info = time.monotonic(), psutil.Process().memory_full_info()
                measured["private"] = max(measured["private"], info.uss / 1e6)
                measured["resident"] = max(measured["resident"], info.rss / 1e6)
        seconds, wall = time.process_time() - began, time.monotonic() - clock
        return {**measured, "seconds": seconds, "wall": wall}


if __name__ == "__main__":
    print(json.dumps(_check(Path(sys.argv[1]))))
