"""What is on its way from the Hub: how far each model is, and pausing, resuming and giving up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from studio.language import tr
from studio.ui.dialogs.hub import AccessBox
from studio.ui.widgets.button import Button, IconButton
from studio.ui.widgets.card import Card, PairList
from studio.ui.widgets.label import ElidedLabel, PlainLabel, WrapLabel
from studio.ui.widgets.layout import clear, column, row, scrolled
from studio.ui.widgets.style import set_property, show_progress
from studio.words import counted, duration, file_size

WAITING, RUNNING, PAUSING, PAUSED, FAILED, GATED = (
    "waiting",
    "running",
    "pausing",
    "paused",
    "failed",
    "gated",
)
_STATES = {
    WAITING: (tr("Waiting"), "dim"),
    RUNNING: (tr("Downloading"), "accent"),
    PAUSING: (tr("Pausing"), "dim"),
    PAUSED: (tr("Paused"), "dim"),
    FAILED: (tr("Stopped"), "bad"),
    GATED: (tr("Access needed"), "warn"),
}
_TALLEST = 236
"""Pixels of height that downloads take of the pane at most; more of them scroll."""


@dataclass(frozen=True)
class Transfer:
    """A model on its way: its state, each file's bytes so far and in all, and what is to be said."""

    name: str
    state: str = WAITING
    files: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    size: int = 0  # of all files, where it is known before they begin
    rate: float = 0.0  # bytes a second
    sentence: str = ""
    page: str = ""  # where access is asked for

    @property
    def done(self) -> int:
        return sum(done for done, _ in self.files.values())

    @property
    def total(self) -> int:
        return max(self.size, sum(total for _, total in self.files.values()))

    def words(self) -> str:
        """1.2 of 3.1 GB, 42 MB/s, 45 s left."""
        if not self.total:
            return ""
        so_far = tr(
            "{file_size} of {file_size2}", file_size=file_size(self.done), file_size2=file_size(self.total)
        )
        if self.state != RUNNING or self.rate <= 0:
            return so_far
        left = duration((self.total - self.done) / self.rate)
        return tr(
            "{so_far}, {file_size}/s, {left} left", so_far=so_far, file_size=file_size(self.rate), left=left
        )


