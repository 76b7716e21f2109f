"""How a run that ended is told of, and whether one that asked too much of the machine goes on by itself."""

from __future__ import annotations

from collections.abc import Callable

from studio.catalogue import phrase
from studio.events import Ended
from studio.jobs.job import Failed, is_overload, reason_of
from studio.language import tr
from studio.runs.history import RunHistory
from studio.runs.store import RunSummary

KEPT = tr("What was learned is kept; Resume goes on exactly here.")
TOLD = ("done", "stopped", "failed", "interrupted")
"""How a run ends, as its folder tells it and the pane shows it."""
OVERLOADED = "overloaded"
"""How the pane shows one that failed because it asked too much of the machine at once."""


def has_ended(run: RunSummary) -> bool:
    """Whether a run can be looked back on."""
    return run.state in TOLD


def look_of(run: RunSummary, history: RunHistory | None = None) -> tuple[str, str]:
    """The look of the pane for a run that ended, and a sentence about how it did."""
    ends = history.all_of(Ended) if history is not None else []
    if run.state == "failed" and ends and is_overload(ends[-1].summary):
        return OVERLOADED, run.message
    return run.state, KEPT if run.state == "stopped" else run.message


def look_of_failure(failed: Failed, otherwise: str, *, opened: bool) -> str:
    """The look of the pane for a job that failed; `otherwise` where it had opened no run."""
    if failed.paused:
        return "stopped"
    if not opened:
        return otherwise
    return OVERLOADED if failed.is_overload else "failed"


def agrees(look: str, state: str) -> bool:
    """Whether the pane's look is that of a run in this state; also while it shows no run's end."""
    return look == state or (look, state) == (OVERLOADED, "failed") or not {look, state} <= set(TOLD)


class GoingOn:
    """Has a run that asked too much of the machine go on in smaller portions, where the person allows it.

    By itself it does so once: after that a person has to start or resume it.
    """

    def __init__(self, go_on: Callable[[], None], tell: Callable[[str], None]) -> None:
        self.allowed = False
        self._go_on, self._tell = go_on, tell
        self._by_itself = False  # whether the run at work was resumed so

    def begin(self) -> None:
        """A person has a run started or resumed."""
        self._by_itself = False

    def after(self, failed: Failed) -> bool:
        """Whether the run that failed goes on by itself, which then has begun."""
        if not failed.is_overload or not self.allowed or self._by_itself:
            return False
        self._tell(str(phrase("portions.by_itself", failure=reason_of(failed.said))))
        self._go_on()
        self._by_itself = True
        return True
