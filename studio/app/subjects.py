"""Which run each pane is about: every pane has its own, names it, and lets another one be chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from studio.runs.store import RunSummary
from studio.ui.tables.run_picker import RunPicker

ANSWERING = ("evaluation", "playground")
"""The panes that ask a run. They are about the newest one that can answer until another is chosen there."""


class Subjects(QObject):
    """One run per pane, by its name, and what the list of runs says of it."""

    changed = Signal(str)  # the pane that is about another run now, or whose run says something new
    listed = Signal()  # the list was read again
    held = Signal(str, str)  # a pane that works with its run, and why it keeps to that; no reason: no more

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs: tuple[RunSummary, ...] = ()
        self._names = {"training": "", **dict.fromkeys(ANSWERING, "")}
        self._chosen: set[str] = set()  # the panes where a person chose
        self._held: dict[str, tuple[str, str]] = {}  # by pane: the run that it works with, and the reason

    @property
    def runs(self) -> tuple[RunSummary, ...]:
        """All runs as they were listed last, the newest first."""
        return self._runs

    def name(self, pane: str) -> str:
        """The run that a pane is about; nothing where there is none, and of a pane that is about none."""
        return self._names.get(pane, "")

    def run(self, pane: str) -> RunSummary | None:
        """What is known of the run that a pane is about; None where that is nothing yet."""
        name = self.name(pane)
        return next((run for run in self._runs if name and run.name == name), None)

    def choose(self, pane: str, name: str) -> None:
        """Let a pane be about a run, or the training about none; no other pane follows."""
        self._chosen.add(pane)
        self._turn(pane, name)

    def take(self, runs: Sequence[RunSummary], newest: str = "") -> None:
        """Take in the list of runs, where the run called `newest` has just learned something.

        What was deleted is no pane's subject any more. A pane that asks, and where nobody chose, turns to
        the newest run.
        """
        before = {pane: self.run(pane) for pane in self._names}
        self._runs = tuple(runs)
        answering = [run.name for run in runs if run.can_answer]
        for pane, name in self._names.items():
            if name not in (run.name for run in runs):
                self._chosen.discard(pane)
                name = ""
            if pane in ANSWERING and pane not in self._chosen:
                name = newest if newest in answering else name or next(iter(answering), "")
            self._names[pane] = name
        for pane, run in before.items():
            if run != self.run(pane):
                self.changed.emit(pane)
        self.listed.emit()

    def rename(self, name: str, new: str) -> None:
        """A run has another name now; the rest of what the list says comes later."""
        self._runs = tuple(
            replace(run, name=new, folder=run.folder.with_name(new)) if run.name == name else run
            for run in self._runs
        )
        about = [pane for pane, each in self._names.items() if each == name]
        self._names.update(dict.fromkeys(about, new))
        for pane in about:
            self.changed.emit(pane)
        self.listed.emit()

    def hold(self, pane: str, name: str, why: str) -> None:
        """A pane works with a run, which keeps its name and place until `release`."""
        self._held[pane] = name, why
        self.held.emit(pane, why)

    def release(self, pane: str) -> None:
        """A pane's work has ended."""
        self._held.pop(pane, None)
        self.held.emit(pane, "")

    def why_held(self, name: str) -> str:
        """Why a run must keep its name and place for now; nothing where it need not."""
        return next((why for run, why in self._held.values() if run == name), "")

    def _turn(self, pane: str, name: str) -> None:
        if name != self._names[pane]:
            self._names[pane] = name
            self.changed.emit(pane)


class Picking(QObject):
    """Keeps a pane's picker true: it names the pane's run, and offers those that the pane can be about."""

    def __init__(
        self,
        subjects: Subjects,
        pane: str,
        picker: RunPicker,
        offers: Callable[[RunSummary], bool],
        choose: Callable[[str], object],
    ) -> None:
        super().__init__(picker)
        self._subjects, self._pane, self._picker, self._offers = subjects, pane, picker, offers
        picker.chosen.connect(choose)
        subjects.changed.connect(self._follow)
        subjects.listed.connect(self.show)
        subjects.held.connect(self._hold)

    def show(self) -> None:
        """Name the run again, and offer what there is."""
        name = self._subjects.name(self._pane)
        runs = [run for run in self._subjects.runs if run.name == name or self._offers(run)]
        self._picker.show_runs(runs, name)

    def _follow(self, pane: str) -> None:
        if pane == self._pane:
            self.show()

    def _hold(self, pane: str, why: str) -> None:
        if pane == self._pane:
            self._picker.hold(why)
