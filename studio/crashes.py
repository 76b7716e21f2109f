"""A window that ended without a word is found at the next start, and told as a report that stays on this Mac.

While a window is open it holds a file, in which Python writes where every thread stood if it crashes. What
is held by nobody any more is of a window that crashed, was killed, or lost its power.
"""

from __future__ import annotations

import contextlib
import faulthandler
import fcntl
import os
import platform
from collections import deque
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

from studio import __version__
from studio.logs import ELIDED, anonymous, clean
from studio.paths import Paths

LINES = 200
"""So many lines of the log a report has at most."""
KEPT_REPORTS = 5

_TRACE, _REPORT = ".trace", ".txt"
_PACKAGES = ("mlx", "mlx-lm", "transformers", "tokenizers", "pyside6-essentials", "numpy", "huggingface-hub")
_NO_STACK = "It left no stack: it was ended from outside, or the power went."


@contextlib.contextmanager
def watched(paths: Paths) -> Iterator[None]:
    """Leave something to be found if this process does not end as it should; nothing where it does."""
    file = paths.crashes / f"window-{os.getpid()}{_TRACE}"
    try:
        paths.crashes.mkdir(parents=True, exist_ok=True)
        trace = file.open("w", encoding="utf-8")
    except OSError:  # a home that may not be written: the window opens all the same
        yield
        return
    with trace:
        _hold(trace)
        faulthandler.enable(trace)
        try:
            yield
        finally:
            faulthandler.disable()
            file.unlink(missing_ok=True)


def find_crash(paths: Paths) -> Path | None:
    """The report of the window that ended without a word since the last start, made now; else None.

    To be called before this process writes to the logs.
    """
    found: Path | None = None
    for file in sorted(paths.crashes.glob(f"*{_TRACE}")):
        if (stack := _left_behind(file)) is not None:
            found = _write(paths, file, stack)
    return found


def details(paths: Paths, stack: str = "", when: datetime | None = None) -> str:
    """What tells those who look into a failure what happened: no prompt, no data, no key of the person's."""
    parts = [
        f"Tuning Studio {__version__}, {(when or datetime.now()).astimezone():%Y-%m-%d %H:%M %Z}",
        _system(),
        f"Where it stood:\n{stack}" if stack else "",
        f"The last lines of its log:\n{_tail(paths.report_log)}",
    ]
    return clean("\n\n".join(filter(None, parts))) + "\n"


def _hold(file: IO[str]) -> bool:
    """Whether the file is ours now: no living process holds it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _left_behind(file: Path) -> str | None:
    """What a window left that is gone; None while it is open."""
    try:
        with file.open("r+", encoding="utf-8", errors="replace") as trace:
            return trace.read() if _hold(trace) else None
    except OSError:
        return None


def _write(paths: Paths, trace: Path, stack: str) -> Path | None:
    lines = [line for line in map(anonymous, stack.splitlines()) if line != ELIDED]
    when = datetime.fromtimestamp(trace.stat().st_mtime)
    report = paths.crashes / f"{when:%Y-%m-%d-%H%M%S}-{trace.stem}{_REPORT}"
    try:
        report.write_text(details(paths, "\n".join(lines) or _NO_STACK, when), encoding="utf-8")
        trace.unlink()
        for old in sorted(paths.crashes.glob(f"*{_REPORT}"))[:-KEPT_REPORTS]:
            old.unlink()
    except OSError:
        return None
    return report


def _system() -> str:
    """Versions, and the machine; no names of it or of its person."""
    import psutil

    versions = ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)
    memory = psutil.virtual_memory().total / 2**30
    mac = platform.mac_ver()[0]
    system = f"macOS {mac}" if mac else f"{platform.system()} {platform.release()}"
    machine = f"{system}, {platform.machine()}, {memory:.0f} GB, {os.cpu_count()} cores"
    return f"Python {platform.python_version()}, {versions}\n{machine}"


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # it takes its time

    try:
        return version(package)
    except PackageNotFoundError:
        return "not there"


def _tail(log: Path) -> str:
    """The last lines of a log and, where it was just begun anew, of the one before."""
    kept: deque[str] = deque(maxlen=LINES)
    for file in (log.with_name(f"{log.name}.1"), log):
        with contextlib.suppress(OSError):
            kept.extend(file.read_text(encoding="utf-8", errors="replace").splitlines())
    return "\n".join(kept) or "(none)"
