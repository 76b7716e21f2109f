"""One run in full: its loss curve, its facts, its files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from studio import words
from studio.catalogue import worded
from studio.events import Validated
from studio.language import tr
from studio.runs.history import RunHistory
from studio.runs.store import RunSummary
from studio.ui.form.model_picker import model_title
from studio.ui.panes.runs.table import exact_match
from studio.ui.plots.plot_card import PlotCard
from studio.ui.plots.run_plots import LOSS
from studio.ui.theme import Theme
from studio.ui.widgets.card import Card, PairList
from studio.ui.widgets.layout import add, row, scrolled
from studio.ui.widgets.timing import Debounce

GROUPS = {
    "adapter": tr("Adapter"),
    "parents": tr("Goes on from"),
    "checkpoints": tr("Checkpoints"),
    "evaluations": tr("Evaluations"),
    "": tr("Run"),
}
"""What the files of a run belong to, by the folder they are in."""
_FOLDED = ("parents", "checkpoints", "evaluations")
_SAVE_MILLISECONDS = 600


def facts(run: RunSummary) -> list[tuple[str, str]]:
    """What a run was and what came out, as pairs of words."""
    if run.state == "damaged":
        return [(tr("State"), worded(run.state)), (tr("Damage"), run.damage)]
    lora, loop = (each if isinstance(each := run.recipe.get(name), dict) else {} for name in ("lora", "loop"))
    pairs = [
        (tr("State"), worded(run.state)),
        (tr("Model"), model_title(run.model)),
        (tr("Dataset"), run.dataset),
        (tr("Steps"), tr("{step:,} of {steps:,}", step=run.step, steps=run.steps)),
        (tr("Best loss"), words.loss(run.best_loss)),
        (tr("Best step"), "—" if run.best_step is None else f"{run.best_step:,}"),
        (tr("Exact match"), exact_match(run)),
    ]
    if run.learning_rate is not None:
        pairs.append((tr("Learning rate"), words.rate(run.learning_rate)))
    pairs += [(tr("Goes on from"), run.parent)] if run.parent else []
    pairs += [(tr("Stage"), tr("{stage} of {sweep}", stage=run.stage, sweep=run.sweep))] if run.stage else []
    pairs += [(tr("Tokens"), f"{run.tokens:,}")] if run.tokens else []
    pairs += [(tr("Time"), words.duration(run.seconds))] if run.seconds else []
    named = (
        (tr("Rank"), lora, "rank"),
        (tr("Alpha"), lora, "alpha"),
        (tr("Epochs"), loop, "epochs"),
        (tr("Seed"), loop, "seed"),
    )
    pairs += [
        (title, f"{part[key]:g}") for title, part, key in named if isinstance(part.get(key), int | float)
    ]
    pairs += [(tr("Damage"), run.damage)] if run.damage else []
    return pairs


def grouped(files: Sequence[tuple[str, int]]) -> list[tuple[str, list[tuple[str, int]]]]:
    """Files by what they belong to, each group with its lines; a checkpoint or an evaluation is one line."""
    groups: dict[str, dict[str, int]] = {title: {} for title in GROUPS.values()}
    for name, size in files:
        first, *rest = PurePath(name).parts
        lines = groups[GROUPS.get(first, tr("Run")) if rest else tr("Run")]
        line = rest[0] if first in _FOLDED and rest else PurePath(*rest).as_posix() if rest else name
        lines[line] = lines.get(line, 0) + size
    return [(title, list(lines.items())) for title, lines in groups.items() if lines]


class RunDetails(QWidget):
    """Shows the run it is given; nothing before. Emits the notes that were written about it."""

    noted = Signal(str, str)  # the run, and the notes

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.loss = PlotCard(theme, LOSS, tr("This run has not reached its first step."), 120)
        self.facts, self.files = PairList(), PairList(cuts_names=True)
        self._facts_card, self._files_card = Card(tr("Facts")), Card(tr("Files"))
        self.notes = QPlainTextEdit()
        self.notes.setProperty("role", "field")
        self.notes.setProperty("lines", "true")
        self.notes.setPlaceholderText(tr("Notes"))
        self.notes.setAccessibleName(tr("Notes about the run"))
        self.notes.setTabChangesFocus(True)
        self._save = Debounce(self, _SAVE_MILLISECONDS, self._tell)
        self._name, self._filling = "", False
        self.notes.textChanged.connect(self._on_written)
        add(self._facts_card.body, (scrolled(self.facts), 1), self.notes)
        self._files_card.body.addWidget(scrolled(self.files))
        row((self.loss, 4), (self._facts_card, 3), (self._files_card, 3), on=self, gap=14)

    def show_run(self, run: RunSummary, history: RunHistory, files: Sequence[tuple[str, int]]) -> None:
        """Fill all three cards."""
        self._show_curve(history)
        self._facts_card.set_value("")
        self.facts.show_pairs(facts(run))
        pairs: list[tuple[str, str]] = []
        for title, lines in grouped(files):
            pairs.append((title, words.file_size(sum(size for _, size in lines))))
            pairs += [(name, words.file_size(size)) for name, size in lines]
        self.files.show_pairs(pairs, tuple(GROUPS.values()))
        self._show_notes(run)
        self._files_card.set_value(words.file_size(sum(size for _, size in files)) if files else "")

    def _show_notes(self, run: RunSummary) -> None:
        """The notes of a run, unless they are being written; those of the run before are not lost."""
        if self._save.isActive():
            if run.name == self._name:
                return
            self._save.stop()
            self._tell()
        self._name = run.name
        if self.notes.toPlainText() != run.notes:
            self._filling = True
            self.notes.setPlainText(run.notes)
            self._filling = False

    def _on_written(self) -> None:
        if not self._filling:
            self._save.trigger()

    def _tell(self) -> None:
        if self._name:
            self.noted.emit(self._name, self.notes.toPlainText())

    def _show_curve(self, history: RunHistory) -> None:
        steps, validated = history.column("step"), history.all_of(Validated)
        self.loss.clear()
        self.loss.curve.set_end(history.planned or None)
        self.loss.curve.set_points(steps, history.column("loss"))
        validations = [event.step for event in validated]
        self.loss.curve.set_points(validations, [event.loss for event in validated], "dots")
        self.loss.set_waiting(not len(steps) and not validated)
        self.loss.set_value(_best(validated))


def _best(validated: Sequence[Validated]) -> str:
    if not validated:
        return ""
    best = min(validated, key=lambda event: event.loss)
    return tr("best {loss} at step {step:,}", loss=words.loss(best.loss), step=best.step)
