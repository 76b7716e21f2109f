"""The training engine against its peers and against the machine: speed, and memory over the weights.

Both sides in one process, in turns, fp32, OpenBLAS. `python -m tests.benchmarks.engine` measures single rows.
"""

from __future__ import annotations

from tests.benchmarks.figure import Figure


def measure() -> list[Figure]:
    """Every row; the table in the README is written anew."""
    from tests.benchmarks.engine import readme
    from tests.benchmarks.engine.rows import ROWS, warm_up
    from tests.benchmarks.machine import machine

    warm_up()
    rows = [row() for row in ROWS.values()]
    readme.write(rows, machine())
    return [figure for row in rows for figure in row.figures()]
