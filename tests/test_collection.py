"""Every worker finds the same tests, whatever the time and the seed of its hashes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OTHER_CLOCK = """
import sys, time
shift = float(sys.argv.pop(1))
now = time.time
time.time = lambda: now() + shift
import pytest
sys.exit(pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider"]))
"""


def collected(shift: int, seed: int) -> list[str]:
    """The ids of all tests, in order, where the clock is `shift` seconds ahead and hashes have a seed."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    ran = subprocess.run(
        [sys.executable, "-c", OTHER_CLOCK, str(shift)],
        cwd=ROOT,
        env=environment | {"PYTHONHASHSEED": str(seed)},
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in ran.stdout.splitlines() if "::" in line]


@pytest.mark.long
def test_the_same_tests_are_collected_at_another_time_and_with_other_hashes() -> None:
    first = collected(0, 1)
    assert len(first) > 1000
    assert collected(3600 * 24 * 400 + 7, 2) == first
