"""A dataset of the Hub: named, looked up, and a part of it downloaded, with a token where one is asked."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtWidgets import QFrame, QLineEdit, QWidget

from studio.dataset.hub.wanted import Wanted, recognize, row_range
from studio.events import HubListed, HubSplit
from studio.hub.failure import TOKENS, HubError
from studio.language import tr
from studio.ui.dialogs.dialog import fields
from studio.ui.dialogs.task import BusyDialog
from studio.ui.widgets.button import Button
from studio.ui.widgets.label import WrapLabel, note, title
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.popup import Combo
from studio.words import file_size


class AccessBox(QFrame):
    """Hidden until access is wanted."""

    page_requested = Signal(str)

    def __init__(self, right: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._page = ""
        self._ask = Button(tr("Ask for access…"), "link", "external-link")
        self._ask.clicked.connect(self._open_page)
        make = Button(tr("Make a token…"), "link", "external-link")
        make.clicked.connect(self._open_tokens)
        self.token = QLineEdit()
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self.token.setPlaceholderText(tr("hf_…"))
        self.token.setAccessibleName(tr("Hub token"))
        column(
            row(title(tr("Hub token")), ..., self._ask, make, gap=18),
            self.token,
            note(
                tr("With the right to {right}. It is kept in this Mac's keychain, in no file.", right=right)
            ),
            on=self,
            inside=(14, 10, 14, 12),
            gap=6,
        )
        self.hide()

    def ask(self, page: str) -> None:
        """Show the box; `page` is where access is asked for, if there is such a page."""
        self._page = page
        self._ask.setVisible(bool(page))
        self.show()
        self.token.setFocus()

    def _open_page(self) -> None:
        self.page_requested.emit(self._page)

    def _open_tokens(self) -> None:
        self.page_requested.emit(TOKENS)


_WIDTH = 560
_WHAT = tr("Rows are downloaded once and kept on this Mac. A stopped download resumes where it was.")
_NO_NAME = tr("Not a dataset name (owner/name). An address on huggingface.co will do, too.")


class HubDialog(BusyDialog):
    """Asks for look-ups and downloads with a Wanted; whoever does them tells with the show_… methods."""

    look_up_requested = Signal(object)  # Wanted
    download_requested = Signal(object)  # Wanted
    page_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Open a dataset from the Hub"), _WHAT, tr("Download"), parent, width=_WIDTH)
        self.setWindowTitle(tr("From the Hub"))
        self._listed: HubListed | None = None
        self.name, self.rows = QLineEdit(), QLineEdit()
        self.name.setPlaceholderText(tr("owner/name, or its address"))
        self.rows.setPlaceholderText(tr("All, or 1000 for the first, or 500:1500"))
        self.subset, self.split = Combo(), Combo()
        self.look = Button(tr("Look up"))
        self.agree.set_icon("download")
        self.problem, self.access = WrapLabel(role="error"), AccessBox(tr("read this dataset"))
        self._lay_out()
        self._connect()
        self._forget()

    def token(self) -> str:
        """The token that was typed, if one was."""
        return self.access.token.text().strip()

    def set_name(self, name: str) -> None:
        """Put a name in, as if it were typed, unless something is under way."""
        if not self._busy:
            self.name.setText(name)
            self._forget()

    def wanted(self) -> Wanted | None:
        """What is asked for; None where that names no dataset. Raises HubError for rows that are no range."""
        found = recognize(self.name.text())
        if found is None or self._listed is None:
            return found
        rows = row_range(self.rows.text())
        return replace(
            found, subset=self.subset.currentText(), split=self.split.currentData() or "", rows=rows
        )

    def show_listed(self, listed: HubListed) -> None:
        """Offer the subsets and splits there are."""
        asked = recognize(self.name.text())
        self._listed = listed
        for box in (self.subset, self.split):
            box.blockSignals(True)
            box.clear()
        self.subset.addItems(listed.subsets)
        self.subset.setCurrentText(listed.subset)
        for split in listed.splits:
            self.split.addItem(_words(split), split.name)
        place = max(self.split.findData(name) for name in ((asked.split if asked else ""), "train"))
        self.split.setCurrentIndex(max(place, 0))
        for box in (self.subset, self.split):
            box.blockSignals(False)
        self.rest("")
        self.rows.setFocus()

    def rest(self, sentence: str, page: str = "") -> None:
        """The work is over: with a sentence where it failed, and `page` where access is to be asked for."""
        self._show_busy(False)
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))
        if page:
            self.access.ask(page)
        else:
            self.name.setFocus()  # it was off while busy, and a Return must not reach Cancel
        self.adjustSize()

    def show_stopped(self) -> None:
        """Say that what was fetched is kept, and offer to resume."""
        reached = self.progress.status.text()
        self._show_busy(False)
        self.progress.rest(tr("Stopped at {reached}. What was fetched is kept.", reached=reached))
        self.progress.show()
        self.agree.setText(tr("Resume"))
        self.adjustSize()

    def _lay_out(self) -> None:
        self.name.setAccessibleName(tr("Dataset"))
        lines = (
            (tr("Dataset"), row((self.name, 1), self.look, gap=8)),
            (tr("Subset"), self.subset),
            (tr("Split"), self.split),
            (tr("Rows"), self.rows),
        )
        self.fill(fields(*lines), self.problem, self.access, self.progress)

    def _connect(self) -> None:
        self.name.textEdited.connect(self._forget)
        self.access.page_requested.connect(self.page_requested)
        self.look.clicked.connect(self._look_up)
        self.subset.currentIndexChanged.connect(self._look_up)

    def _forget(self) -> None:
        """What was looked up belongs to another name."""
        self._listed = None
        for box, word in ((self.subset, tr("Look the dataset up to choose")), (self.split, "")):
            box.blockSignals(True)
            box.clear()
            box.setPlaceholderText(word)
            box.blockSignals(False)
        self.access.hide()
        self.rest("")

    def _look_up(self) -> None:
        self._ask(self.look_up_requested)

    def on_agreed(self) -> None:
        self._ask(self.download_requested)

    def _ask(self, signal: SignalInstance) -> None:
        try:
            wanted = self.wanted()
        except HubError as error:
            self.rest(str(error))
            return
        if wanted is None:
            self.rest(_NO_NAME)
            return
        self.problem.hide()
        self._show_busy(True)
        signal.emit(wanted)
        self.adjustSize()

    def _show_busy(self, busy: bool) -> None:
        self.set_busy(busy)
        self.agree.setText(tr("Download"))
        self.agree.setEnabled(not busy and recognize(self.name.text()) is not None)
        for widget in (self.name, self.look, self.access):
            widget.setEnabled(not busy)
        for field in (self.subset, self.split, self.rows):
            field.setEnabled(not busy and self._listed is not None)
        (self.agree if self._listed is not None else self.look).setDefault(True)


def _words(split: HubSplit) -> str:
    """train, 1,500 rows, 2.1 MB: what is known of a split."""
    rows = tr("{rows:,} rows", rows=split.rows) if split.rows else ""
    size = file_size(split.bytes) if split.bytes else ""
    return "   ".join(filter(None, (split.name, ", ".join(filter(None, (rows, size))))))
