"""A dataset on its way to the Hub: its name there, who sees it, how far it is, and where it is then."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QWidget

from studio.language import tr
from studio.ui.dialogs.dialog import fields
from studio.ui.dialogs.hub import AccessBox
from studio.ui.dialogs.task import BusyDialog
from studio.ui.widgets.button import Button
from studio.ui.widgets.label import WrapLabel
from studio.ui.widgets.layout import row
from studio.ui.widgets.tabs import Tabs

_WIDTH = 540
_SEEN = {
    "private": tr("Only you, and your organization where it is the owner, can see it."),
    "public": tr("Everybody can see and download it."),
}
_NO_NAME = tr(
    "Name it as owner/dataset: your name on the Hub or that of your organization, then a name for it."
)


class UploadDialog(BusyDialog):
    """Emits what to upload as (repository, private); whoever does it tells with the show_… methods."""

    upload_requested = Signal(str, bool)
    page_requested = Signal(str)

    def __init__(self, suggested: str, what: str, parent: QWidget | None = None) -> None:
        super().__init__(tr("Upload to the Hub"), what, tr("Upload"), parent, width=_WIDTH)
        self._address = ""
        self.name = QLineEdit()
        self.name.setPlaceholderText(f"owner/{suggested}")
        self.seen = Tabs([("private", tr("Private")), ("public", tr("Public"))], "segment")
        self.who = WrapLabel(_SEEN["private"], role="note")
        self.access = AccessBox("write")
        self.access.page_requested.connect(self.page_requested)
        self.agree.set_icon("upload")
        self.copy, self.visit = (
            Button(tr("Copy the link"), icon="copy"),
            Button(tr("Open"), icon="external-link"),
        )
        self._lay_out()
        self._connect()
        self.progress.hide()
        self.status.hide()
        self._show_done(False)

    def show_done(self, address: str) -> None:
        """The dataset is there: offer its address."""
        self._address = address
        self._show_busy(False)
        self.say(tr("It is at {address}.", address=address), "good")
        self._show_done(True)
        self.adjustSize()

    def token(self) -> str:
        """The token that was typed, if one was."""
        return self.access.token.text().strip()

    def rest(self, sentence: str, page: str = "", tone: str = "bad") -> None:
        """The upload is over: with a sentence why, and `page` where it was a token that is missing."""
        self._show_busy(False)
        self.say(sentence, tone)
        if page:
            self.access.ask("")
        self.adjustSize()

    def _lay_out(self) -> None:
        lines = ((tr("Name"), self.name), (tr("Visibility"), row(self.seen, ...)), ("", self.who))
        self.fill(fields(*lines), self.access, self.progress, self.status, foot=(..., self.copy, self.visit))
        self.name.setAccessibleName(tr("Name on the Hub"))

    def _connect(self) -> None:
        self.seen.chosen.connect(self._show_who)
        self.copy.clicked.connect(self._copy)
        self.visit.clicked.connect(self._visit)

    def _show_who(self, key: str) -> None:
        self.who.setText(_SEEN[key])

    def on_agreed(self) -> None:
        name = self.name.text().strip().removeprefix("https://huggingface.co/datasets/").strip("/")
        owner, _, dataset = name.partition("/")
        if not owner or not dataset or "/" in dataset:
            self.rest(_NO_NAME)
            self.name.setFocus()
            return
        self._show_busy(True)
        self.status.hide()
        self.upload_requested.emit(name, self.seen.current == "private")
        self.adjustSize()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._address)
        self.copy.setText(tr("Copied"))

    def _visit(self) -> None:
        self.page_requested.emit(self._address)

    def _show_busy(self, busy: bool) -> None:
        self.set_busy(busy)
        for widget in (self.name, self.seen, self.access, self.agree):
            widget.setEnabled(not busy)

    def _show_done(self, done: bool) -> None:
        for button in (self.copy, self.visit):
            button.setVisible(done)
        self.agree.setVisible(not done)
        if done:
            self.cancel.setText(tr("Close"))
            self.access.hide()
            for widget in (self.name, self.seen):
                widget.setEnabled(False)
