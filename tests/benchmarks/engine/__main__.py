"""`python -m tests.benchmarks.engine [ROW …] [--rounds N] [--examples N]`: single rows, README untouched."""

from __future__ import annotations

import argparse

from studio.process import prepare_process


def main() -> None:
    """Measure the named rows, or all, and print their figures and seconds."""
    prepare_process()
    import time

    from tests.benchmarks.engine import readme
    from tests.benchmarks.engine.rows import ROWS, warm_up
    from tests.benchmarks.machine import machine

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"any of {', '.join(ROWS)}")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--examples", type=int, help="how many examples or pairs; else as in `make bench`")
    asked = parser.parse_args()
    if unknown := set(asked.rows) - set(ROWS):
        parser.error(f"no row called {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    size = {"count": asked.examples} if asked.examples else {}
    warm_up()
    rows = []
    for name in asked.rows or ROWS:
        began = time.perf_counter()
        rows.append(ROWS[name](rounds=asked.rounds, **size))
        for figure in rows[-1].figures():
            print(f"{figure.name}: {figure.text}, {figure.target}: {figure.judgement}", flush=True)
        print(f"  {time.perf_counter() - began:.0f} s; on Metal {rows[-1].metal}", flush=True)
    print(readme.table(rows, machine()))


if __name__ == "__main__":
    main()
