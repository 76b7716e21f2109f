"""A window that ended without a word is found at the next start, with where it stood and no prompt."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from studio.crashes import KEPT_REPORTS, LINES, details, find_crash, watched
from studio.paths import Paths

PLANTED = "planted-prompt-of-a-person"
KEY = "hf_" + "PlantedKeyOfTheHub"

WINDOW = f"""
import ctypes, logging, os, signal, sys
from pathlib import Path
from studio.crashes import find_crash, watched
from studio.logs import keep_logs
from studio.paths import Paths

paths = Paths.under(Path(sys.argv[1]))
keep_logs(paths)
with watched(paths):
    logging.getLogger("studio.app").info("%s after step %d", {PLANTED!r}, 41)
    prompt = {PLANTED!r}
    if sys.argv[2] == "close":
        sys.exit(0)
    if sys.argv[2] == "fault":
        ctypes.string_at(0)
    os.kill(os.getpid(), getattr(signal, sys.argv[2]))
"""


def end(home: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """A process that opens what a window does and ends like this; its exit code."""
    monkeypatch.setenv("HF_TOKEN", KEY)
    ended = subprocess.run([sys.executable, "-c", WINDOW, home, how], capture_output=True, check=False)
    return ended.returncode


@pytest.mark.parametrize(
    ("how", "code", "told"),
    [
        ("fault", -signal.SIGSEGV, "Fatal Python error: Segmentation fault"),
        pytest.param("SIGABRT", -signal.SIGABRT, "Fatal Python error: Aborted", marks=pytest.mark.long),
        pytest.param("SIGKILL", -signal.SIGKILL, "It left no stack", marks=pytest.mark.long),
    ],
)
def test_a_crash_is_found_once_with_where_it_stood(
    tmp_path: Path, how: str, code: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert end(tmp_path, how, monkeypatch) == code
    paths = Paths.under(tmp_path)
    report = find_crash(paths)
    assert report is not None
    text = report.read_text(encoding="utf-8")
    assert told in text
    assert "mlx 0." in text
    assert "… after step 41" in text
    for planted in (PLANTED, KEY, str(tmp_path), str(Path.home())):
        assert planted not in text
    assert find_crash(paths) is None


@pytest.mark.long
def test_what_ended_as_it_should_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert end(tmp_path, "close", monkeypatch) == 0
    assert (find_crash(Paths.under(tmp_path)), list((tmp_path / "crashes").iterdir())) == (None, [])


def test_a_window_that_is_open_is_no_crash_and_few_reports_are_kept(tmp_path: Path) -> None:
    paths = Paths.under(tmp_path)
    with watched(paths):
        assert find_crash(paths) is None
    for number in range(KEPT_REPORTS + 3):
        (paths.crashes / f"window-{number}.trace").write_text("", encoding="utf-8")
        (paths.crashes / f"2020-01-0{number + 1}-120000-window-{number}.txt").write_text("", encoding="utf-8")
    assert find_crash(paths) is not None
    assert len(list(paths.crashes.glob("*.txt"))) == KEPT_REPORTS
    assert list(paths.crashes.glob("*.trace")) == []


def test_details_have_the_last_lines_also_where_the_log_was_just_begun_anew(tmp_path: Path) -> None:
    paths = Paths.under(tmp_path)
    (tmp_path / "report.log.1").write_text("\n".join(f"older {n}" for n in range(500)), encoding="utf-8")
    (tmp_path / "report.log").write_text("newest", encoding="utf-8")
    told = details(paths).splitlines()
    lines = told[told.index("The last lines of its log:") + 1 :]
    assert (len(lines), lines[0], lines[-1]) == (LINES, f"older {500 - LINES + 1}", "newest")


def test_a_home_that_may_not_be_written_is_no_reason_not_to_open(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with watched(Paths.under(tmp_path / "file")):
        assert find_crash(Paths.under(tmp_path / "file")) is None
