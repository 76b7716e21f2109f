"""Folders are written whole or not at all, whoever else writes them."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from studio.errors import DiskError
from studio.files import whole, whole_bytes, whole_folder

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


FULL = 51
"""F_FULLFSYNC, as macOS numbers it."""


class Drive:
    """A drive of a Mac, in place of the last two calls: it notes what it flushes, and what it cannot."""

    def __init__(self, unable: set[str] = frozenset(), fault: int = errno.EINVAL) -> None:  # type: ignore[assignment]
        self.unable, self.fault, self.flushed = unable, fault, list[tuple[str, str]]()

    def fsync(self, descriptor: int) -> None:
        self._flush("plain", descriptor)

    def fcntl(self, descriptor: int, command: int) -> None:
        assert command == FULL
        self._flush("full", descriptor)

    def _flush(self, how: str, descriptor: int) -> None:
        what = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        if f"{how} {what}" in self.unable:
            raise OSError(self.fault, os.strerror(self.fault))
        self.flushed.append((how, what))

    def put_in(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(whole, "_THROUGH", FULL)
        patch.setattr(fcntl, "fcntl", self.fcntl)
        patch.setattr(os, "fsync", self.fsync)


def write_both(place: Path) -> None:
    with whole_bytes(place / "settings") as file:
        file.write(b"1")
    with whole_folder(place / "checkpoint") as folder:
        (folder / "one").write_text("1")
        (folder / "two").write_text("2")


def test_on_a_mac_what_must_last_goes_through_the_drives_own_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drive = Drive()
    drive.put_in(monkeypatch)
    write_both(tmp_path)
    file, folder = ("full", "file"), ("full", "folder")
    assert drive.flushed == [file, ("plain", "file"), ("plain", "file"), folder, folder]


@pytest.mark.parametrize("fault", [errno.EINVAL, errno.ENOTSUP], ids=["EINVAL", "ENOTSUP"])
def test_a_volume_that_cannot_flush_a_folder_takes_a_checkpoint_all_the_same(
    fault: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drive = Drive({"full file", "full folder", "plain folder"}, fault)
    drive.put_in(monkeypatch)
    write_both(tmp_path)
    assert drive.flushed == [("plain", "file")] * 3
    assert sorted(os.listdir(tmp_path / "checkpoint")) == ["one", "two"]


@pytest.mark.parametrize(
    ("unable", "fault"),
    [({"full folder"}, errno.EIO), ({"full file", "plain file"}, errno.EINVAL)],
    ids=["a folder, EIO", "files, EINVAL"],
)
def test_a_flush_that_fails_for_another_reason_or_of_a_file_is_a_fault(
    unable: set[str], fault: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Drive(unable, fault).put_in(monkeypatch)
    with pytest.raises((OSError, DiskError)):
        write_both(tmp_path)
    assert not (tmp_path / "checkpoint").exists()
