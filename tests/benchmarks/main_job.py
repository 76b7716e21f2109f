"""The main job from the command line: how long it takes, and what the starter can do before and after."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from typing import Any

from studio.paths import resource
from tests.benchmarks.figure import Figure


def measure() -> list[Figure]:
    """`studio train` with the default recipe, then `studio evaluate`, as separate processes."""
    with tempfile.TemporaryDirectory() as home:
        began = time.perf_counter()
        trained = _studio("train", str(resource("starter/instructions.jsonl")), home=home)
        seconds = time.perf_counter() - began
        evaluated = _studio("evaluate", trained["run"], home=home)
    exact = next(m for m in evaluated["measures"] if m["name"] == "Exact match")
    return [
        Figure("train the starter, whole command", f"{seconds:.0f} s", "at most 120 s", seconds <= 120),
        Figure("training, tokens per second", f"{trained['tokens_per_second']:,}", "-", True),
        Figure("golden set before", f"{exact['base']:.0%} right", "at most 15%", exact["base"] <= 0.15),
        Figure("golden set after", f"{exact['tuned']:.0%} right", "at least 70%", exact["tuned"] >= 0.7),
        Figure("evaluation", f"{evaluated['seconds']:.1f} s", "-", True),
    ]


def _studio(*arguments: str, home: str) -> Any:
    command = [sys.executable, "-m", "studio", *arguments, "--json", "--home", home]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
