"""A Mac's GPU is asked for patience before MLX starts."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import atexit, os, sys
import studio.cli.commands
sys.platform = "{platform}"
import studio.__main__ as entry
sys.argv = ["studio", "--version"]
told = lambda: print(os.environ.get("AGX_RELAX_CDM_CTXSTORE_TIMEOUT"), "mlx.core" in sys.modules)
atexit.register(told)
entry.main()
"""


@pytest.mark.parametrize(
    ("platform", "set_before", "found"), [("darwin", "", "1"), ("darwin", "0", "0"), ("linux", "", "None")]
)
def test_the_gpu_is_asked_for_patience_on_a_mac_unless_the_person_chose(
    platform: str, set_before: str, found: str
) -> None:
    name = "AGX_RELAX_CDM_CTXSTORE_TIMEOUT"
    environment = {key: value for key, value in os.environ.items() if key != name}
    if set_before:
        environment[name] = set_before
    program = PROGRAM.format(platform=platform)
    ran = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines()[-1] == f"{found} False"
