"""CPU time of the scan of a big JSONL file against Arrow's parser alone on it, for three shapes of row."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from studio.paths import resource
from tests.benchmarks.figure import Figure

ROWS = 300_000
MOST = 3.0
"""Times the CPU of `pyarrow.json.read_json`."""
_ROUNDS = 3
_BAD = 5_000
"""Of so many rows one is bad."""


def measure() -> list[Figure]:
    """Each shape in a process of its own."""
    return [_figure(shape) for shape in SHAPES]


def _figure(shape: str) -> Figure:
    command = [sys.executable, "-m", "tests.benchmarks.scan", shape]
    said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    ratio = said["scan"] / said["arrow"]
    return Figure(
        f"Scan of {ROWS:,} rows ({shape}, {said['size'] / 1e6:.0f} MB)",
        f"{ratio:.1f} x ({said['scan']:.1f} s against {said['arrow']:.1f} s of pyarrow.json)",
        f"at most {MOST:.0f} x",
        ratio <= MOST,
    )


def _instruction(text: Callable[[int], str], number: int) -> dict[str, Any]:
    given = text(8) if number % 3 == 0 else ""
    return {"instruction": f"{text(16)} {number}", "input": given, "output": text(34)}


def _completion(text: Callable[[int], str], number: int) -> dict[str, Any]:
    return {"prompt": f"{text(19)} {number}", "completion": text(37)}


def _chat(text: Callable[[int], str], number: int) -> dict[str, Any]:
    turns = [{"role": "system", "content": "You are kind."}] if number % 2 else []
    for _ in range(1 + number % 2):
        turns += [{"role": "user", "content": text(12)}, {"role": "assistant", "content": text(22)}]
    return {"messages": turns}


SHAPES = {"instruction": _instruction, "prompt/completion": _completion, "chat": _chat}


def write_rows(path: Path, shape: str, rows: int) -> None:
    """Rows of random words; a few are bad."""
    chance = random.Random(1)
    words = resource("starter/general.txt").read_text(encoding="utf-8").split()

    def text(count: int) -> str:
        return " ".join(chance.choices(words, k=count))

    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            row = SHAPES[shape](text, number) if number % _BAD != _BAD // 2 else {"nothing": None}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _compare(shape: str) -> dict[str, float]:
    from pyarrow.json import read_json

    from studio.dataset.store.scanner import scan

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        write_rows(path, shape, ROWS)
        arrow = min(_seconds(lambda: read_json(path)) for _ in range(_ROUNDS))
        ours = min(_seconds(lambda: list(scan(path, Path(folder) / "index"))) for _ in range(_ROUNDS))
        return {"arrow": arrow, "scan": ours, "size": path.stat().st_size}


def _seconds(run: Callable[[], Any]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began


def main(arguments: Sequence[str]) -> None:
    """`SHAPE`: prints the seconds of both."""
    print(json.dumps(_compare(arguments[0])))


if __name__ == "__main__":
    main(sys.argv[1:])