class TransferRow(QWidget):
    """One download; unfolds to its files. Emits what is wanted of it with its name."""

    pause_requested = Signal(str)
    resume_requested = Signal(str)
    cancel_requested = Signal(str)
    token_given = Signal(str, str)  # the model, and the token for it
    page_requested = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self._title = ElidedLabel(name, Qt.TextElideMode.ElideMiddle)
        self._title.setProperty("role", "title")
        self.state, self.amount, self.bar = PlainLabel(), PlainLabel(), QProgressBar()
        self.amount.setProperty("tone", "dim")
        self.bar.setTextVisible(False)
        self.pause, self.resume = Button(tr("Pause"), "quiet"), Button(tr("Resume"), "quiet", "play")
        self.cancel = IconButton("x", tr("Cancel the download of {name}", name=name), size=24)
        self.toggle = IconButton("chevron-right", tr("Files of {name}", name=name), size=24)
        self.sentence, self.files = WrapLabel(role="error"), PairList(cuts_names=True)
        self.access, self.use_token = (
            AccessBox(tr("read this model")),
            Button(tr("Download with this token"), "primary"),
        )
        self._folded = clear(self.files, inside=(34, 2, 0, 2))
        self._folded.hide()
        self._lay_out()
        self._connect()

    def show_transfer(self, transfer: Transfer) -> None:
        """Say how far it is."""
        told, tone = _STATES[transfer.state]
        self.state.setText(told)
        set_property(self.state, "tone", tone)
        self.amount.setText(transfer.words())
        total = transfer.total
        if transfer.state == RUNNING or total:
            share = round(1000 * transfer.done / total) if total else 0
            show_progress(self.bar, share, 1000 if total else None)
        else:
            self.bar.setRange(0, 1)
            self.bar.setValue(0)
        self.bar.setAccessibleName(f"{self.name}: {told}, {transfer.words()}")
        self.pause.setVisible(transfer.state in (WAITING, RUNNING))
        self.resume.setVisible(transfer.state in (PAUSED, FAILED))
        self.resume.setText(tr("Try again") if transfer.state == FAILED else tr("Resume"))
        self.sentence.setText(transfer.sentence)
        self.sentence.setVisible(bool(transfer.sentence))
        set_property(self.sentence, "role", "note" if transfer.state == GATED else "error")
        self._ask(transfer)
        self._show_files(transfer)

    def _ask(self, transfer: Transfer) -> None:
        wanted = transfer.state == GATED
        if wanted and self.access.isHidden():
            self.access.ask(transfer.page)
        self.access.setVisible(wanted)
        self.use_token.setVisible(wanted)

    def _show_files(self, transfer: Transfer) -> None:
        self.toggle.setVisible(bool(transfer.files))
        if not self._folded.isHidden():
            self.files.show_pairs(
                [
                    (
                        name,
                        tr(
                            "{file_size} of {file_size2}",
                            file_size=file_size(done),
                            file_size2=file_size(total),
                        )
                        if total
                        else file_size(done),
                    )
                    for name, (done, total) in transfer.files.items()
                ]
            )
        self._files = transfer

    def _lay_out(self) -> None:
        head = row(
            self.toggle,
            (self._title, 1),
            self.amount,
            self.state,
            self.pause,
            self.resume,
            self.cancel,
            gap=10,
        )
        token = row(..., self.use_token)
        more = column(self.sentence, self.access, token, inside=(34, 0, 0, 0), gap=6)
        column(head, self.bar, more, self._folded, on=self, inside=(0, 6, 0, 8), gap=5)

    def _connect(self) -> None:
        self.pause.clicked.connect(lambda: self.pause_requested.emit(self.name))
        self.resume.clicked.connect(lambda: self.resume_requested.emit(self.name))
        self.cancel.clicked.connect(lambda: self.cancel_requested.emit(self.name))
        self.toggle.clicked.connect(self._unfold)
        self.use_token.clicked.connect(self._give_token)
        self.access.token.returnPressed.connect(self._give_token)
        self.access.page_requested.connect(self.page_requested)

    def _unfold(self) -> None:
        is_open = self._folded.isHidden()
        self._folded.setVisible(is_open)
        self.toggle.set_icon("chevron-down" if is_open else "chevron-right")
        self._show_files(self._files)

    def _give_token(self) -> None:
        if token := self.access.token.text().strip():
            self.access.token.clear()
            self.token_given.emit(self.name, token)


class DownloadsCard(Card):
    """All that is on its way, in its order; hidden while that is nothing."""

    pause_requested = Signal(str)
    resume_requested = Signal(str)
    cancel_requested = Signal(str)
    token_given = Signal(str, str)
    page_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__(tr("Downloads"))
        self.rows: dict[str, TransferRow] = {}
        self._list = QWidget()
        self._list.setProperty("role", "clear")
        self._column = column(..., on=self._list, inside=(0, 0, 8, 0), gap=0)
        self._area = scrolled(self._list)
        self._list.installEventFilter(self)
        self.body.addWidget(self._area)
        self.hide()

    def show_transfers(self, transfers: Sequence[Transfer]) -> None:
        """Show these; a row that was there stays, with what was typed in it."""
        names = [transfer.name for transfer in transfers]
        for name in [name for name in self.rows if name not in names]:
            gone = self.rows.pop(name)
            gone.hide()
            gone.deleteLater()
        for transfer in transfers:
            if transfer.name not in self.rows:
                self._add(transfer.name)
            self.rows[transfer.name].show_transfer(transfer)
        running = sum(transfer.state == RUNNING for transfer in transfers)
        waiting = sum(transfer.state == WAITING for transfer in transfers)
        told = [counted(running, "download") + " running"] if running else []
        told += [tr("{waiting} waiting", waiting=waiting)] if waiting else []
        self.set_value(", ".join(told))
        self.setVisible(bool(transfers))

    def _add(self, name: str) -> None:
        made = self.rows[name] = TransferRow(name)
        made.pause_requested.connect(self.pause_requested)
        made.resume_requested.connect(self.resume_requested)
        made.cancel_requested.connect(self.cancel_requested)
        made.token_given.connect(self.token_given)
        made.page_requested.connect(self.page_requested)
        self._column.insertWidget(self._column.count() - 1, made)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Be as high as the rows are, up to a limit."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._area.setFixedHeight(min(self._column.totalMinimumSize().height(), _TALLEST))
        return super().eventFilter(watched, event)
