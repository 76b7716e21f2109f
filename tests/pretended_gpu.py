"""Has the tests meet a GPU that is none: `PYTHONPATH=. pytest -p tests.pretended_gpu`.

So what the code does on Metal alone is run where there is no Metal; its kernels and their speed are not.
Child processes pretend as well: the folder that comes first on their path has a `sitecustomize`.
"""

from __future__ import annotations

import os
from pathlib import Path

from tests.pretending.gpu import MAC, install

_CHILDREN = Path(__file__).parent / "pretending"

install()


def pytest_configure() -> None:
    """The tests' own conftest has said where children look for modules; ours goes before."""
    os.environ["PYTHONPATH"] = os.pathsep.join((str(_CHILDREN), os.environ["PYTHONPATH"]))


def pytest_report_header() -> str:
    """Said above the results, so that nobody takes them for those of the CPU."""
    return f"pretended GPU: {MAC['device_name']}, {MAC['architecture']}"
