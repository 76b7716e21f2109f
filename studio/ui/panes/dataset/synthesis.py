"""The page that makes more rows: what is asked on the left, on the right what was made and waits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QProgressBar, QWidget

from studio.dataset.documents.paragraphs import DOCUMENTS
from studio.language import tr
from studio.synth.plan import Plan
from studio.ui.form.plan import PlanForm
from studio.ui.panes.dataset.review import HEAD, ReviewCard
from studio.ui.theme import Theme
from studio.ui.widgets.button import Button
from studio.ui.widgets.card import Card
from studio.ui.widgets.drop import DropHint, accept_copy, dropped_files, offer_copy
from studio.ui.widgets.label import WrapLabel
from studio.ui.widgets.layout import add, row, scrolled
from studio.ui.widgets.pane import GAP
from studio.ui.widgets.style import hairline, set_property, show_progress

_FORM_WIDTH, _NARROW_FORM_WIDTH, _NARROW = 320, 288, 860


def is_document(path: str) -> bool:
    """Whether passages can be taken from a file, by its name."""
    return Path(path).suffix.lower() in DOCUMENTS


class SynthesisCard(Card):
    """The plan, the button that begins, and how far it has come."""

    make_requested = Signal()
    stop_requested = Signal()
    again_requested = Signal()

    def __init__(self) -> None:
        super().__init__(tr("Make more rows"))
        self.head.addStrut(HEAD)
        self.form = PlanForm()
        self.make = Button(tr("Make rows"), "primary")
        self.again, self.stop = Button(tr("Resume"), icon="play"), Button(tr("Stop"), icon="square")
        self.status, self.bar = WrapLabel("", tone="dim"), QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Rows are being made"))
        for button, asked in (
            (self.stop, self.stop_requested),
            (self.again, self.again_requested),
            (self.make, self.make_requested),
        ):
            button.clicked.connect(asked)
        buttons = row((self.stop, 1), (self.again, 1), (self.make, 1))
        add(self.body, (scrolled(self.form), 1), hairline(), self.status, self.bar, buttons)
        self._busy = self._quiet = False
        self._rested = ("", "")  # what is said, and its tone, while nothing is missing
        self.form.changed.connect(self._arrange)
        self.show_rest("", can_go_on=False)

    def show_busy(self, sentence: str, done: int = 0, total: int | None = None) -> None:
        """Say how far it has come; with no total the bar only moves."""
        self._busy = True
        show_progress(self.bar, done, total)
        self._say(sentence, "dim")
        self.again.hide()
        self._arrange()

    def show_rest(self, sentence: str, tone: str = "dim", *, can_go_on: bool) -> None:
        """Say how it ended, in dim, good or bad, and whether there is more to make."""
        self._busy = False
        self._rested = (sentence, tone)
        self.again.setVisible(can_go_on)
        self._arrange()

    def set_quiet(self, quiet: bool) -> None:
        """Whether another button is the one to press now."""
        self._quiet = quiet
        self._arrange()

    def _arrange(self) -> None:
        missing = self.form.missing()
        self.form.setEnabled(not self._busy)
        self.bar.setVisible(self._busy)
        self.stop.setVisible(self._busy)
        self.make.setVisible(not self._busy)
        self.make.setEnabled(not missing)
        goes_on = not self.again.isHidden()
        self.again.set_role("primary" if goes_on and not self._quiet else "plain")
        self.make.set_role("plain" if goes_on or self._quiet else "primary")
        if not self._busy:
            self._say(*(self._rested if self._rested[0] else (missing, "dim")))

    def _say(self, sentence: str, tone: str) -> None:
        self.status.setText(sentence)
        set_property(self.status, "role", "error" if tone == "bad" else "")
        self.status.set_tone("" if tone == "bad" else tone)
        self.status.setVisible(bool(sentence))


class SynthesisPage(QWidget):
    """Takes dropped documents, too, and asks for more of them and for a model's folder."""

    make_requested = Signal()
    stop_requested = Signal()
    again_requested = Signal()
    documents_requested = Signal()
    model_requested = Signal()
    earlier_chosen = Signal(str)  # a synthesis's folder

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self.card, self.review = SynthesisCard(), ReviewCard(theme)
        self.form = self.card.form
        row(self.card, (self.review, 1), on=self, gap=GAP)
        self._hint = DropHint(self, tr("Drop to make rows from"))
        self.review.table.made.counts_changed.connect(self._show_primary)
        self.review.earlier_chosen.connect(self.earlier_chosen)
        self.card.make_requested.connect(self.make_requested)
        self.card.stop_requested.connect(self.stop_requested)
        self.card.again_requested.connect(self.again_requested)
        self.form.documents.more_requested.connect(self.documents_requested)
        self.form.models.choose_requested.connect(self.model_requested)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < _NARROW
        self.card.setFixedWidth(_NARROW_FORM_WIDTH if narrow else _FORM_WIDTH)

    def show_busy(self, sentence: str, done: int = 0, total: int | None = None) -> None:
        """Say how far it has come; with no total the bar only moves."""
        self.card.show_busy(sentence, done, total)

    def show_rest(self, sentence: str, tone: str = "dim", *, can_go_on: bool) -> None:
        """Say how it ended, in dim, good or bad, and whether there is more to make."""
        self.card.show_rest(sentence, tone, can_go_on=can_go_on)

    def show_earlier(self, folders: Sequence[tuple[str, str]]) -> None:
        """Offer syntheses of another day: each a folder, and what is said of it."""
        self.review.show_earlier(folders)

    def take_focus(self) -> None:
        """Give the keys to what was made."""
        self.review.take_focus()

    def plan_values(self) -> dict[str, Any]:
        """What is asked for, as the fields of a plan."""
        return self.form.plan_values()

    def generator(self) -> str:
        """The name of the generator that is asked."""
        return self.form.generator.name

    def source_word(self) -> str:
        """What rows are made from, in the plural."""
        return self.form.source_word

    def take_key(self) -> str:
        """The key that was typed for a server, which the form forgets."""
        return self.form.take_key()

    def offer(self, *, has_dataset: bool) -> None:
        """Offer the ways that there are with a dataset, or without."""
        self.form.offer(has_dataset=has_dataset)

    def set_plan(self, plan: Plan) -> None:
        """Show how earlier rows were asked for."""
        self.form.set_plan(plan)

    def set_model(self, folder: str) -> None:
        """Ask the model in `folder`, as if it were chosen from the list."""
        self.form.models.set_model(folder)
        self.form.models.edited.emit()

    def add_documents(self, paths: Iterable[str]) -> None:
        """Take in documents, and a way that starts from them."""
        if self.form.generator.needs not in ("passages", "either", "both"):
            self.form.choose_way("passages")
        self.form.documents.add(paths)

    def _show_primary(self) -> None:
        """Let one button stand out: where rows are accepted, the one that adds them."""
        self.card.set_quiet(self.review.table.made.accepted() > 0)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if offer_copy(event, is_document):
            self._hint.appear()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        offer_copy(event, is_document)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._hint.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._hint.hide()
        if paths := _documents(event):
            accept_copy(event)
            self.add_documents(paths)


def _documents(event: QDropEvent) -> tuple[str, ...]:
    """The local documents of a drag."""
    return tuple(path for path in dropped_files(event) if is_document(path))
