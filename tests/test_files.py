"""Folders are written whole or not at all, whoever else writes them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from studio.files import whole_folder

_OTHER = """
import sys
from pathlib import Path
from studio.files import whole_folder

with whole_folder(Path(sys.argv[1])) as folder:
    (folder / "theirs").write_text("half")
    if sys.argv[2] == "crashes":
        import os
        os._exit(1)
"""


def other(path: Path, ends: str) -> None:
    subprocess.run([sys.executable, "-c", _OTHER, str(path), ends], check=ends != "crashes")


def test_two_processes_that_write_one_folder_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "dataset"
    with whole_folder(path) as folder:
        (folder / "ours").write_text("first half")
        other(path, "ends")
        (folder / "more").write_text("second half")
    assert sorted(os.listdir(path)) == ["more", "ours"]
    assert os.listdir(tmp_path) == ["dataset"]


def test_what_a_crash_left_is_cleared_by_who_writes_next(tmp_path: Path) -> None:
    path = tmp_path / "dataset"
    other(path, "crashes")
    assert len(os.listdir(tmp_path)) == 1
    with whole_folder(path) as folder:
        (folder / "ours").write_text("whole")
    assert os.listdir(tmp_path) == ["dataset"]
