"""A dataset of the Hub: named, looked up, and a part of it downloaded, with a token where one is asked."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from studio.dataset.hub.wanted import HubError, Wanted, recognize, row_range
from studio.events import HubListed, HubSplit, Progress
from studio.ui.dialogs.task import ProgressStrip
from studio.ui.widgets.button import Button
from studio.ui.widgets.label import PlainLabel, WrapLabel, note, title
from studio.words import file_size

TOKENS = "https://huggingface.co/settings/tokens"


class AccessBox(QFrame):
    """Hidden until access is wanted."""

    page_requested = Signal(str)

    def __init__(self, right: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._page = ""
        self._ask = Button("Ask for access…", "link", "external-link")
        self._ask.clicked.connect(self._open_page)
        make = Button("Make a token…", "link", "external-link")
        make.clicked.connect(self._open_tokens)
        self.token = QLineEdit()
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self.token.setPlaceholderText("hf_…")
        self.token.setAccessibleName("Hub token")
        links = QHBoxLayout()
        links.setSpacing(18)
        links.addWidget(title("Hub token"))
        links.addStretch(1)
        links.addWidget(self._ask)
        links.addWidget(make)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 12)
        column.setSpacing(6)
        column.addLayout(links)
        column.addWidget(self.token)
        column.addWidget(note(f"With the right to {right}. It is kept in this Mac's keychain, in no file."))
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
_WHAT = "Rows are downloaded once and kept on this Mac. A download that was stopped goes on where it was."
_NO_NAME = "That names no dataset. It looks like user/name; its address on huggingface.co will do, too."


class HubDialog(QDialog):
    """Asks for look-ups and downloads with a Wanted; whoever does them tells with the show_… methods."""

    look_up_requested = Signal(object)  # Wanted
    download_requested = Signal(object)  # Wanted
    stop_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("From the Hub")
        self.setFixedWidth(_WIDTH)
        self._listed: HubListed | None = None
        self._busy = False
        self.name, self.rows = QLineEdit(), QLineEdit()
        self.name.setPlaceholderText("user/name, or its address")
        self.rows.setPlaceholderText("All, or 1000 for the first, or 500:1500")
        self.subset, self.split = QComboBox(), QComboBox()
        self.look = Button("Look up")
        self.agree, self.cancel = Button("Download", "primary", "download"), Button("Cancel")
        self.problem, self.progress = WrapLabel(role="error"), ProgressStrip()
        self.access = AccessBox("read this dataset")
        self._lay_out()
        self._connect()
        self._forget()

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

    def show_busy(self, progress: Progress) -> None:
        """Say how far the look-up or the download is."""
        self.progress.show_progress(progress)

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
        self._set_busy(False, downloads=False)
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))
        if page:
            self.access.ask(page)
        else:
            self.name.setFocus()  # it was off while busy, and a Return must not reach Cancel
        self._fit()

    def show_stopped(self) -> None:
        """Say that what was fetched is kept, and offer to go on."""
        reached = self.progress.said.text()
        self._set_busy(False, downloads=False)
        self.progress.rest(f"Stopped at {reached}. What was fetched is kept.")
        self.progress.show()
        self.agree.setText("Go on")
        self._fit()

    def reject(self) -> None:
        """Close; what is under way ends."""
        self.stop_requested.emit()
        super().reject()

    def _lay_out(self) -> None:
        head = PlainLabel("Open a dataset from the Hub")
        head.setProperty("role", "state-title")
        named = QHBoxLayout()
        named.setSpacing(8)
        named.addWidget(self.name, 1)
        named.addWidget(self.look)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Dataset", named)
        for caption, field in (("Subset", self.subset), ("Split", self.split), ("Rows", self.rows)):
            field.setAccessibleName(caption)
            form.addRow(caption, field)
        self.name.setAccessibleName("Dataset")
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.agree)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(14)
        column.addWidget(head)
        column.addWidget(WrapLabel(_WHAT, tone="dim"))
        column.addLayout(form)
        for part in (self.problem, self.access, self.progress):
            column.addWidget(part)
        column.addLayout(buttons)

    def _connect(self) -> None:
        self.name.textEdited.connect(self._forget)
        self.look.clicked.connect(self._look_up)
        self.subset.currentIndexChanged.connect(self._look_up)
        self.agree.clicked.connect(self._agree)
        self.cancel.clicked.connect(self._cancel)

    def _forget(self) -> None:
        """What was looked up belongs to another name."""
        self._listed = None
        for box, word in ((self.subset, "Look the dataset up to choose"), (self.split, "")):
            box.blockSignals(True)
            box.clear()
            box.setPlaceholderText(word)
            box.blockSignals(False)
        self.access.hide()
        self.rest("")

    def _look_up(self) -> None:
        self._ask(self.look_up_requested, downloads=False)

    def _agree(self) -> None:
        self._ask(self.download_requested, downloads=True)

    def _ask(self, signal: SignalInstance, *, downloads: bool) -> None:
        try:
            wanted = self.wanted()
        except HubError as error:
            self.rest(str(error))
            return
        if wanted is None:
            self.rest(_NO_NAME)
            return
        self.problem.hide()
        self._set_busy(True, downloads=downloads)
        signal.emit(wanted)
        self._fit()

    def _cancel(self) -> None:
        if self._busy:
            self.stop_requested.emit()
        else:
            self.reject()

    def _set_busy(self, busy: bool, *, downloads: bool) -> None:
        self._busy = busy
        self.progress.setVisible(busy)
        self.cancel.setText("Stop" if busy else "Cancel")
        self.agree.setText("Download")
        self.agree.setEnabled(not busy and recognize(self.name.text()) is not None)
        for widget in (self.name, self.look, self.access):
            widget.setEnabled(not busy)
        for field in (self.subset, self.split, self.rows):
            field.setEnabled(not busy and self._listed is not None)
        (self.agree if self._listed is not None else self.look).setDefault(True)

    def _fit(self) -> None:
        self.adjustSize()


def _words(split: HubSplit) -> str:
    """train, 1,500 rows, 2.1 MB: what is known of a split."""
    rows = f"{split.rows:,} rows" if split.rows else ""
    size = file_size(split.bytes) if split.bytes else ""
    return "   ".join(filter(None, (split.name, ", ".join(filter(None, (rows, size))))))
