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

SUITES = {"quick": 60, "standard": 0, "full": 600}
"""How much is measured, and the seconds that it may take; 0 where nothing is promised."""


def measure() -> list[Figure]:
    """`studio train` with the default recipe, then `studio evaluate` of each suite, as separate processes."""
    with tempfile.TemporaryDirectory() as home:
        began = time.perf_counter()
        trained = _studio("train", str(resource("starter/instructions.jsonl")), home=home)
        seconds = time.perf_counter() - began
        results = {
            suite: _studio("evaluate", trained["run"], "--suite", suite, home=home) for suite in SUITES
        }
    scores = {(each["measure"], each["part"]): each["scores"] for each in results["quick"]["scores"]}
    before, after = (each["value"] for each in scores["golden_exact", ""])
    return [
        Figure("train the starter, whole command", f"{seconds:.0f} s", "at most 120 s", seconds <= 120),
        Figure("training, tokens per second", f"{trained['tokens_per_second']:,}", "-", True),
        Figure("golden set before", f"{before:.0%} right", "at most 15%", before <= 0.15),
        Figure("golden set after", f"{after:.0%} right", "at least 70%", after >= 0.7),
        *(_took(suite, result) for suite, result in results.items()),
    ]


def _took(suite: str, result: Any) -> Figure:
    seconds, measures = result["seconds"], len({each["measure"] for each in result["scores"]})
    target = f"at most {SUITES[suite]} s" if SUITES[suite] else "-"
    fits = seconds <= SUITES[suite] if SUITES[suite] else True
    return Figure(f"evaluation, {suite}, {measures} measures", f"{seconds:.0f} s", target, fits)


def _studio(*arguments: str, home: str) -> Any:
    command = [sys.executable, "-m", "studio", *arguments, "--json", "--home", home]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
