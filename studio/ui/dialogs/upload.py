"""A dataset on its way to the Hub: its name there, who sees it, how far it is, and where it is then."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from studio.events import Progress
from studio.ui.dialogs.hub import AccessBox
from studio.ui.dialogs.task import ProgressStrip
from studio.ui.widgets.button import Button
from studio.ui.widgets.label import PlainLabel, WrapLabel
from studio.ui.widgets.style import set_property
from studio.ui.widgets.tabs import Tabs

_WIDTH = 540
_SEEN = {
    "private": "Only you, and your organization where it is the owner, can see it.",
    "public": "Everybody can see and download it.",
}
_NO_NAME = "Name it as owner/dataset: your name on the Hub or that of your organization, then a name for it."


class UploadDialog(QDialog):
    """Emits what to upload as (repository, private); whoever does it tells with the show_… methods."""

    upload_requested = Signal(str, bool)
    stop_requested = Signal()
    page_requested = Signal(str)

    def __init__(self, suggested: str, what: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Upload to the Hub")
        self.setFixedWidth(_WIDTH)
        self._busy, self._address = False, ""
        self.name = QLineEdit()
        self.name.setPlaceholderText(f"owner/{suggested}")
        self.name.setAccessibleName("Name on the Hub")
        self.seen = Tabs([("private", "Private"), ("public", "Public")], "segment")
        self.who = WrapLabel(_SEEN["private"], role="note")
        self.said, self.progress = WrapLabel(), ProgressStrip()
        self.access = AccessBox("write")
        self.access.page_requested.connect(self.page_requested)
        self.agree, self.cancel = Button("Upload", "primary", "upload"), Button("Cancel")
        self.copy, self.visit = Button("Copy the link", icon="copy"), Button("Open", icon="external-link")
        self.agree.setDefault(True)
        self._lay_out(what)
        self._connect()
        self.progress.hide()
        self.said.hide()
        self._show_done(False)

    def show_busy(self, progress: Progress) -> None:
        """Say how far the upload is."""
        self.progress.show_progress(progress)

    def show_done(self, address: str) -> None:
        """The dataset is there: offer its address."""
        self._address = address
        self._set_busy(False)
        self._say(f"It is at {address}.", "good")
        self._show_done(True)
        self.adjustSize()

    def rest(self, sentence: str, page: str = "", tone: str = "bad") -> None:
        """The upload is over: with a sentence why, and `page` where it was a token that is missing."""
        self._set_busy(False)
        self._say(sentence, tone)
        if page:
            self.access.ask("")
        self.adjustSize()

    def reject(self) -> None:
        """Close; an upload that is under way ends."""
        self.stop_requested.emit()
        super().reject()

    def _lay_out(self, what: str) -> None:
        head = PlainLabel("Upload to the Hub")
        head.setProperty("role", "state-title")
        seen = QHBoxLayout()
        seen.addWidget(self.seen)
        seen.addStretch(1)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Name", self.name)
        form.addRow("Seen by", seen)
        form.addRow("", self.who)
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addStretch(1)
        for button in (self.copy, self.visit, self.cancel, self.agree):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(14)
        column.addWidget(head)
        column.addWidget(WrapLabel(what, tone="dim"))
        column.addLayout(form)
        for part in (self.access, self.progress, self.said):
            column.addWidget(part)
        column.addLayout(buttons)

    def _connect(self) -> None:
        self.seen.chosen.connect(self._show_who)
        self.agree.clicked.connect(self._upload)
        self.cancel.clicked.connect(self._cancel)
        self.copy.clicked.connect(self._copy)
        self.visit.clicked.connect(self._visit)

    def _show_who(self, key: str) -> None:
        self.who.setText(_SEEN[key])

    def _upload(self) -> None:
        name = self.name.text().strip().removeprefix("https://huggingface.co/datasets/").strip("/")
        owner, _, dataset = name.partition("/")
        if not owner or not dataset or "/" in dataset:
            self.rest(_NO_NAME)
            self.name.setFocus()
            return
        self._set_busy(True)
        self.said.hide()
        self.upload_requested.emit(name, self.seen.current == "private")
        self.adjustSize()

    def _cancel(self) -> None:
        if self._busy:
            self.stop_requested.emit()
        else:
            self.reject()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._address)
        self.copy.setText("Copied")

    def _visit(self) -> None:
        self.page_requested.emit(self._address)

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        self.progress.setVisible(busy)
        self.cancel.setText("Stop" if busy else "Cancel")
        for widget in (self.name, self.seen, self.access, self.agree):
            widget.setEnabled(not busy)

    def _show_done(self, done: bool) -> None:
        for button in (self.copy, self.visit):
            button.setVisible(done)
        self.agree.setVisible(not done)
        if done:
            self.cancel.setText("Close")
            self.access.hide()
            for widget in (self.name, self.seen):
                widget.setEnabled(False)

    def _say(self, sentence: str, tone: str) -> None:
        set_property(self.said, "role", "error" if tone == "bad" else "")
        set_property(self.said, "tone", "" if tone == "bad" else tone)
        self.said.setText(sentence)
        self.said.setVisible(bool(sentence))
