"""What a check is, what it has to work with, and what is known of it afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from studio.catalogue import Phrase, listed, phrase
from studio.errors import StudioError
from studio.runs.folder import RunFolder
from studio.selftest.faults import fault_of
from studio.selftest.processes import EngineHand, WindowLook

PASSED, WARNED, FAILED, LEFT_OUT = "passed", "warned", "failed", "left out"
"""How a check may end: a warning is no failure; what is not installed or cannot be tried is left out."""


@dataclass(frozen=True)
class CheckOutcome:
    """What a check found: in words, in figures for programs, and what should be known though it works."""

    detail: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    warning: Phrase | None = None


class NotInstalled(StudioError):
    """What was to be checked is not part of this installation, and need not be."""


@dataclass(frozen=True)
class SelfCheck:
    """What came of one check of the self-test."""

    key: str
    name: str
    status: str
    detail: str
    seconds: float
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        return self.status == FAILED


class Workbench:
    """What the checks work with, and what they hand on to one another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = EngineHand()
        self.run: RunFolder | None = None
        self._look: WindowLook | None = None

    def window_look(self) -> WindowLook:
        """The process that looks the window over; its three checks share one."""
        self._look = self._look or WindowLook(self.folder / "window")
        return self._look

    def close(self) -> None:
        """Let the processes leave."""
        if self._look is not None:
            self._look.close()
        self.engine.close()


@dataclass(frozen=True)
class CheckEntry:
    """One check: `key` is for programs, `name` for people; left out where one that it `needs` failed."""

    key: str
    name: str
    work: Callable[[Workbench], CheckOutcome]
    needs: tuple[str, ...] = ()

    def outcome(self, bench: Workbench, failed: Collection[str]) -> SelfCheck:
        """Make the check, unless what it needs has `failed`; whatever is broken becomes the result."""
        if missing := [key for key in self.needs if key in failed]:
            reason = phrase("selftest.needs", names=listed(missing))
            return SelfCheck(self.key, self.name, LEFT_OUT, str(reason), 0.0)
        began = time.perf_counter()
        figures: Mapping[str, Any] = {}
        try:
            found = self.work(bench)
            status, detail, figures = PASSED, found.detail, found.figures
            if found.warning is not None:
                status, detail = WARNED, f"{detail}. {found.warning}"
        except NotInstalled as error:
            status, detail = LEFT_OUT, str(error)
        except Exception as error:  # noqa: BLE001  # whatever is broken is the result
            status, detail = FAILED, str(fault_of(error))
        seconds = round(time.perf_counter() - began, 2)
        return SelfCheck(self.key, self.name, status, detail, seconds, figures)


def checking(entries: Sequence[CheckEntry]) -> Generator[SelfCheck]:
    """Make every check in turn; one that fails keeps only those from being made that need it."""
    failed: set[str] = set()
    with TemporaryDirectory(prefix="studio-selftest-", ignore_cleanup_errors=True) as folder:
        bench = Workbench(Path(folder))
        try:
            for entry in entries:
                found = entry.outcome(bench, failed)
                if found.failed or (found.status == LEFT_OUT and failed & {*entry.needs}):
                    failed.add(entry.key)
                yield found
        finally:
            bench.close()
