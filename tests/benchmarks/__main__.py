"""`make bench`: measures what the README promises, and says whether each figure is within its target."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from pathlib import Path
from types import ModuleType

from rich.console import Console
from rich.table import Table

from studio.process import prepare_process
from tests import benchmarks
from tests.benchmarks.figure import Figure
from tests.benchmarks.machine import machine

FIRST = ("first_paint", "window_lateness", "main_job", "engine")


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; 0 when every figure is within its target, 2 for an unknown name."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    prepare_process()  # before a benchmark imports MLX
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])  # where its children find `tests`
    found = _benchmarks()
    if unknown := [name for name in names if name not in found]:
        print(f"No benchmark called {', '.join(unknown)}. There are {', '.join(found)}.", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    for name in names or found:
        figures += found[name].measure()
    table = Table("figure", "measured", "target", "", title=machine())
    for figure in figures:
        table.add_row(figure.name, figure.text, figure.target, figure.judgement)
    Console(width=110).print(table)
    return 0 if all(figure.within for figure in figures) else 1


def _benchmarks() -> dict[str, ModuleType]:
    """Every module here that can `measure`, by name, in the order in which they are shown."""
    names = sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    names.sort(key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))
    modules = {
        name: importlib.import_module(f"tests.benchmarks.{name}") for name in names if name != "__main__"
    }
    return {name: module for name, module in modules.items() if hasattr(module, "measure")}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
