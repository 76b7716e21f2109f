"""`make bench`: measures what the README promises, and says whether each figure is within its target."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from tests.benchmarks import engine, first_paint, main_job, window_lateness
from tests.benchmarks.figure import Figure

BENCHMARKS = {
    "first_paint": first_paint,
    "window_lateness": window_lateness,
    "main_job": main_job,
    "engine": engine,
}


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; 0 when every figure is within its target."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    figures: list[Figure] = []
    for name in names or BENCHMARKS:
        figures += BENCHMARKS[name].measure()
    table = Table("figure", "measured", "target", "", title=_machine())
    for figure in figures:
        table.add_row(figure.name, figure.text, figure.target, figure.judgement)
    Console(width=110).print(table)
    return 0 if all(figure.within for figure in figures) else 1


def _machine() -> str:
    date = datetime.now(UTC).date().isoformat()
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {date}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
