"""The steps behind the dataset at hand: shown, added and taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from studio.app.bringing import KINDS
from studio.app.shaping import Shaping
from studio.app.shared import Shared
from studio.dataset.save.manifest import NAME, Manifest, SourceFile, is_saved, sha256
from studio.dataset.steps.apply import together
from studio.dataset.steps.steps import OWN, STEPS, Mix, Step, step_from, steps_written
from studio.errors import StudioError
from studio.ui.dialogs.step import StepDialog
from studio.ui.panes.dataset.pane import DatasetPane

_OFFERED = {kind: step for kind, step in STEPS.items() if step not in OWN and kind != "fix"}
_MOST_LINKS = 100
_UNKNOWN = "several files, or a dataset that was replaced since"


@dataclass(frozen=True)
class Done:
    """A line of the history: the step, or several by hand; its words, and the rows before and after."""

    steps: tuple[Step, ...]
    words: str
    before: int
    after: int


def done(manifest: Manifest) -> tuple[Done, ...]:
    """What a saved dataset says was done to its source."""
    groups = [
        step if isinstance(step, tuple) else (step,) for step in together(steps_written(manifest.history))
    ]
    return tuple(
        Done(steps, count.words, count.before, count.after)
        for steps, count in zip(groups, manifest.counts, strict=False)
    )


def links_of(path: Path) -> tuple[Path | None, SourceFile | None, tuple[tuple[Done, ...], ...]]:
    """Where a dataset came from, that source as it was then, and what was done in each dataset on the way.

    The first one's steps come first. The path is None where it came from several files, or from a saved
    dataset in whose place there is another by now. Raises DataError when a manifest cannot be read.
    """
    links: list[tuple[Done, ...]] = []
    source: SourceFile | None = None
    while is_saved(path) and len(links) < _MOST_LINKS:
        manifest = Manifest.read(path)
        links.insert(0, done(manifest))
        steps = steps_written(manifest.history)
        if len(manifest.sources) != 1 + sum(isinstance(step, Mix) for step in steps):
            return None, None, tuple(links)
        source = manifest.sources[0]
        path = Path(source.path)
        if path.name == NAME:
            if path.is_file() and has_changed(source):
                return None, None, tuple(links)
            path = path.parent
    return path, source, tuple(links)


def has_changed(source: SourceFile) -> bool:
    """Whether a file holds something else than when it was read."""
    path = Path(source.path)
    return path.stat().st_size != source.bytes or sha256(path) != source.sha256


class History(QObject):
    """A saved dataset's manifest tells its steps; without one of them they are done again to its source."""

    def __init__(self, shared: Shared, pane: DatasetPane, shaping: Shaping) -> None:
        super().__init__(pane)
        self._shared, self._pane, self._shaping = shared, pane, shaping
        self._source: Path | None = None
        self._then: SourceFile | None = None  # the source as it was read
        self._links: tuple[tuple[Done, ...], ...] = ()
        self.form: StepDialog | None = None
        pane.history.set_kinds([(kind, step.title, step.help) for kind, step in _OFFERED.items()])
        pane.history.add_requested.connect(self._ask)
        pane.history.remove_requested.connect(self.remove)
        pane.history.replay_requested.connect(self._choose_file)

    def follow(self) -> None:
        """Show the history of the dataset at hand."""
        if (dataset := self._shared.dataset) is None:
            return
        try:
            self._source, self._then, self._links = links_of(Path(dataset.path))
        except StudioError as error:
            self._shared.window.show_notice(str(error), "bad")
            self._source, self._then, self._links = None, None, ()
        name = self._source.name if self._source else _UNKNOWN
        lines = [(line.words, line.before, line.after) for link in self._links for line in link]
        self._pane.history.show_steps(name, lines, len(dataset.rows))

    def remove(self, place: int) -> None:
        """Do the steps of the other lines again to the source, and open what comes of it."""
        lines = [line for link in self._links for line in link]
        steps = [step for line in (*lines[:place], *lines[place + 1 :]) for step in line.steps]
        by_hand = any(isinstance(line.steps[0], OWN) for link in self._links[1:] for line in link)
        sentence = ""
        if by_hand:
            sentence = (
                "Rows were changed by hand in between, and belong to what was there then. "
                "Take the step out of the dataset it was first saved as."
            )
        elif self._source is None or not self._source.exists():
            sentence = "The source of this dataset is no longer where it was, so no step can be taken out."
        elif self._by_hand_on_other_rows(steps):
            sentence = (
                f"{self._source.name} holds other rows by now, and what was changed by hand belongs to the "
                "old ones. Put the file back as it was, or replay the history on it."
            )
        if sentence or self._source is None:
            self._shared.window.show_notice(sentence, "warn")
            return
        self._shaping.replay(self._source, *steps)

    def _by_hand_on_other_rows(self, steps: Sequence[Step]) -> bool:
        source = self._then
        if source is None or not Path(source.path).is_file() or Path(source.path).name == NAME:
            return False
        return any(isinstance(step, OWN) for step in steps) and has_changed(source)

    def _choose_file(self) -> None:
        file, _ = QFileDialog.getOpenFileName(self._pane, "Replay the history on a file", "", KINDS)
        if file:
            self.replay(Path(file))

    def replay(self, source: Path) -> None:
        """Do all steps to a new source, and open what comes of it; changes by hand belong to the old rows."""
        steps = [step for link in self._links for line in link for step in line.steps]
        kept = [step for step in steps if not isinstance(step, OWN)]
        if len(kept) < len(steps):
            words = f"{len(steps) - len(kept):,} changes by hand belong to other rows, and were left out."
            self._shared.window.show_notice(words, "warn")
        self._shaping.replay(source, *kept)

    def _ask(self, kind: str) -> None:
        step = _OFFERED[kind]
        self.form = StepDialog(step, self._shared.window)
        self.form.submitted.connect(self._add)
        self.form.finished.connect(self.form.deleteLater)
        self.form.open()

    def _add(self, values: dict[str, Any]) -> None:
        try:
            step = step_from(values)
        except StudioError as error:
            if self.form is not None:
                self.form.show_problem(str(error))
            return
        if self.form is not None:
            self.form.accept()
        self._shaping.apply(step)
